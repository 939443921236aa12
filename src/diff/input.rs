//! What a person changed: fields of the cluster's file, entries of the lock, files that the cluster's file names.

use std::collections::BTreeMap;
use std::fmt;

use super::param::Decider;
use crate::field_path::{is_within, prefixes};
use crate::lock::EntryChange;
use crate::redaction::redacted;
use crate::spec::{FieldChange, Written};
use crate::visible::visible;

/// One change of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Field(FieldChange),
    Entry(EntryChange),
    /// A file was replaced that this field names.
    File {
        field: String,
        path: String,
    },
    /// The program itself makes something else of the same inputs.
    Program {
        kind: String,
    },
}

/// All changes of inputs, found by who decided a value.
#[derive(Default)]
pub struct Inputs {
    all: Vec<Input>,
    fields: BTreeMap<String, usize>,
    entries: BTreeMap<String, usize>,
}

impl Inputs {
    pub fn new(all: Vec<Input>) -> Self {
        let (mut fields, mut entries) = (BTreeMap::new(), BTreeMap::new());
        for (index, input) in all.iter().enumerate() {
            match input {
                Input::Field(change) => _ = fields.insert(change.path.clone(), index),
                Input::File { field, .. } => _ = fields.insert(field.clone(), index),
                Input::Entry(change) => _ = entries.insert(change.entry.clone(), index),
                Input::Program { .. } => {}
            }
        }
        Self { all, fields, entries }
    }

    pub fn all(&self) -> &[Input] {
        &self.all
    }

    /// Adds a change of the program, unless it is known.
    pub fn program(&mut self, kind: &str) -> usize {
        let input = Input::Program { kind: kind.to_owned() };
        self.all.iter().position(|known| *known == input).unwrap_or_else(|| {
            self.all.push(input);
            self.all.len() - 1
        })
    }

    /// The changes of what decided a value: of the field itself, of what it is in, and of what is in it.
    pub fn of(&self, decider: &Decider) -> Vec<usize> {
        match decider {
            Decider::Program => Vec::new(),
            Decider::Lock(entry) => self.entries.get(entry).copied().into_iter().collect(),
            Decider::Spec(path) => {
                let above = prefixes(path).filter_map(|prefix| self.fields.get(prefix)).copied();
                let below =
                    self.fields.range(path.clone()..).take_while(|(found, _)| found.starts_with(path));
                let below = below.filter(|(found, _)| is_within(found, path)).map(|(_, i)| *i);
                above.chain(below).collect()
            }
        }
    }
}

impl Input {
    /// Where it was changed: `cluster.yaml:14 network.services`, `kthw.lock epochs.leaf`.
    pub fn place(&self) -> String {
        match self {
            Self::Field(FieldChange { path, before, after }) => {
                let line = after.as_ref().or(before.as_ref()).map_or(1, |written| written.line);
                format!("cluster.yaml:{line} {}", visible(&redacted(path)))
            }
            Self::Entry(change) => format!("kthw.lock {}", change.entry),
            Self::File { field, path } => visible(&redacted(&format!("{path} ({field})"))),
            Self::Program { .. } => "kthw itself".to_owned(),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place())?;
        match self {
            Self::Field(FieldChange { before, after, .. }) => {
                let value = |side: &Option<Written>| side.as_ref().map(|written| written.value.clone());
                moved(f, value(before).as_deref(), value(after).as_deref())
            }
            Self::Entry(EntryChange { entry, before, after }) if entry.starts_with("pin ") => {
                let (before, after) = (before.as_deref(), after.as_deref());
                // The version tells most pins apart; the checksum is in the lock.
                let version =
                    |side: Option<&'_ str>| side.and_then(|pin| pin.split(' ').next()).map(str::to_owned);
                match version(before) == version(after) {
                    true => moved(f, before, after),
                    false => moved(f, version(before).as_deref(), version(after).as_deref()),
                }
            }
            Self::Entry(EntryChange { before, after, .. }) => moved(f, before.as_deref(), after.as_deref()),
            Self::File { .. } => f.write_str("replaced"),
            Self::Program { kind } => write!(f, "it makes the kind {kind} differently"),
        }
    }
}

fn moved(f: &mut fmt::Formatter<'_>, before: Option<&str>, after: Option<&str>) -> fmt::Result {
    match (before, after) {
        (Some(before), Some(after)) if before != after && redacted(before) == redacted(after) => {
            write!(f, "{}, in what is secret", shortened(after))
        }
        (Some(before), Some(after)) => write!(f, "{} → {}", shortened(before), shortened(after)),
        (None, Some(after)) => write!(f, "added, {}", shortened(after)),
        (Some(before), None) => write!(f, "removed, {}", shortened(before)),
        (None, None) => Ok(()),
    }
}

/// A value as people may read it: cut where it is long, without secrets, and with nothing hidden in it.
pub fn shortened(value: &str) -> String {
    const LONGEST: usize = 100;
    // A secret that is cut is one still, but no longer known for one.
    let value = redacted(value);
    let mut line: String = value.chars().take(LONGEST).map(|c| if c == '\n' { '⏎' } else { c }).collect();
    if value.chars().count() > LONGEST {
        line.push('…');
    }
    visible(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str) -> Input {
        Input::Field(FieldChange { path: path.to_owned(), before: None, after: None })
    }

    #[test]
    fn nothing_is_hidden_in_an_input() {
        let written = |value: &str| Some(Written { value: value.to_owned(), line: 2 });
        let change =
            FieldChange { path: "a\r\nb".to_owned(), before: written("\u{1b}[2K"), after: written("x\ny") };
        assert_eq!(Input::Field(change).to_string(), r"cluster.yaml:2 a\r\nb: \u{1b}[2K → x⏎y");
    }

    #[test]
    fn a_value_changes_with_its_field_and_with_what_that_is_in_or_holds() {
        let inputs = Inputs::new(vec![
            field("network.services"),
            field("hosts[w.1]"),
            field("api.sans"),
            field("components.kubelet.config.maxPods"),
            field("networks"),
        ]);
        let of = |path: &str| inputs.of(&Decider::Spec(path.to_owned()));
        assert_eq!(of("network.services"), [0]);
        assert_eq!(of("network"), [0]);
        assert_eq!(of("hosts[w.1].address"), [1]);
        assert_eq!(of("hosts"), [1]);
        assert_eq!(of("api.sans[3]"), [2]);
        assert_eq!(of("components.kubelet.config"), [3]);
        assert_eq!(of("hosts[w].address"), [0; 0]);
        assert_eq!(of("net"), [0; 0]);
    }
}
