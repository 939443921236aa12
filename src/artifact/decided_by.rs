//! Who decided a value, carried beside it until it is described.

use kthw_graph::{Manifest, Origin, Value};

/// The owned form of [`Origin`], for values that come from several places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedBy {
    /// A field of the cluster's file, by its path.
    Spec(String),
    /// Several fields: by the first it can be set, and from all of them it follows.
    Derived(Vec<String>),
    Program,
}

impl DecidedBy {
    /// Names one text parameter that this decided.
    pub fn describe(&self, manifest: &mut dyn Manifest, name: &str, value: &str) {
        match self {
            Self::Spec(path) => {
                manifest.param(name, Value::Text(value), Origin::Spec(format_args!("{path}")))
            }
            Self::Derived(paths) => {
                let paths: Vec<&dyn std::fmt::Display> = paths.iter().map(|path| path as _).collect();
                manifest.param(name, Value::Text(value), Origin::Derived(&paths));
            }
            Self::Program => manifest.param(name, Value::Text(value), Origin::Program),
        }
    }
}
