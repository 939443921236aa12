//! A comparison as people and programs read it: plain data, and one file for each format.

mod arrivals;
mod effects;
mod json;
mod markdown;
mod page;
mod text;

use crate::diff::{Area, CauseSet, Detail, HostChange, Input};
use crate::names::{self, counted};
use crate::page::ChangeKind;

pub use effects::Effects;
pub use json::json;
pub use markdown::markdown;
pub use page::changes;
pub use text::text;

/// Everything that a comparison has to say.
pub struct Report {
    /// What the later state calls the cluster.
    pub cluster: String,
    pub before: String,
    pub after: String,
    /// Whether the root is missing, so that what follows from it goes by its recipe.
    pub stand_in: bool,
    pub inputs: Vec<Input>,
    pub effects: Effects,
    pub added: Vec<HostChange>,
    pub removed: Vec<HostChange>,
    pub entries: Vec<Entry>,
}

/// One changed file, on all hosts where the change is the same.
pub struct Entry {
    pub area: Area,
    pub path: String,
    /// The node that it is on the first host: of the later state, unless it is gone.
    pub node: String,
    pub hosts: Vec<String>,
    /// Whether the detail is that of the first host, and the others differ from it in values of their own.
    pub own: bool,
    pub kind: ChangeKind,
    /// Mode and owner, where they changed.
    pub permissions: Option<(String, String)>,
    pub causes: CauseSet,
    /// The nodes that it comes through, nearest first.
    pub through: Vec<String>,
    pub detail: Detail,
}

impl Report {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.entries.is_empty()
    }

    /// What happens, on one line: what a rollout says of itself, and what is no host's.
    pub fn headline(&self) -> String {
        let elsewhere = self.entries.iter().filter(|entry| entry.area != Area::Host);
        let elsewhere: usize = elsewhere.map(|entry| entry.hosts.len().max(1)).sum();
        let elsewhere = match elsewhere {
            0 => String::new(),
            files => format!("changes {} on no host", counted(files, "file")),
        };
        let parts = [self.effects.summary.as_str(), elsewhere.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        match (parts.as_slice(), self.inputs.len()) {
            ([], 0) => "nothing changes".to_owned(),
            ([], inputs) => format!("no file changes, by {} of the inputs", counted(inputs, "change")),
            (parts, _) => parts.join("; "),
        }
    }

    /// Where the changes are that something follows from, each as `place` shows it.
    fn places(&self, causes: &CauseSet, place: impl Fn(&Input) -> String) -> String {
        causes.words(|list| {
            let places = list.iter().filter_map(|cause| self.inputs.get(*cause)).map(&place);
            names::first_few(places.collect::<Vec<String>>().iter().map(String::as_str))
        })
    }
}

/// The same as the beginning of a sentence.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
fn hosts(names: &[String]) -> String {
    names::hosts(names.iter().map(String::as_str))
}

#[cfg(test)]
pub mod trial {
    use super::effects::{Drain, Restart, Warning};
    use super::*;
    use crate::diff::{Row, TextChange};
    use crate::findings::Kind;
    use crate::spec::{FieldChange, Written};

    fn effects() -> Effects {
        let hosts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let restart =
            |wave, unit: &str, names| Restart { wave, unit: format!("{unit}.service"), hosts: hosts(names) };
        let warning = Warning {
            kind: Kind::Lasting,
            what: "key 1 decrypts no more".to_owned(),
            advice: "first write all objects anew (`kubectl replace`)".to_owned(),
            causes: [0].into_iter().collect(),
        };
        Effects {
            summary: "changes 8 files on 5 hosts; adds 1 host; restarts 6 units in 2 waves".to_owned(),
            warnings: vec![warning],
            restarts: vec![
                restart(1, "kube-apiserver", &["a"]),
                restart(2, "kubelet", &["a", "b", "c", "d", "e"]),
            ],
            drains: vec![Drain { why: hosts(&["runc 1.4.3 → 1.4.4"]), hosts: hosts(&["b", "c"]) }],
        }
    }

    /// A report with one of everything.
    pub fn report() -> Report {
        let written = |value: &str| Some(Written { value: value.to_owned(), line: 13 });
        let field = |path: &str, before, after| {
            Input::Field(FieldChange {
                path: path.to_owned(),
                also: Vec::new(),
                before,
                after,
                is_order: false,
            })
        };
        let host = HostChange {
            name: "worker-3".to_owned(),
            files: 21,
            units: vec!["kubelet.service".to_owned()],
            causes: [1].into_iter().collect(),
        };
        let entry = |path: &str, hosts: &[&str], detail| Entry {
            area: Area::Host,
            path: path.to_owned(),
            node: "config/a".to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            own: false,
            kind: ChangeKind::Changed,
            permissions: None,
            causes: [0].into_iter().collect(),
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
            cluster: "hard-way".to_owned(),
            before: "HEAD (1a2b3c4d5e)".to_owned(),
            after: "the folder".to_owned(),
            stand_in: true,
            inputs: vec![
                field("network.services", written("10.96.0.0/16"), written("10.97.0.0/16")),
                field("hosts[worker-3]", None, written("{name: worker-3}")),
            ],
            effects: effects(),
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
        let hosts = report().effects.summary;
        assert_eq!(report().headline(), hosts);
        let mut machines = report();
        machines.entries[0].area = Area::Machine;
        assert_eq!(machines.headline(), format!("{hosts}; changes 5 files on no host"));
        machines.effects = Effects::default();
        machines.entries.truncate(1);
        assert_eq!(machines.headline(), "changes 5 files on no host");
        let (added, entries) = (Vec::new(), Vec::new());
        let empty = Report { added, entries, effects: Effects::default(), ..report() };
        assert_eq!(empty.headline(), "no file changes, by 2 changes of the inputs");
        assert_eq!(Report { inputs: Vec::new(), ..empty }.headline(), "nothing changes");
    }
}
