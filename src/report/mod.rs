//! A comparison as people and programs read it: plain data, and one file for each format.

mod json;
mod markdown;
mod text;

use crate::diff::{Area, Detail, HostChange, Input};

pub use json::json;
pub use markdown::markdown;
pub use text::text;

/// Everything that a comparison has to say.
pub struct Report {
    pub before: String,
    pub after: String,
    /// Whether another root stands in for the cluster's.
    pub stand_in: bool,
    pub inputs: Vec<Input>,
    pub added: Vec<HostChange>,
    pub removed: Vec<HostChange>,
    pub entries: Vec<Entry>,
}

/// One changed file, on all hosts where the change is the same.
pub struct Entry {
    pub area: Area,
    pub path: String,
    pub hosts: Vec<String>,
    /// Whether the detail is that of the first host, and the others differ from it in values of their own.
    pub own: bool,
    pub change: Change,
    /// Mode and owner, where they changed.
    pub permissions: Option<(String, String)>,
    /// Indices of the report's inputs.
    pub causes: Vec<usize>,
    /// The nodes that it comes through, nearest first.
    pub through: Vec<String>,
    pub detail: Detail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

impl Change {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl Report {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.entries.is_empty()
    }

    /// How much there is, in one line.
    pub fn headline(&self) -> String {
        if self.is_empty() {
            return match self.inputs.len() {
                0 => "nothing changes".to_owned(),
                changes => format!("no file changes, by {}", counted(changes, "change of the inputs")),
            };
        }
        let hosts: std::collections::BTreeSet<&String> = self
            .entries
            .iter()
            .filter(|entry| entry.area == Area::Host)
            .flat_map(|entry| &entry.hosts)
            .collect();
        let files: usize = self.entries.iter().map(|entry| entry.hosts.len().max(1)).sum();
        let mut parts = Vec::new();
        if files > 0 {
            let on = match hosts.len() {
                0 => String::new(),
                count => format!(" on {}", counted(count, "host")),
            };
            parts.push(format!(
                "{}{on} {}",
                counted(files, "file"),
                if files == 1 { "changes" } else { "change" }
            ));
        }
        for (change, verb) in [(&self.added, "added"), (&self.removed, "removed")] {
            if !change.is_empty() {
                let are = if change.len() == 1 { "is" } else { "are" };
                parts.push(format!("{} {are} {verb}", counted(change.len(), "host")));
            }
        }
        parts.join(", ")
    }
}

impl Entry {
    /// Whose file it is.
    pub fn holders(&self) -> String {
        match self.area {
            Area::Host => hosts(&self.hosts),
            Area::Machine => format!("new machines of {}", hosts(&self.hosts)),
            Area::Cluster => "the cluster".to_owned(),
        }
    }
}

/// Names of hosts, folded where they are many.
pub fn hosts(names: &[String]) -> String {
    const SHOWN: usize = 4;
    match names {
        [first, .., last] if names.len() > SHOWN => format!("{first} … {last} ({} hosts)", names.len()),
        _ => names.join(", "),
    }
}

/// A number with its noun.
pub fn counted(count: usize, noun: &str) -> String {
    let (head, tail) =
        noun.split_once(' ').map_or((noun, String::new()), |(head, tail)| (head, format!(" {tail}")));
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {head}{plural}{tail}", thousands(count))
}

fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
pub mod trial {
    use super::*;
    use crate::diff::{Row, TextChange};
    use crate::spec::{FieldChange, Written};

    /// A report with one of everything.
    pub fn report() -> Report {
        let written = |value: &str| Some(Written { value: value.to_owned(), line: 13 });
        let field =
            |path: &str, before, after| Input::Field(FieldChange { path: path.to_owned(), before, after });
        let host = HostChange {
            name: "worker-3".to_owned(),
            files: 21,
            units: vec!["kubelet.service".to_owned()],
            causes: [1].into(),
        };
        let entry = |path: &str, hosts: &[&str], detail| Entry {
            area: Area::Host,
            path: path.to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            own: false,
            change: Change::Changed,
            permissions: None,
            causes: vec![0],
            through: Vec::new(),
            detail,
        };
        let row = |name: &str, before: &str, after: &str| Row {
            name: name.to_owned(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        };
        let text = TextChange::new(
            "/etc/a.yaml",
            Some("kind: A\ndns: 10.96.0.10\n"),
            Some("kind: A\ndns: 10.97.0.10\n"),
        );
        Report {
            before: "HEAD (1a2b3c4d5e)".to_owned(),
            after: "the folder".to_owned(),
            stand_in: true,
            inputs: vec![
                field("network.services", written("10.96.0.0/16"), written("10.97.0.0/16")),
                field("hosts[worker-3]", None, written("{name: worker-3}")),
            ],
            added: vec![host],
            removed: Vec::new(),
            entries: vec![
                entry("/etc/a.yaml", &["a", "b", "c", "d", "e"], Detail::Text(text)),
                Entry {
                    own: true,
                    through: vec!["pki/ca/cert".to_owned()],
                    ..entry(
                        "/etc/kubernetes/pki/apiserver.crt",
                        &["a", "b"],
                        Detail::Fields {
                            what: "certificate",
                            rows: vec![row("names", "a 10.96.0.1", "a 10.97.0.1"), row("a|b", "`x`", "y")],
                        },
                    )
                },
                Entry {
                    permissions: Some(("0644 root:root".to_owned(), "0600 root:root".to_owned())),
                    ..entry("/etc/b", &["a"], Detail::Permissions)
                },
            ],
        }
    }

    #[test]
    fn a_headline_counts() {
        assert_eq!(report().headline(), "8 files on 5 hosts change, 1 host is added");
        let empty = Report { added: Vec::new(), entries: Vec::new(), ..report() };
        assert_eq!(empty.headline(), "no file changes, by 2 changes of the inputs");
        assert_eq!(Report { inputs: Vec::new(), ..empty }.headline(), "nothing changes");
    }

    #[test]
    fn many_hosts_are_folded() {
        let names: Vec<String> = (1..=5000).map(|n| format!("w{n}")).collect();
        assert_eq!(hosts(&names), "w1 … w5000 (5000 hosts)");
        assert_eq!(hosts(&names[..2]), "w1, w2");
        assert_eq!(counted(1_234_567, "file"), "1,234,567 files");
    }
}
