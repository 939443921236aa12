//! Positions: from the path of a field to its place in the text of the cluster file.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::field_path::{join, steps};

/// Finds fields in a text. The text is read at the first question, so a file without problems costs nothing.
pub struct Positions<'t> {
    text: &'t str,
    root: OnceCell<Option<Node>>,
}

/// A stretch of one line, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// At least 1.
    pub len: usize,
}

impl Place {
    /// The start of a text.
    pub const START: Place = Place { line: 1, column: 1, len: 1 };

    fn is_at(self, other: Place) -> bool {
        (self.line, self.column) == (other.line, other.column)
    }

    fn of(span: Span) -> Place {
        let len = match span.start.line() == span.end.line() {
            true => span.end.col().saturating_sub(span.start.col()).max(1),
            false => 1,
        };
        Place { line: span.start.line(), column: span.start.col() + 1, len }
    }
}

impl<'t> Positions<'t> {
    /// Positions in `text`.
    pub fn new(text: &'t str) -> Positions<'t> {
        Positions { text, root: OnceCell::new() }
    }

    /// The place of the value at `path`, such as `hosts[1].address` or `hosts[worker-1].address`: the
    /// value itself if it is a scalar, else its key. A field that is not written is looked for at
    /// what would hold it. Problems count items, so a number is an index before it is a name.
    pub fn locate(&self, path: &str) -> Place {
        self.walk(path, Items::counted).last().map_or(Place::START, Visit::place)
    }

    /// The place of the value at `path`, if it is written. Whoever decides a value goes by its name, so a number is a
    /// name before it is an index.
    pub fn exact(&self, path: &str) -> Option<Place> {
        let visits = self.walk(path, Items::named);
        let whole = visits.len() == steps(path).count();
        visits.last().filter(|_| whole).map(Visit::place)
    }

    /// The place of the key at `path`, found as in `locate`.
    pub fn locate_key(&self, path: &str) -> Place {
        let visits = self.walk(path, Items::counted);
        visits.last().map_or(Place::START, |visit| visit.key.unwrap_or(visit.place()))
    }

    /// The whole text as a tree, as far as it is well-formed.
    pub(super) fn root(&self) -> Option<&Node> {
        self.root.get_or_init(|| read(self.text)).as_ref()
    }

    /// Reads the text before the first question, for instance beside another.
    pub fn read(text: &'t str) -> Positions<'t> {
        let positions = Self::new(text);
        positions.root();
        positions
    }

    /// The path of the value, or of the alias, that starts at `place`; of what that stands for, the value that is `written`
    /// elsewhere.
    pub(super) fn path_at(&self, place: Place, written: Place) -> Option<String> {
        let starts = |node: &Node| node.alias.unwrap_or(node.place).is_at(place);
        let (path, node) = self.root()?.find(String::new(), false, &starts)?;
        let within = node.find(path.clone(), true, &|node| node.place.is_at(written));
        Some(within.map_or(path, |(path, _)| path))
    }

    /// The nodes on the way to `path`, as far as they exist; the root itself is not among them.
    fn walk(&self, path: &str, item: ItemOf) -> Vec<Visit<'_>> {
        let mut visits = Vec::new();
        let Some(mut node) = self.root() else {
            return visits;
        };
        for step in steps(path) {
            let Some(visit) = node.child(&step, item) else {
                break;
            };
            node = visit.node;
            visits.push(visit);
        }
        visits
    }
}

/// A node with the key that leads to it.
struct Visit<'n> {
    key: Option<Place>,
    node: &'n Node,
}

impl Visit<'_> {
    fn place(&self) -> Place {
        match (&self.node.content, self.key) {
            (Content::Scalar(text), Some(key)) if text.is_empty() => key,
            (Content::Scalar(_), _) | (_, None) => self.node.place,
            (_, Some(key)) => key,
        }
    }
}

/// A YAML node. A copy is cheap, because an alias stands for one.
#[derive(Clone)]
pub(super) struct Node {
    /// Where it is written; of what an alias stands for, at its anchor.
    pub place: Place,
    /// The alias that stands for it here.
    alias: Option<Place>,
    /// Not in quotes, nor a block of lines.
    pub is_plain: bool,
    pub content: Content,
    /// How many nodes it consists of.
    size: usize,
}

#[derive(Clone)]
pub(super) enum Content {
    Scalar(Arc<str>),
    Sequence(Arc<Items>),
    /// What is merged follows what is written.
    Mapping(Arc<Vec<Entry>>),
    /// An alias of nothing, of what it is in, or of too much.
    Alias,
}

/// A key, its place, and its value.
#[derive(Clone)]
pub(super) struct Entry {
    pub key: Arc<str>,
    pub place: Place,
    pub node: Node,
}

/// How an item of a sequence is found.
type ItemOf = for<'i> fn(&'i Items, &str) -> Option<&'i Node>;

