//! Reading a text into a tree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::{Content, Entries, Entry, Items, Node};
use crate::spec::place::Place;

/// Reads the first document as far as it is well-formed.
pub fn read(text: &str) -> Option<Node> {
    let mut reader = Reader::default();
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        reader.take(event, span);
        if reader.root.is_some() {
            break;
        }
    }
    reader.finish()
}

/// The nodes that all aliases together may stand for: more than what reads the file allows, and no more than memory does.
const ALIASED: usize = 1_000_000;

/// Builds the tree from events; the open collections are on a stack, so depth costs no recursion.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    /// What is complete and has an anchor.
    anchors: HashMap<usize, Node>,
    /// How many nodes the aliases so far stand for.
    aliased: usize,
    root: Option<Node>,
}

/// A collection that is not closed yet.
struct Open {
    place: Place,
    anchor: usize,
    children: Children,
}

enum Children {
    Items(Vec<Node>),
    Entries {
        entries: Vec<Entry>,
        /// The values of merge keys.
        merges: Vec<Node>,
        /// The key that waits for its value.
        key: Option<Key>,
    },
}

enum Key {
    Of { key: Arc<str>, place: Place, is_guessed: bool },
    Merge,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) {
        let place = Place::of(span);
        let first = Place { len: 1, ..place };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = if span.is_empty() { "" } else { &*text };
                let is_plain = style == ScalarStyle::Plain;
                let is_tagged = tag.is_some();
                let merges = match tag {
                    None => is_plain,
                    Some(tag) => format!("{}{}", tag.handle(), tag.suffix()) == "tag:yaml.org,2002:merge",
                };
                if text == "<<" && merges && self.is_before_key() {
                    return self.put_key(Key::Merge);
                }
                let content = Content::Scalar(text.into());
                self.complete(Node { place, alias: None, is_plain, is_tagged, content, size: 1 }, anchor);
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor, place);
                self.put(node);
            }
            Event::SequenceStart(_, anchor, _) => self.open(first, anchor, Children::Items(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                let (entries, merges) = (Vec::new(), Vec::new());
                self.open(first, anchor, Children::Entries { entries, merges, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
    }

    fn open(&mut self, place: Place, anchor: usize, children: Children) {
        self.open.push(Open { place, anchor, children });
    }

    fn close(&mut self) {
        let Some(Open { place, anchor, children }) = self.open.pop() else { return };
        let (content, within) = match children {
            Children::Items(nodes) => {
                let within = nodes.iter().map(|node| node.size).sum::<usize>();
                (Content::Sequence(Arc::new(Items { nodes, ..Items::default() })), within)
            }
            Children::Entries { entries, merges, .. } => {
                let entries = with_merged(entries, merges);
                let within = entries.iter().map(|entry| entry.node.size).sum::<usize>();
                (Content::Mapping(Arc::new(Entries { list: entries, ..Entries::default() })), within)
            }
        };
        let size = 1 + within;
        self.complete(Node { place, alias: None, is_plain: true, is_tagged: false, content, size }, anchor);
    }

    /// A copy of what the anchor holds, for the alias at `place`.
    fn alias(&mut self, anchor: usize, place: Place) -> Node {
        let held = self.anchors.get(&anchor);
        match held.filter(|node| self.aliased.saturating_add(node.size) <= ALIASED) {
            Some(node) => {
                self.aliased += node.size;
                Node { alias: Some(place), ..node.clone() }
            }
            None => {
                let content = Content::Alias;
                Node { place, alias: None, is_plain: true, is_tagged: false, content, size: 1 }
            }
        }
    }

    /// Whether the next node is a key.
    fn is_before_key(&self) -> bool {
        let innermost = self.open.last().map(|open| &open.children);
        matches!(innermost, Some(Children::Entries { key: None, .. }))
    }

    fn put_key(&mut self, new: Key) {
        if let Some(Open { children: Children::Entries { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(new);
        }
    }

    /// Takes a complete node for what aliases of its anchor stand for. No anchor is 0.
    fn complete(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node);
    }

    /// Gives a complete node to the innermost open collection.
    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.children {
            Children::Items(nodes) => nodes.push(node),
            Children::Entries { entries, merges, key } => match key.take() {
                Some(Key::Of { key, place, is_guessed }) => {
                    entries.push(Entry { key, place, is_guessed, node });
                }
                Some(Key::Merge) => merges.push(node),
                None => {
                    let is_guessed = node.is_plain && !node.is_tagged;
                    *key = Some(Key::Of { key: node.key_text(), place: node.stands_at(), is_guessed });
                }
            },
        }
    }

    /// The root, closing what a broken text left open.
    fn finish(mut self) -> Option<Node> {
        while self.root.is_none() && !self.open.is_empty() {
            self.close();
        }
        self.root
    }
}

impl Node {
    /// The text of a key; keys that are no scalars have none.
    fn key_text(&self) -> Arc<str> {
        match &self.content {
            Content::Scalar(text) => Arc::clone(text),
            _ => "".into(),
        }
    }

    /// What a merge key brings that has this for its value: a mapping's fields, or those of a list of mappings.
    fn merged(self) -> Vec<Entry> {
        match self.content {
            Content::Mapping(entries) => entries.list.clone(),
            Content::Sequence(items) => items.nodes.iter().cloned().flat_map(Node::merged).collect(),
            Content::Scalar(_) | Content::Alias => Vec::new(),
        }
    }
}

/// A mapping's fields with those that merge keys bring: what is written counts, then what is merged first.
fn with_merged(mut entries: Vec<Entry>, merges: Vec<Node>) -> Vec<Entry> {
    if merges.is_empty() {
        return entries;
    }
    let mut known: HashSet<Arc<str>> = entries.iter().map(|entry| Arc::clone(&entry.key)).collect();
    let merged = merges.into_iter().flat_map(Node::merged);
    entries.extend(merged.filter(|entry| known.insert(Arc::clone(&entry.key))));
    entries
}

#[cfg(test)]
mod tests {
    use super::super::ALIASES;
    use super::*;
    use crate::spec::Positions;

    #[test]
    fn aliases_stand_for_what_the_spec_is_read_to_have() {
        fn json(node: &Node) -> serde_json::Value {
            match &node.content {
                Content::Scalar(text) => (**text).into(),
                Content::Sequence(items) => items.nodes.iter().map(json).collect(),
                Content::Mapping(entries) => {
                    entries.list.iter().map(|entry| (entry.key.to_string(), json(&entry.node))).collect()
                }
                Content::Alias => panic!("an alias that stands for nothing"),
            }
        }
        for text in [
            ALIASES,
            "a: &a {b: 'x', <<: {c: 'y', b: 'z'}}\nd: {<<: [*a, {b: w, e: v}], <<: {f: u, e: t}}\n",
            "a: [&a x, *a, &a z, *a, [*a]]\n'<<': {q: r}\n",
            "a: &a {'<<': {b: c}, d: e}\nf: {<<: *a, <<: ~}\n",
            "&a b: &c {*a : *a}\nd: {<<: *c, b: f}\n",
            "a: &a {b: c}\nd: {!!merge <<: *a, !!str '<<': e}\n",
        ] {
            let expected: serde_json::Value = serde_saphyr::from_str(text).expect("it is well-formed");
            assert_eq!(json(&read(text).expect("it has a root")), expected, "{text}");
        }
    }

    #[test]
    fn aliases_of_aliases_end() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..60 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            text += &format!("a{level}: &a{level} [{below}]\n");
        }
        text += "own: &own [*own]\n";
        let positions = Positions::new(&text);
        assert!(positions.root().expect("a root").size < 2 * ALIASED);
        assert_eq!(positions.exact("a2[3][3]").map(|place| place.line), Some(1));
        assert_eq!(positions.exact("own[0][0]"), None);
        let other = text.replace("a0: &a0 [x,", "a0: &a0 [y,");
        assert!(!crate::spec::changes(&positions, &Positions::new(&other)).is_empty());
    }
}
