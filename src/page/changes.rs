//! What a change does to a cluster, as far as it is shown.

use serde::Serialize;

#[derive(Serialize)]
pub struct Changes {
    /// The change in one sentence: which hosts it touches, and what it restarts.
    pub headline: String,
    /// The hosts that it touches.
    pub hosts: Vec<String>,
    pub groups: Vec<ChangeGroup>,
    pub restarts: Vec<Restart>,
}

/// The same change of a file on every host that has it.
#[derive(Serialize)]
pub struct ChangeGroup {
    pub path: String,
    pub hosts: Vec<String>,
    pub kind: ChangeKind,
    /// The index of a node that changes so.
    pub node: Option<usize>,
    pub detail: Detail,
    /// Each cause in a line.
    pub causes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// The lines of a unified diff.
    Lines(Vec<String>),
    /// Fields of something that is no text to read, such as a certificate.
    Fields(Vec<FieldRow>),
    /// Why neither is shown, as for a secret.
    Withheld(String),
}

#[derive(Serialize)]
pub struct FieldRow {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Serialize)]
pub struct Restart {
    pub host: String,
    pub unit: String,
    /// Which come together; lower ones come first.
    pub wave: usize,
}
