//! Positions: from the path of a field to its place in the text of the cluster file.

use std::cell::OnceCell;

use super::place::Place;
use super::tree::{self, ItemOf, Items, Node, Visit};
use crate::field_path::steps;

/// Finds fields in a text. The text is read at the first question, so a file without problems costs nothing.
pub struct Positions<'t> {
    text: &'t str,
    root: OnceCell<Option<Node>>,
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
        self.root.get_or_init(|| tree::read(self.text)).as_ref()
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
        let starts = |node: &Node| node.stands_at().is_at(place);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tree::ALIASES;

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
}