impl Node {
    /// Whether it stands here by an alias.
    pub fn is_alias(&self) -> bool {
        self.alias.is_some()
    }

    /// The child that `step` names: by its key, or as an item of a sequence.
    fn child(&self, step: &str, item: ItemOf) -> Option<Visit<'_>> {
        match &self.content {
            Content::Mapping(entries) => {
                let Entry { place, node, .. } = entries.iter().find(|entry| *entry.key == *step)?;
                Some(Visit { key: Some(*place), node })
            }
            Content::Sequence(items) => Some(Visit { key: None, node: item(items, step)? }),
            Content::Scalar(_) | Content::Alias => None,
        }
    }

    /// The first node that is sought, of this one (at `path`) and all within, with its path. What an alias stands for is
    /// found at its anchor, unless it is followed.
    fn find(
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
            Content::Mapping(entries) => {
                entries.iter().find_map(|entry| entry.node.find(join(&path, &entry.key), follows, is_sought))
            }
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
            Content::Mapping(entries) => Arc::unwrap_or_clone(entries),
            Content::Sequence(items) => items.nodes.iter().cloned().flat_map(Node::merged).collect(),
            Content::Scalar(_) | Content::Alias => Vec::new(),
        }
    }
}

/// The items of a sequence. Where all parameters of thousands of hosts are looked up, a search from the first item on would be
/// most of the work.
#[derive(Default)]
pub(super) struct Items {
    pub nodes: Vec<Node>,
    by_name: OnceLock<HashMap<String, usize>>,
}

impl Items {
    /// The first item of this name, or else the one of this index.
    fn named(&self, step: &str) -> Option<&Node> {
        self.of_name(step).or_else(|| self.at(step))
    }

