//! What tells two locks apart, entry by entry.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lock, Pin};

const GENERATION: &str = "generations.";

/// An entry that was added, removed or given another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    /// As parameters name the entry that decided them: `pin etcd linux/amd64`, `epochs.leaf`, `generations.ca`.
    pub entry: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Lock {
    /// The changes from this lock to another.
    pub fn changes(&self, after: &Lock) -> Vec<EntryChange> {
        let (before, after) = (self.entries(), after.entries());
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        // A key that is not named is in its first generation.
        let value = |entries: &BTreeMap<String, String>, entry: &String| {
            let first = || entry.starts_with(GENERATION).then(|| "1".to_owned());
            entries.get(entry).cloned().or_else(first)
        };
        let change = |entry: &String| EntryChange {
            entry: entry.clone(),
            before: value(&before, entry),
            after: value(&after, entry),
        };
        names.into_iter().map(change).filter(|change| change.before != change.after).collect()
    }

    /// This lock with one entry as another has it.
    pub fn with_entry_of(&self, other: &Lock, entry: &str) -> Lock {
        let mut lock = self.clone();
        match entry {
            "cluster" => lock.cluster.clone_from(&other.cluster),
            "root" => lock.root.clone_from(&other.root),
            "epochs.ca" => lock.epochs.ca = other.epochs.ca,
            "epochs.leaf" => lock.epochs.leaf = other.epochs.leaf,
            "encryption" => lock.encryption.clone_from(&other.encryption),
            _ => match entry.strip_prefix(GENERATION) {
                Some(label) => _ = lock.generations.insert(label.to_owned(), other.generation(label)),
                None => lock.set_pins(
                    self.pins
                        .iter()
                        .chain(other.pins.iter().filter(|pin| entry_of(pin) == entry))
                        .cloned()
                        .collect::<Vec<_>>(),
                ),
            },
        }
        lock
    }

    /// This lock with the pins of another besides, so that versions of either are pinned.
    pub fn with_pins_of(&self, other: &Lock) -> Lock {
        let mut lock = self.clone();
        lock.set_pins(other.pins.iter().chain(&self.pins).cloned().collect::<Vec<_>>());
        lock
    }

    /// Everything that decides what is made; where a pin comes from does not.
    fn entries(&self) -> BTreeMap<String, String> {
        let generations: Vec<String> = self.encryption.iter().map(ToString::to_string).collect();
        let mut entries = BTreeMap::from([
            ("cluster".to_owned(), self.cluster.clone()),
            ("root".to_owned(), self.root.clone()),
            ("epochs.ca".to_owned(), self.epochs.ca.to_string()),
            ("epochs.leaf".to_owned(), self.epochs.leaf.to_string()),
            ("encryption".to_owned(), generations.join(", ")),
        ]);
        for (label, generation) in &self.generations {
            entries.insert(format!("{GENERATION}{label}"), generation.to_string());
        }
        let mut pins: BTreeMap<String, Vec<&Pin>> = BTreeMap::new();
        for pin in &self.pins {
            pins.entry(entry_of(pin)).or_default().push(pin);
        }
        for (entry, pins) in pins {
            let versions: Vec<String> = pins.iter().map(|pin| bytes(pin)).collect();
            entries.insert(entry, versions.join(", "));
        }
        entries
    }
}

/// Which bytes a pin stands for, and whether its publisher published others, or nobody knows.
fn bytes(pin: &Pin) -> String {
    let Pin { version, checksum, published, measured, .. } = pin;
    match published {
        Some(published) => format!("{version} {checksum} (published was {published})"),
        None if *measured => format!("{version} {checksum} (measured from a mirror)"),
        None => format!("{version} {checksum}"),
    }
}

fn entry_of(pin: &Pin) -> String {
    format!("pin {} {}/{}", pin.name, pin.os, pin.arch)
}

#[cfg(test)]
mod tests {
    use crate::lock::tests::{etcd, example};

    fn shown(change: impl Fn(&mut crate::lock::Lock)) -> Vec<String> {
        let mut after = example();
        change(&mut after);
        let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let changes = example().changes(&after);
        changes.iter().map(|c| format!("{}: {} -> {}", c.entry, value(&c.before), value(&c.after))).collect()
    }

    #[test]
    fn equal_locks_have_no_changes_wherever_their_pins_come_from() {
        assert_eq!(shown(|_| {}), [""; 0]);
        let elsewhere = |lock: &mut crate::lock::Lock| {
            let pins = lock.pins().iter().cloned();
            let moved: Vec<_> = pins
                .map(|pin| crate::lock::Pin { url: "https://mirror.example.org/x".into(), ..pin })
                .collect();
            lock.set_pins(moved);
        };
        assert_eq!(shown(elsewhere), [""; 0]);
    }

    #[test]
    fn each_entry_is_named_as_parameters_name_it() {
        assert_eq!(shown(|lock| lock.encryption = vec![2, 1]), ["encryption: 1 -> 2, 1"]);
        assert_eq!(
            shown(|lock| _ = lock.generations.insert("etcd-ca".into(), 2)),
            ["generations.etcd-ca: 1 -> 2"]
        );
        let digest = etcd("amd64").checksum;
        assert_eq!(
            shown(|lock| lock.set_pins([etcd("amd64")])),
            [format!("pin etcd linux/arm64: 3.6.14 {digest} -> nothing")]
        );
    }

    #[test]
    fn an_entry_can_be_as_another_lock_has_it() {
        let mut after = example();
        after.encryption = vec![3, 2];
        after.generations.insert("ca".into(), 5);
        let back = after.with_entry_of(&example(), "encryption");
        assert_eq!((back.encryption.as_slice(), back.generation("ca")), (&[1][..], 5));
        assert_eq!(after.with_entry_of(&example(), "generations.ca").generation("ca"), 1);
    }
}
