//! What a person changed: fields of the cluster's file, entries of the lock, files that the cluster's file names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::param::Decider;
use crate::field_path::{is_within, item, prefixes};
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
    fields: BTreeMap<String, Vec<usize>>,
    entries: BTreeMap<String, usize>,
}

impl Inputs {
    pub fn new(all: Vec<Input>) -> Self {
        let mut fields: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut entries = BTreeMap::new();
        for (index, input) in all.iter().enumerate() {
            match input {
                Input::Field(change) => {
                    change.paths().for_each(|path| fields.entry(path.to_owned()).or_default().push(index))
                }
                Input::File { field, .. } => fields.entry(field.clone()).or_default().push(index),
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

    /// The changes of what decided a value: of the field itself, of what it is in, and of what is in it. The order of a list
    /// changes the list, and none of its items.
    pub fn of(&self, decider: &Decider) -> Vec<usize> {
        match decider {
            Decider::Program => Vec::new(),
            Decider::Lock(entry) => self.entries.get(entry).copied().into_iter().collect(),
            Decider::Spec(path) => {
                let above = prefixes(path).filter_map(|prefix| Some((prefix, self.fields.get(prefix)?)));
                let above = above.flat_map(|(prefix, found)| {
                    found.iter().filter(move |index| prefix == path || !self.all[**index].is_order())
                });
                let below =
                    self.fields.range(path.clone()..).take_while(|(found, _)| found.starts_with(path));
                let below = below.filter(|(found, _)| is_within(found, path)).flat_map(|(_, found)| found);
                // What is changed for many may be found for each of them.
                let found: BTreeSet<usize> = above.chain(below).copied().collect();
                found.into_iter().collect()
            }
        }
    }

    /// The changes of a host: that it came or went, and of its fields.
    pub fn of_host(&self, host: &str) -> Vec<usize> {
        self.of(&Decider::Spec(item("hosts", host)))
    }

    /// The changes of the order of the lists that what decided a value is in.
    pub fn orders_around(&self, decider: &Decider) -> Vec<usize> {
        let Decider::Spec(path) = decider else { return Vec::new() };
        let above =
            prefixes(path).filter(|prefix| prefix != path).filter_map(|prefix| self.fields.get(prefix));
        above.flatten().copied().filter(|index| self.all[*index].is_order()).collect()
    }
}

impl Input {
    fn is_order(&self) -> bool {
        matches!(self, Self::Field(change) if change.is_order)
    }

    /// Whether it can be undone to see what it does. What a pin decides is named by its entry, exactly.
    pub fn is_undone(&self) -> bool {
        match self {
            Self::Entry(change) => !change.entry.starts_with("pin "),
            Self::Field(_) | Self::File { .. } => true,
            Self::Program { .. } => false,
        }
    }

    /// Where it was changed: `cluster.yaml:14 network.services`, `kthw.lock epochs.leaf`.
    pub fn place(&self) -> String {
        match self {
            Self::Field(FieldChange { path, also, before, after, .. }) => {
                let line = after.as_ref().or(before.as_ref()).map_or(1, |written| written.line);
                let also = match also.len() {
                    0 => String::new(),
                    more => format!(" (and for {more} more)"),
                };
                format!("cluster.yaml:{line} {}{also}", visible(&redacted(path)))
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
            Self::Field(FieldChange { before, after, is_order, .. }) => {
                if *is_order {
                    f.write_str("in another order, ")?;
                }
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
        (Some(before), Some(after)) => {
            let (before, after) = told_apart(before, after);
            write!(f, "{before} → {after}")
        }
        (None, Some(after)) => write!(f, "added, {}", shortened(after)),
        (Some(before), None) => write!(f, "removed, {}", shortened(before)),
        (None, None) => Ok(()),
    }
}

/// No more of a value than this is shown, and this much of what comes before two part.
const LONGEST: usize = 100;
const BEFORE: usize = 30;

/// A value as people may read it: cut where it is long, without secrets, and with nothing hidden in it.
pub fn shortened(value: &str) -> String {
    // A secret that is cut is one still, but no longer known for one.
    cut(&redacted(value), 0)
}

/// Two values as people may read them, cut so that it is seen where they part.
pub fn told_apart(before: &str, after: &str) -> (String, String) {
    let (before, after) = (redacted(before), redacted(after));
    let same = before.chars().zip(after.chars()).take_while(|(old, new)| old == new).count();
    let from = if same + BEFORE < LONGEST { 0 } else { same - BEFORE };
    (cut(&before, from), cut(&after, from))
}

fn cut(value: &str, from: usize) -> String {
    let mut line = if from > 0 { "…".to_owned() } else { String::new() };
    let mut rest = value.chars().skip(from);
    line.extend(rest.by_ref().take(LONGEST).map(|c| if c == '\n' { '⏎' } else { c }));
    if rest.next().is_some() {
        line.push('…');
    }
    visible(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str) -> Input {
        Input::Field(FieldChange {
            path: path.to_owned(),
            also: Vec::new(),
            before: None,
            after: None,
            is_order: false,
        })
    }

    #[test]
    fn nothing_is_hidden_in_an_input() {
        let written = |value: &str| Some(Written { value: value.to_owned(), line: 2 });
        let (before, after) = (written("\u{1b}[2K"), written("x\ny"));
        let change =
            FieldChange { path: "a\r\nb".to_owned(), also: Vec::new(), before, after, is_order: false };
        assert_eq!(Input::Field(change).to_string(), r"cluster.yaml:2 a\r\nb: \u{1b}[2K → x⏎y");
    }

    #[test]
    fn what_many_have_by_aliases_is_one_change_of_each() {
        let Input::Field(change) = field("hosts[a].labels.zone") else { unreachable!("it is a field") };
        let also = ["b", "c"].map(|host| format!("hosts[{host}].labels.zone")).to_vec();
        let inputs = Inputs::new(vec![Input::Field(FieldChange { also, ..change })]);
        for path in ["hosts[a].labels", "hosts[c].labels.zone", "hosts"] {
            assert_eq!(inputs.of(&Decider::Spec(path.to_owned())), [0]);
        }
        assert_eq!(inputs.all()[0].place(), "cluster.yaml:1 hosts[a].labels.zone (and for 2 more)");
    }

    #[test]
    fn long_values_are_cut_where_they_part() {
        let told = |tail: &str| told_apart(&("x".repeat(200) + tail), &("x".repeat(200) + "\nb"));
        let xs = "x".repeat(BEFORE - 1);
        assert_eq!(told("\na"), (format!("…{xs}⏎a"), format!("…{xs}⏎b")));
        assert_eq!(told(""), (format!("…x{xs}"), format!("…x{xs}⏎b")));
        assert_eq!(told_apart("a b", "a c"), ("a b".to_owned(), "a c".to_owned()));
        let (before, after) = told_apart(&("ab".to_owned() + &xs.repeat(4)), "ac");
        assert_eq!((before.chars().count(), before.ends_with('…'), &*after), (101, true, "ac"));
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

    #[test]
    fn an_order_is_of_the_list_and_of_what_that_is_in() {
        let Input::Field(order) = field("hosts") else { unreachable!("it is a field") };
        let order = FieldChange { is_order: true, ..order };
        let replaced = Input::File { field: "hosts[b].labels".to_owned(), path: "a.pem".to_owned() };
        let inputs = Inputs::new(vec![Input::Field(order), field("hosts[b].labels"), replaced]);
        let of = |path: &str| inputs.of(&Decider::Spec(path.to_owned()));
        assert_eq!(of("hosts"), [0, 1, 2]);
        assert_eq!(of("hosts[a]"), [0; 0]);
        assert_eq!(of("hosts[b].labels.zone"), [1, 2]);
        let around = |path: &str| inputs.orders_around(&Decider::Spec(path.to_owned()));
        assert_eq!((around("hosts[b].labels"), around("hosts")), (vec![0], vec![]));
    }
}
