//! The parameters of an action, with who decided each.

use kthw_graph::{Action, Manifest, Origin, Value};

use crate::artifact::Artifact;

/// A parameter as its action names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: String,
    pub value: String,
    pub decided_by: Decider,
    /// What else it follows from.
    pub also: Vec<Decider>,
}

impl Param {
    /// All that it follows from.
    pub fn deciders(&self) -> impl Iterator<Item = &Decider> {
        std::iter::once(&self.decided_by).chain(&self.also)
    }
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

impl Decider {
    /// Whether a change of one may be a change of the other: they are the same, or one is in the other.
    pub fn concerns(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Spec(one), Self::Spec(other)) => {
                let is_in = |inner: &str, outer: &str| {
                    inner
                        .strip_prefix(outer)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                let (one, other) = (one.replace(".[", "["), other.replace(".[", "["));
                is_in(&one, &other) || is_in(&other, &one)
            }
            (one, other) => one == other,
        }
    }
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
        let mut also = Vec::new();
        let decided_by = match origin {
            Origin::Spec(path) => Decider::Spec(path.to_string()),
            Origin::Derived(paths) => {
                let mut paths = paths.iter().map(|path| Decider::Spec(path.to_string()));
                let first = paths.next().unwrap_or(Decider::Program);
                also.extend(paths);
                first
            }
            Origin::Lock(entry) => Decider::Lock(entry.to_string()),
            Origin::Program => Decider::Program,
        };
        self.0.push(Param { name: name.to_owned(), value: value.to_string(), decided_by, also });
    }
}