    /// The item of this index, or else the first of this name.
    fn counted(&self, step: &str) -> Option<&Node> {
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

/// Reads the first document as far as it is well-formed.
fn read(text: &str) -> Option<Node> {
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
    Of(Arc<str>, Place),
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
                let merges = match tag {
                    None => is_plain,
                    Some(tag) => format!("{}{}", tag.handle(), tag.suffix()) == "tag:yaml.org,2002:merge",
                };
                if text == "<<" && merges && self.is_before_key() {
                    return self.put_key(Key::Merge);
                }
                let content = Content::Scalar(text.into());
                self.complete(Node { place, alias: None, is_plain, content, size: 1 }, anchor);
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
                (Content::Mapping(Arc::new(entries)), within)
            }
        };
        self.complete(Node { place, alias: None, is_plain: true, content, size: 1 + within }, anchor);
    }

    /// A copy of what the anchor holds, for the alias at `place`.
    fn alias(&mut self, anchor: usize, place: Place) -> Node {
        let held = self.anchors.get(&anchor);
        match held.filter(|node| self.aliased.saturating_add(node.size) <= ALIASED) {
            Some(node) => {
                self.aliased += node.size;
                Node { alias: Some(place), ..node.clone() }
            }
            None => Node { place, alias: None, is_plain: true, content: Content::Alias, size: 1 },
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
                Some(Key::Of(key, place)) => entries.push(Entry { key, place, node }),
                Some(Key::Merge) => merges.push(node),
                None => *key = Some(Key::Of(node.key_text(), node.alias.unwrap_or(node.place))),
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
    use super::*;

    const TEXT: &str = "\
# a comment
name: hard-way
network: {pods: 10.200.0.0/16, services: \"10.96.0.0/24\"}
empty:
hosts:
  - name: worker-1
    address: 10.0.0.36
    labels: {example.org/zone: ä, b: c}
  - {name: worker-2, roles: [worker]}
";

    #[test]
    fn of_items_with_one_name_the_first_is_meant() {
        let text = "hosts:\n  - {name: a, port: 1}\n  - 5\n  - {name: b}\n  - {name: a, port: 2}\n";
        let line = |path: &str| Positions::new(text).exact(path).map(|place| place.line);
        assert_eq!(line("hosts[a].port"), Some(2));
        assert_eq!(line("hosts[b].name"), Some(4));
        assert_eq!(line("hosts[c]"), None);
    }

    #[test]
    fn a_path_leads_to_a_place() {
        let positions = Positions::new(TEXT);
        let check = |path: &str, line, column, len| {
            let place = Place { line, column, len };
            assert_eq!(positions.locate(path), place, "{path}");
        };
        check("name", 2, 7, 8);
        check("network", 3, 1, 7);
        check("network.pods", 3, 17, 13);
        check("network.services", 3, 42, 14);
        check("network.dns", 3, 1, 7);
        check("empty", 4, 1, 5);
        check("hosts", 5, 1, 5);
        check("hosts[0]", 6, 5, 1);
        check("hosts[0].address", 7, 14, 9);
        check("hosts[worker-1].address", 7, 14, 9);
        check("hosts[0].labels[example.org/zone]", 8, 32, 1);
        check("hosts[0].labels.b", 8, 38, 1);
        check("hosts[worker-2].roles[0]", 9, 30, 6);
        check("hosts[worker-2].roles", 9, 22, 5);
        check("hosts[7].address", 5, 1, 5);
        check("nothing", 1, 1, 1);
        check("", 1, 1, 1);
    }

    #[test]
    fn a_key_has_its_own_place() {
        let positions = Positions::new(TEXT);
        let place = positions.locate_key("hosts[0].address");
        assert_eq!((place.line, place.column, place.len), (7, 5, 7));
    }

    #[test]
    fn a_place_leads_to_a_path() {
        let positions = Positions::new(TEXT);
        for path in ["name", "network.pods", "hosts[0].labels[example.org/zone]", "hosts[1].roles[0]"] {
            let place = positions.locate(path);
            assert_eq!(positions.path_at(place, place).as_deref(), Some(path));
        }
        assert_eq!(positions.path_at(Place::START, Place::START), None);
    }

    #[test]
    fn a_broken_text_is_read_as_far_as_it_goes() {
        let positions = Positions::new("name: a\nhosts:\n  - {name: b\nkind: [");
        assert_eq!(positions.locate("name").column, 7);
    }

    /// Where each path leads to, as line and text.
    #[track_caller]
    fn leads(text: &str, expected: &[(&str, Option<usize>)]) {
        let positions = Positions::new(text);
        for (path, line) in expected {
            assert_eq!(positions.exact(path).map(|place| place.line), *line, "{path}");
        }
    }

    #[test]
    fn a_number_is_a_name_to_who_decides_and_an_index_to_a_problem() {
        let text = "hosts:\n- {name: 1, port: 1}\n- {name: 7, port: 2}\nlist:\n- a\n";
        leads(text, &[("hosts[1].port", Some(2)), ("hosts[7].port", Some(3)), ("hosts[0].port", Some(2))]);
        leads(text, &[("list[0]", Some(5)), ("hosts[2]", None)]);
        let positions = Positions::new(text);
        assert_eq!(positions.locate("hosts[1].port").line, 3);
        assert_eq!(positions.locate("hosts[7].port").line, 3);
    }

    const ALIASES: &str = "\
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

    #[test]
    fn an_alias_stands_for_what_its_anchor_holds_where_that_is_written() {
        let expected = [
            ("hosts[w1].labels", Some(7)),
            ("hosts[w1].labels.zone", Some(2)),
            ("hosts[w1].arch", Some(8)),
            ("hosts[w2].labels.rack", Some(3)),
            ("hosts[w2].arch", Some(8)),
            ("hosts[w2].zone", Some(2)),
            ("hosts[w3].name", Some(11)),
            ("hosts[w3].rack", Some(10)),
            ("hosts[w3].arch", Some(8)),
            ("hosts[w3].labels.zone", Some(14)),
            ("hosts[w3].labels.rack", Some(3)),
            ("hosts[w3].labels.none", None),
            ("hosts[lost]", None),
        ];
        leads(ALIASES, &expected);
        let positions = Positions::new(ALIASES);
        let place = positions.locate("hosts[1].zone");
        assert_eq!((place.line, place.column, place.len), (2, 12, 1));
        let key = positions.locate_key("hosts[1].arch");
        assert_eq!((key.line, key.column), (8, 10));
    }

    #[test]
    fn an_alias_leads_to_its_own_path_and_what_it_stands_for_to_the_anchors() {
        let positions = Positions::new(ALIASES);
        let at = |line, column| Place { line, column, len: 1 };
        let path = |line, column| positions.path_at(at(line, column), at(line, column));
        assert_eq!(positions.path_at(at(7, 13), at(3, 9)).as_deref(), Some("hosts[0].labels.rack"));
        assert_eq!(path(7, 13).as_deref(), Some("hosts[0].labels"));
        assert_eq!(path(9, 34).as_deref(), Some("hosts[1].zone"));
        assert_eq!(path(2, 12).as_deref(), Some("labels.zone"));
    }

    #[test]
    fn aliases_stand_for_what_the_spec_is_read_to_have() {
        fn json(node: &Node) -> serde_json::Value {
            match &node.content {
                Content::Scalar(text) => (**text).into(),
                Content::Sequence(items) => items.nodes.iter().map(json).collect(),
                Content::Mapping(entries) => {
                    entries.iter().map(|entry| (entry.key.to_string(), json(&entry.node))).collect()
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
            let read: serde_json::Value = serde_saphyr::from_str(text).expect("it is well-formed");
            assert_eq!(json(Positions::new(text).root().expect("it has a root")), read, "{text}");
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
