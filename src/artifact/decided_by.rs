//! Who decided a value, carried beside it until it is described.

use kthw_graph::{Manifest, Origin, Value};

/// The owned form of [`Origin`], for values that come from several places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedBy {
    /// A field of the cluster's file, by its path.
    Spec(String),
    Program,
}

impl DecidedBy {
    /// Names one text parameter that this decided.
    pub fn describe(&self, manifest: &mut dyn Manifest, name: &str, value: &str) {
        match self {
            Self::Spec(path) => {
                manifest.param(name, Value::Text(value), Origin::Spec(format_args!("{path}")))
            }
            Self::Program => manifest.param(name, Value::Text(value), Origin::Program),
        }
    }
}
