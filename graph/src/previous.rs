//! What the last build knew, asked about in nearly the order in which it was written down.

use std::collections::HashMap;
use std::sync::OnceLock;

use kthw_store::{Record, RecordEntry};

use crate::realised::Realised;

/// The entries of a record. A graph that is as it was asks for one after the other, so that a search is rarely needed.
pub struct Previous {
    entries: Vec<RecordEntry>,
    by_name: OnceLock<HashMap<String, usize, foldhash::fast::RandomState>>,
}

impl Previous {
    pub fn new(record: Option<Record>) -> Self {
        Self { entries: record.map(|record| record.entries).unwrap_or_default(), by_name: OnceLock::new() }
    }

    /// What was known of a node, which is looked for at `next` first; then `next` is the entry after it.
    pub fn get(&self, name: &str, next: &mut usize) -> Option<Realised> {
        let found = match self.entries.get(*next) {
            Some(entry) if entry.name == name => *next,
            _ => *self.by_name().get(name)?,
        };
        *next = found + 1;
        let RecordEntry { action, output, .. } = self.entries[found];
        Some(Realised { action, output })
    }

    fn by_name(&self) -> &HashMap<String, usize, foldhash::fast::RandomState> {
        self.by_name.get_or_init(|| {
            let names = self.entries.iter().enumerate();
            names.map(|(index, entry)| (entry.name.clone(), index)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kthw_store::{ActionDigest, Output};

    #[test]
    fn entries_are_found_in_any_order() {
        let entry = |name: &str| {
            let action = ActionDigest::from_bytes(*blake3::hash(name.as_bytes()).as_bytes());
            RecordEntry { name: name.to_owned(), action, output: Output::Pinned(action) }
        };
        let previous = Previous::new(Some(Record { entries: ["a", "b", "c", "d"].map(entry).into() }));
        let mut next = 0;
        for (name, after) in [("a", 1), ("b", 2), ("d", 4), ("x", 4), ("c", 3), ("d", 4)] {
            let found = previous.get(name, &mut next).map(|realised| realised.action);
            assert_eq!(found, (name != "x").then(|| entry(name).action), "{name}");
            assert_eq!(next, after, "{name}");
        }
        assert!(previous.by_name.get().is_some());
        assert_eq!(Previous::new(None).get("a", &mut 0), None);
    }
}
