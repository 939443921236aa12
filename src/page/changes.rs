//! What a change does to a cluster, as far as it is shown.

use serde::Serialize;

#[derive(Default, Serialize)]
pub struct Changes {
    /// The change in one sentence: which files it changes, and what it restarts.
    pub headline: String,
    /// What was compared, a sentence each.
    pub facts: Vec<String>,
    /// What must not be missed, worst first.
    pub warnings: Vec<Warning>,
    /// What a person changed, each in a line.
    pub inputs: Vec<String>,
    /// The hosts that it touches.
    pub hosts: Hosts,
    /// The hosts that come and go.
    pub arrivals: Vec<Arrival>,
    pub groups: Vec<ChangeGroup>,
    pub restarts: Vec<Restart>,
    pub drains: Vec<Drain>,
}

/// Hosts of the page by index, as runs from one to another: thousands in a row are two numbers.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hosts(Vec<[usize; 2]>);

#[derive(Serialize)]
pub struct Warning {
    pub title: String,
    pub what: String,
    pub advice: String,
    /// Each cause in a line, as wherever causes are.
    pub causes: Vec<String>,
}

/// A host that is there before or after alone.
#[derive(Serialize)]
pub struct Arrival {
    pub host: usize,
    pub kind: ChangeKind,
    pub files: usize,
    pub units: Vec<String>,
    pub causes: Vec<String>,
}

/// The same change of a file on every host that has it.
#[derive(Serialize)]
pub struct ChangeGroup {
    pub path: String,
    pub whose: Whose,
    pub hosts: Hosts,
    pub kind: ChangeKind,
    /// The index of a node that changes so.
    pub node: Option<usize>,
    pub detail: Detail,
    pub causes: Vec<String>,
    /// What else there is to say, a sentence each.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    Host,
    /// Of a virtual machine that is made anew.
    Machine,
    Cluster,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
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
    pub unit: String,
    pub hosts: Hosts,
    /// Which come together; lower ones come first.
    pub wave: usize,
}

#[derive(Serialize)]
pub struct Drain {
    pub why: Vec<String>,
    pub hosts: Hosts,
}

impl FromIterator<usize> for Hosts {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        let mut indices: Vec<usize> = indices.into_iter().collect();
        indices.sort_unstable();
        let mut runs: Vec<[usize; 2]> = Vec::new();
        for index in indices {
            match runs.last_mut() {
                Some([_, last]) if index <= *last + 1 => *last = index,
                _ => runs.push([index, index]),
            }
        }
        Self(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_in_a_row_are_one_run() {
        assert_eq!(Hosts::from_iter([7, 2, 1, 3, 3, 9]), Hosts(vec![[1, 3], [7, 7], [9, 9]]));
        assert_eq!(Hosts::from_iter(0..5000), Hosts(vec![[0, 4999]]));
        assert_eq!(Hosts::from_iter([]), Hosts::default());
    }
}
