//! The fields of one configuration as a tree, so that a document can be walked beside it.

use std::collections::BTreeMap;

use super::values::{Kind, Values};

/// A field, and what is in it: fields of a mapping, items of a list, or values of a mapping with free keys.
#[derive(Debug, Default)]
pub struct Node {
    members: BTreeMap<&'static str, Node>,
    item: Option<Box<Node>>,
    value: Option<Box<Node>>,
    keys: Option<Values>,
    leaf: Option<(Kind, Values)>,
}

impl Node {
    /// Adds the field at a path, such as `a.b[].c` or `a.*`; `-` is the whole.
    pub(super) fn insert(&mut self, path: &'static str, kind: &str, values: &Values) -> Option<()> {
        let mut node = self;
        if path == "-" {
            node.leaf = Some((Kind::parse(kind)?, values.clone()));
            return Some(());
        }
        for step in path.split('.') {
            let name = step.trim_end_matches("[]");
            node = match name {
                "*" => node.value.get_or_insert_default(),
                "" => node,
                name => node.members.entry(name).or_default(),
            };
            for _ in 0..(step.len() - name.len()) / 2 {
                node = node.item.get_or_insert_default();
            }
        }
        match kind {
            "keys" => node.keys = Some(values.clone()),
            kind => node.leaf = Some((Kind::parse(kind)?, values.clone())),
        }
        Some(())
    }

    /// The field `name` of a mapping.
    pub fn member(&self, name: &str) -> Option<&Node> {
        self.members.get(name)
    }

    /// The names of a mapping's fields; none where its keys are free.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.members.keys().copied()
    }

    /// What each item of a list is.
    pub fn item(&self) -> Option<&Node> {
        self.item.as_deref()
    }

    /// What each value of a mapping with free keys is.
    pub fn value(&self) -> Option<&Node> {
        self.value.as_deref()
    }

    /// The keys that a mapping with free keys may have.
    pub fn keys(&self) -> &Values {
        self.keys.as_ref().unwrap_or(&Values::All)
    }

    /// What a field without others in it takes.
    pub fn leaf(&self) -> Option<(Kind, &Values)> {
        self.leaf.as_ref().map(|(kind, values)| (*kind, values))
    }
}
