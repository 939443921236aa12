//! The text of a cluster file as a tree, each node with its place; an alias is what it stands for.

mod reader;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::place::Place;
use crate::field_path::join;

pub use reader::read;

/// A YAML node. A copy is cheap, because an alias stands for one.
#[derive(Clone)]
pub struct Node {
    /// Where it is written; of what an alias stands for, at its anchor.
    pub place: Place,
    /// The alias that stands for it here.
    alias: Option<Place>,
    /// Not in quotes, nor a block of lines.
    pub is_plain: bool,
    /// Whether a tag says what it is, such as `!!str`.
    pub is_tagged: bool,
    pub content: Content,
    /// How many nodes it consists of.
    size: usize,
}

#[derive(Clone)]
pub enum Content {
    Scalar(Arc<str>),
    Sequence(Arc<Items>),
    /// What is merged follows what is written.
    Mapping(Arc<Entries>),
    /// An alias of nothing, of what it is in, or of too much.
    Alias,
}

/// A key, its place, and its value.
#[derive(Clone)]
pub struct Entry {
    pub key: Arc<str>,
    pub place: Place,
    /// Whether the key is plain and has no tag, so that readers have to guess what it is.
    pub is_guessed: bool,
    pub node: Node,
}

/// How an item of a sequence is found.
pub type ItemOf = for<'i> fn(&'i Items, &str) -> Option<&'i Node>;

impl Node {
    /// Whether it stands here by an alias.
    pub fn is_alias(&self) -> bool {
        self.alias.is_some()
    }

    /// Where it stands: at the alias, if it does so by one.
    pub fn stands_at(&self) -> Place {
        self.alias.unwrap_or(self.place)
    }

    /// The child that `step` names: by its key, or as an item of a sequence.
    pub fn child(&self, step: &str, item: ItemOf) -> Option<Visit<'_>> {
        match &self.content {
            Content::Mapping(entries) => {
                let Entry { place, node, .. } = entries.of_key(step)?;
                Some(Visit { key: Some(*place), node })
            }
            Content::Sequence(items) => Some(Visit { key: None, node: item(items, step)? }),
            Content::Scalar(_) | Content::Alias => None,
        }
    }

    /// The first node that is sought, of this one (at `path`) and all within, with its path. What an alias stands for is
    /// found at its anchor, unless it is followed.
    pub fn find(
        &self,
        path: String,
        follows: bool,
        is_sought: &dyn Fn(&Node) -> bool,
    ) -> Option<(String, &Node)> {
        if is_sought(self) {
            return Some((path, self));
        }
        match &self.content {
            _ if self.is_alias() && !follows => None,
            Content::Mapping(entries) => entries
                .list
                .iter()
                .find_map(|entry| entry.node.find(join(&path, &entry.key), follows, is_sought)),
            Content::Sequence(items) => {
                let mut items = items.nodes.iter().enumerate();
                items.find_map(|(i, node)| node.find(format!("{path}[{i}]"), follows, is_sought))
            }
            Content::Scalar(_) | Content::Alias => None,
        }
    }

    /// What the field `name` of a mapping holds.
    pub fn name(&self) -> Option<&str> {
        match &self.child("name", Items::named)?.node.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// A node with the key that leads to it.
pub struct Visit<'n> {
    pub key: Option<Place>,
    pub node: &'n Node,
}

impl Visit<'_> {
    pub fn place(&self) -> Place {
        match (&self.node.content, self.key) {
            (Content::Scalar(text), Some(key)) if text.is_empty() => key,
            (Content::Scalar(_), _) | (_, None) => self.node.place,
            (_, Some(key)) => key,
        }
    }
}

/// The fields of a mapping, of which thousands may be wrong.
#[derive(Default)]
pub struct Entries {
    pub list: Vec<Entry>,
    by_key: OnceLock<HashMap<Arc<str>, usize>>,
}

impl Entries {
    /// The first field of this key.
    pub fn of_key(&self, key: &str) -> Option<&Entry> {
        let by_key = self.by_key.get_or_init(|| {
            let keys = self.list.iter().enumerate().rev();
            keys.map(|(index, entry)| (Arc::clone(&entry.key), index)).collect()
        });
        by_key.get(key).map(|index| &self.list[*index])
    }
}

/// The items of a sequence. Where all parameters of thousands of hosts are looked up, a search from the first item on would be
/// most of the work.
#[derive(Default)]
pub struct Items {
    pub nodes: Vec<Node>,
    by_name: OnceLock<HashMap<String, usize>>,
}

impl Items {
    /// The first item of this name, or else the one of this index.
    pub fn named(&self, step: &str) -> Option<&Node> {
        self.of_name(step).or_else(|| self.at(step))
    }

    /// The item of this index, or else the first of this name.
    pub fn counted(&self, step: &str) -> Option<&Node> {
        self.at(step).or_else(|| self.of_name(step))
    }

    fn at(&self, index: &str) -> Option<&Node> {
        self.nodes.get(index.parse::<usize>().ok()?)
    }

    fn of_name(&self, name: &str) -> Option<&Node> {
        let by_name = self.by_name.get_or_init(|| {
            let names = self.nodes.iter().enumerate().rev();
            names.filter_map(|(index, node)| Some((node.name()?.to_owned(), index))).collect()
        });
        by_name.get(name).map(|index| &self.nodes[*index])
    }
}

/// Aliases and merge keys in all the places that they can be.
#[cfg(test)]
pub const ALIASES: &str = "\
labels: &l
  zone: &z a
  rack: b
hosts:
  - &first
    name: w1
    labels: *l
    <<: {arch: arm64, name: lost}
  - {<<: *first, name: w2, zone: *z}
  - <<: [*first, {rack: c, arch: lost}]
    name: w3
    labels:
      <<: *l
      zone: d
";
