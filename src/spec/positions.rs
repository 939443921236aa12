//! Positions: from the path of a field to its place in the text of the cluster file.

use std::cell::OnceCell;
use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

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
    /// what would hold it.
    pub fn locate(&self, path: &str) -> Place {
        self.walk(path).last().map_or(Place::START, Visit::place)
    }

    /// The place of the value at `path`, if it is written.
    pub fn exact(&self, path: &str) -> Option<Place> {
        let visits = self.walk(path);
        let whole = visits.len() == steps(path).count();
        visits.last().filter(|_| whole).map(Visit::place)
    }

    /// The place of the key at `path`, found as in `locate`.
    pub fn locate_key(&self, path: &str) -> Place {
        self.walk(path).last().map_or(Place::START, |visit| visit.key.unwrap_or(visit.place()))
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

    /// The path of the value that starts at `place`.
    pub(super) fn path_at(&self, place: Place) -> Option<String> {
        self.root()?.path_at(place, String::new())
    }

    /// The nodes on the way to `path`, as far as they exist; the root itself is not among them.
    fn walk(&self, path: &str) -> Vec<Visit<'_>> {
        let mut visits = Vec::new();
        let Some(mut node) = self.root() else {
            return visits;
        };
        for step in steps(path) {
            let Some(visit) = node.child(step) else {
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

/// A YAML node and where it starts.
pub(super) struct Node {
    pub place: Place,
    /// Not in quotes, nor a block of lines.
    pub is_plain: bool,
    pub content: Content,
}

pub(super) enum Content {
    Scalar(String),
    Sequence(Items),
    /// Keys, their places, and values in the order of the text.
    Mapping(Vec<(String, Place, Node)>),
    /// An alias, which is not followed.
    Alias,
}

impl Node {
    /// The child that `step` names: a key, an index, or the `name` of a sequence's item.
    fn child(&self, step: &str) -> Option<Visit<'_>> {
        match &self.content {
            Content::Mapping(entries) => {
                let (_, key, node) = entries.iter().find(|(key, ..)| key == step)?;
                Some(Visit { key: Some(*key), node })
            }
            Content::Sequence(items) => {
                let node = match step.parse::<usize>() {
                    Ok(index) => items.nodes.get(index)?,
                    Err(_) => items.named(step)?,
                };
                Some(Visit { key: None, node })
            }
            Content::Scalar(_) | Content::Alias => None,
        }
    }

    /// The path of the node that starts at `place`, if that is this one (at `path`) or within.
    fn path_at(&self, place: Place, path: String) -> Option<String> {
        if (self.place.line, self.place.column) == (place.line, place.column) {
            return Some(path);
        }
        match &self.content {
            Content::Mapping(entries) => {
                entries.iter().find_map(|(key, _, node)| node.path_at(place, join(&path, key)))
            }
            Content::Sequence(items) => items
                .nodes
                .iter()
                .enumerate()
                .find_map(|(i, node)| node.path_at(place, format!("{path}[{i}]"))),
            Content::Scalar(_) | Content::Alias => None,
        }
    }

    /// What the field `name` of a mapping holds.
    pub fn name(&self) -> Option<&str> {
        match &self.child("name")?.node.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// The items of a sequence. Where all parameters of thousands of hosts are looked up, a search from the first item on would be
/// most of the work.
#[derive(Default)]
pub(super) struct Items {
    pub nodes: Vec<Node>,
    by_name: OnceCell<HashMap<String, usize>>,
}

impl Items {
    /// The first item of this name.
    fn named(&self, name: &str) -> Option<&Node> {
        let by_name = self.by_name.get_or_init(|| {
            let names = self.nodes.iter().enumerate().rev();
            names.filter_map(|(index, node)| Some((node.name()?.to_owned(), index))).collect()
        });
        by_name.get(name).map(|index| &self.nodes[*index])
    }
}

/// Splits `a.b[c.d].e` into `a`, `b`, `c.d`, `e`.
pub fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('.');
        if rest.is_empty() {
            return None;
        }
        let (step, tail) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        rest = tail;
        Some(step)
    })
}

/// Appends a key to a path, in brackets if it has a dot.
pub(super) fn join(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains(['.', '['])) {
        (_, true) => format!("{path}[{key}]"),
        (true, false) => key.to_owned(),
        (false, false) => format!("{path}.{key}"),
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

/// Builds the tree from events; the open collections are on a stack, so depth costs no recursion.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
}

/// A collection that is not closed yet, with the key that waits for its value.
struct Open {
    node: Node,
    key: Option<(String, Place)>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) {
        let place = Place::of(span);
        match event {
            Event::Scalar(text, style, ..) => self.put(Node {
                place,
                is_plain: style == ScalarStyle::Plain,
                content: Content::Scalar(match span.is_empty() {
                    true => String::new(),
                    false => text.into_owned(),
                }),
            }),
            Event::Alias(_) => self.put(Node { place, is_plain: true, content: Content::Alias }),
            Event::SequenceStart(..) => self.open(place, Content::Sequence(Items::default())),
            Event::MappingStart(..) => self.open(place, Content::Mapping(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
    }

    fn open(&mut self, place: Place, content: Content) {
        self.open.push(Open {
            node: Node { place: Place { len: 1, ..place }, is_plain: true, content },
            key: None,
        });
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.put(open.node);
        }
    }

    /// Gives a complete node to the innermost open collection.
    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.node.content {
            Content::Sequence(items) => items.nodes.push(node),
            Content::Mapping(entries) => match open.key.take() {
                Some((key, place)) => entries.push((key, place, node)),
                None => open.key = Some((node.key_text(), node.place)),
            },
            Content::Scalar(_) | Content::Alias => {}
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
    fn key_text(&self) -> String {
        match &self.content {
            Content::Scalar(text) => text.clone(),
            _ => String::new(),
        }
    }
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
            assert_eq!(positions.path_at(place).as_deref(), Some(path));
        }
        assert_eq!(positions.path_at(Place::START), None);
    }

    #[test]
    fn a_broken_text_is_read_as_far_as_it_goes() {
        let positions = Positions::new("name: a\nhosts:\n  - {name: b\nkind: [");
        assert_eq!(positions.locate("name").column, 7);
    }

    #[test]
    fn joining_and_splitting_agree() {
        let path = join(&join("hosts[0].labels", "example.org/zone"), "b");
        let found: Vec<_> = steps(&path).collect();
        assert_eq!(found, ["hosts", "0", "labels", "example.org/zone", "b"]);
    }
}
