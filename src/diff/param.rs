//! The parameters of an action, with who decided each.

use kthw_graph::{Action, Manifest, Origin, Value};

use crate::artifact::Artifact;

/// A parameter as its action names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: String,
    pub value: String,
    pub decided_by: Decider,
}

/// Who decided a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decider {
    /// A field of the cluster's file.
    Spec(String),
    /// An entry of the lock.
    Lock(String),
    Program,
}

/// Every parameter, in the order in which the action gives them.
pub fn params(action: &Artifact) -> Vec<Param> {
    let mut reader = Reader(Vec::new());
    action.describe(&mut reader);
    reader.0
}

/// Keeps what the hash leaves out.
struct Reader(Vec<Param>);

impl Manifest for Reader {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let decided_by = match origin {
            Origin::Spec(path) => Decider::Spec(path.to_string()),
            Origin::Lock(entry) => Decider::Lock(entry.to_string()),
            Origin::Program => Decider::Program,
        };
        self.0.push(Param { name: name.to_owned(), value: value.to_string(), decided_by });
    }
}
