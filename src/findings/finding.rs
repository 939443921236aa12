//! What somebody should know before a rollout begins.

use std::collections::BTreeSet;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::advice::Advice;
use crate::diff::{Decider, Inputs};
use crate::visible::visible;

/// How bad it is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It loses the data or the cluster, or Kubernetes or etcd do not support it.
    Forbidden,
    /// Going back to the earlier state does not bring back what was.
    Lasting,
    /// Something that runs now stops working.
    Breaking,
    /// Something is left to be done that is in no file of a host.
    ByHand,
    /// Something does not work while it is done.
    Meanwhile,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::Forbidden, Self::Lasting, Self::Breaking, Self::ByHand, Self::Meanwhile];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Forbidden => "must not be done",
            Self::Lasting => "cannot simply be undone",
            Self::Breaking => "breaks what runs",
            Self::ByHand => "needs your hands",
            Self::Meanwhile => "meanwhile",
        }
    }
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    pub what: String,
    /// What to do about it.
    pub advice: Advice,
    /// Indices into the changes of inputs.
    pub causes: Vec<usize>,
    /// Whether it is so with or without a change.
    pub is_standing: bool,
}

impl Finding {
    pub fn new(kind: Kind, what: impl Into<String>, advice: impl Into<Advice>) -> Self {
        // Values of the cluster's file are in it.
        let what = visible(&what.into());
        Self { kind, what, advice: advice.into(), causes: Vec::new(), is_standing: false }
    }

    pub fn standing(mut self) -> Self {
        self.is_standing = true;
        self
    }

    /// Follows from these changes.
    pub fn because(mut self, causes: Vec<usize>) -> Self {
        self.causes = causes;
        self
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("finding", 5)?;
        finding.serialize_field("kind", &self.kind)?;
        finding.serialize_field("what", &self.what)?;
        finding.serialize_field("advice", &self.advice)?;
        finding.serialize_field("acts", self.advice.acts())?;
        finding.serialize_field("causes", &self.causes)?;
        finding.end()
    }
}

/// The changes of a field of the cluster's file, of what it is in, and of what is in it.
pub fn field(inputs: &Inputs, path: &str) -> Vec<usize> {
    inputs.of(&Decider::Spec(path.to_owned()))
}

/// The same of several fields, each change once.
pub fn fields(inputs: &Inputs, paths: impl IntoIterator<Item = String>) -> Vec<usize> {
    let found: BTreeSet<usize> = paths.into_iter().flat_map(|path| field(inputs, &path)).collect();
    found.into_iter().collect()
}

/// The change of an entry of the lock.
pub fn entry(inputs: &Inputs, name: &str) -> Vec<usize> {
    inputs.of(&Decider::Lock(name.to_owned()))
}

/// The change of a version, which follows Kubernetes' unless it is written.
pub fn version(inputs: &Inputs, name: &str) -> Vec<usize> {
    let own = field(inputs, &format!("versions.{name}"));
    if own.is_empty() { field(inputs, "versions.kubernetes") } else { own }
}
