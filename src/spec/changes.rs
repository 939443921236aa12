//! What tells two cluster files apart, field by field, whatever their layout and comments.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::place::Place;
use super::positions::Positions;
use super::tree::{Content, Entries, Entry, Node};
use crate::field_path::{item, join};

/// A field that was added, removed or given another value. An item that was added or removed is one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// As in `hosts[worker-1].labels.zone`; items that have names go by them.
    pub path: String,
    /// The other fields that have the same value by aliases or merge keys.
    pub also: Vec<String>,
    pub before: Option<Written>,
    pub after: Option<Written>,
    /// The items of a list stay as they are and come in another order.
    pub is_order: bool,
}

impl FieldChange {
    /// The paths of all fields that it is a change of.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.path).chain(&self.also).map(String::as_str)
    }
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// On one line, as YAML would have it.
    pub value: String,
    pub line: usize,
}

/// The changes from one text to another, in the order of the later one; what was removed comes where it was missed.
pub fn changes(before: &Positions<'_>, after: &Positions<'_>) -> Vec<FieldChange> {
    let mut changes = Changes::default();
    match (before.root(), after.root()) {
        (Some(before), Some(after)) => compare("", Told::of(before), Told::of(after), &mut changes),
        (before, after) => {
            let side = |node: Option<&Node>| node.map(|node| (Told::of(node).written(), node.place));
            changes.push("", side(before), side(after));
        }
    }
    changes.found
}

/// What was found so far.
#[derive(Default)]
struct Changes {
    found: Vec<FieldChange>,
    /// By where both values are written: what many have by aliases is changed once.
    known: HashMap<[Option<(usize, usize)>; 2], usize>,
}

impl Changes {
    fn push(&mut self, path: &str, before: Option<(Written, Place)>, after: Option<(Written, Place)>) {
        let place = |side: &Option<(Written, Place)>| side.as_ref().map(|(_, at)| (at.line, at.column));
        let places = [place(&before), place(&after)];
        if places == [None, None] {
            return;
        }
        if let Some(index) = self.known.get(&places) {
            return self.found[*index].also.push(path.to_owned());
        }
        self.known.insert(places, self.found.len());
        let [before, after] = [before, after].map(|side| side.map(|(written, _)| written));
        self.found.push(FieldChange {
            path: path.to_owned(),
            also: Vec::new(),
            before,
            after,
            is_order: false,
        });
    }
}

/// A node, and the line that it is told by: that of its key, if it has one.
#[derive(Clone, Copy)]
struct Told<'n> {
    node: &'n Node,
    line: usize,
}

impl<'n> Told<'n> {
    fn of(node: &'n Node) -> Self {
        Self { node, line: node.place.line }
    }

    fn written(self) -> Written {
        Written { value: value(self.node), line: self.line }
    }
}

fn compare(path: &str, before: Told<'_>, after: Told<'_>, changes: &mut Changes) {
    let children = match (&before.node.content, &after.node.content) {
        (Content::Mapping(_), Content::Mapping(_)) => entries(before.node).zip(entries(after.node)),
        (Content::Sequence(_), Content::Sequence(_)) => items(before.node).zip(items(after.node)),
        _ => None,
    };
    let Some((before_children, after_children)) = children else {
        if !is_same(before.node, after.node) {
            let (old, new) = (before.written(), after.written());
            changes.push(path, Some((old, before.node.place)), Some((new, after.node.place)));
        }
        return;
    };
    let known: HashMap<&str, &Child<'_>> = before_children.iter().map(|child| (child.step, child)).collect();
    let kept: HashSet<&str> = after_children.iter().map(|child| child.step).collect();
    for child in &after_children {
        let path = child.path(path);
        match known.get(child.step) {
            Some(old) => compare(&path, old.told, child.told, changes),
            None => lone(&path, child, &mut |path, after| changes.push(path, None, Some(after))),
        }
    }
    if before_children.first().is_some_and(|child| child.is_item) {
        order(path, (&before_children, before.line), (&after_children, after.line), changes);
    }
    for child in before_children.iter().filter(|child| !kept.contains(child.step)) {
        lone(&child.path(path), child, &mut |path, before| changes.push(path, Some(before), None));
    }
}

/// Says if items that stay come in another order; the order of keys means nothing.
fn order(
    path: &str,
    (before, line_before): (&[Child<'_>], usize),
    (after, line_after): (&[Child<'_>], usize),
    changes: &mut Changes,
) {
    let kept = |children: &[Child<'_>], others: &[Child<'_>]| {
        let others: HashSet<&str> = others.iter().map(|child| child.step).collect();
        let kept = children.iter().map(|child| child.step.to_owned()).filter(|step| others.contains(&**step));
        kept.collect::<Vec<String>>()
    };
    let (old, new) = (kept(before, after), kept(after, before));
    if old != new {
        let (old, new) = moved(&old, &new);
        let (before, after) =
            (Written { value: old, line: line_before }, Written { value: new, line: line_after });
        let (before, after) = (Some(before), Some(after));
        let path = path.to_owned();
        changes.found.push(FieldChange { path, also: Vec::new(), before, after, is_order: true });
    }
}

/// Two orders of the same names, without those at either end that stay where they are.
fn moved(old: &[String], new: &[String]) -> (String, String) {
    let same = |(old, new): &(&String, &String)| old == new;
    let first = old.iter().zip(new).take_while(same).count();
    let last = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let shown = |names: &[String]| {
        let (first_mark, last_mark) = (if first > 0 { "…, " } else { "" }, if last > 0 { ", …" } else { "" });
        format!("[{first_mark}{}{last_mark}]", names[first..names.len() - last].join(", "))
    };
    (shown(old), shown(new))
}

/// What is on one side alone: each field of a section, and an item of a list as a whole.
fn lone(path: &str, child: &Child<'_>, push: &mut dyn FnMut(&str, (Written, Place))) {
    match entries(child.told.node).filter(|fields| !child.is_item && !fields.is_empty()) {
        Some(fields) => fields.iter().for_each(|field| lone(&field.path(path), field, push)),
        None => push(path, (child.told.written(), child.told.node.place)),
    }
}

/// A value of a mapping, or an item of a list, by its name.
struct Child<'n> {
    step: &'n str,
    is_item: bool,
    told: Told<'n>,
}

impl Child<'_> {
    /// Its path, if this is that of what it is in.
    fn path(&self, within: &str) -> String {
        if self.is_item { item(within, self.step) } else { join(within, self.step) }
    }
}

fn entries(node: &Node) -> Option<Vec<Child<'_>>> {
    let Content::Mapping(entries) = &node.content else { return None };
    Some(
        entries
            .list
            .iter()
            .map(|Entry { key, place, node, .. }| {
                // What an alias stands for is changed where it is written.
                let line = if node.is_alias() { node.place.line } else { place.line };
                Child { step: key, is_item: false, told: Told { node, line } }
            })
            .collect(),
    )
}

/// The items of a list, if all of them have names of their own.
fn items(node: &Node) -> Option<Vec<Child<'_>>> {
    let Content::Sequence(items) = &node.content else { return None };
    let mut seen = HashSet::new();
    let child = |node| {
        let step = Node::name(node).filter(|name| seen.insert(*name))?;
        Some(Child { step, is_item: true, told: Told::of(node) })
    };
    items.nodes.iter().map(child).collect()
}

fn value(node: &Node) -> String {
    Flow(node).to_string()
}

/// Whether both say the same: the order of keys means nothing, at any depth.
fn is_same(before: &Node, after: &Node) -> bool {
    match (&before.content, &after.content) {
        (Content::Mapping(old), Content::Mapping(new)) => {
            let keys = |entries: &Entries| entries.list.iter().map(|entry| Arc::clone(&entry.key)).collect();
            let keys: [BTreeSet<Arc<str>>; 2] = [keys(old), keys(new)];
            let is_child_same = |key: &Arc<str>| match (old.of_key(key), new.of_key(key)) {
                (Some(old), Some(new)) => is_same(&old.node, &new.node),
                _ => false,
            };
            keys[0] == keys[1] && keys[0].iter().all(is_child_same)
        }
        (Content::Sequence(old), Content::Sequence(new)) => {
            let (old, new) = (&old.nodes, &new.nodes);
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new))
        }
        _ => value(before) == value(after),
    }
}

/// Whether a text would be no text without its quotes.
fn reads_as_other(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "true" | "false")
        || text.parse::<f64>().is_ok()
        || text.starts_with(['[', '{', '*', '&', '!'])
        || text.contains(", ")
        || text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t'])
}

/// A node on one line.
struct Flow<'n>(&'n Node);

impl fmt::Display for Flow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.content {
            Content::Scalar(text) if !self.0.is_plain && reads_as_other(text) => write!(f, "{text:?}"),
            Content::Scalar(text) => f.write_str(text),
            Content::Alias => f.write_str("*"),
            Content::Sequence(items) => {
                f.write_str("[")?;
                for (i, item) in items.nodes.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", Flow(item))?;
                }
                f.write_str("]")
            }
            Content::Mapping(entries) => {
                f.write_str("{")?;
                for (i, Entry { key, node, .. }) in entries.list.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}: {}", Flow(node))?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> Vec<String> {
        let side = |written: &Option<Written>| match written {
            Some(Written { value, line }) => format!("{value} (line {line})"),
            None => "nothing".to_owned(),
        };
        changes(&Positions::new(before), &Positions::new(after))
            .iter()
            .map(|change| {
                let paths: Vec<&str> = change.paths().collect();
                format!("{}: {} -> {}", paths.join(" "), side(&change.before), side(&change.after))
            })
            .collect()
    }

    const BEFORE: &str = "\
name: a
network:
  services: 10.96.0.0/24
api: {sans: [x, y]}
hosts:
  - name: w1
    labels: {zone: a}
  - {name: w2, roles: [worker]}
";

    #[test]
    fn comments_layout_and_the_order_of_keys_are_no_change() {
        let after = "# more\nhosts: [{labels: {zone: 'a'}, name: w1}, {roles: [worker], name: w2}]\nname: a\n\
                     api: {sans: [x, y]}\nnetwork: {services: 10.96.0.0/24}\n";
        assert_eq!(shown(BEFORE, after), [""; 0]);
        let rules = "rules:\n- {verbs: [get, list], on: {group: a, kinds: [b]}}\n- {level: None}\n";
        let turned = "rules:\n- on: {kinds: [b], group: 'a'}\n  verbs: [get, list]\n- {level: None}\n";
        assert_eq!(shown(rules, turned), [""; 0]);
        for other in [
            turned.replace("get, list", "list, get"),
            turned.replace("group: 'a'", "group: 'c'"),
            turned.replace(", group: 'a'", ""),
        ] {
            assert_eq!(shown(rules, &other).len(), 1, "{other}");
        }
    }

    #[test]
    fn a_value_changes_where_it_is_written() {
        let after = BEFORE.replace("0.0/24", "0.0/16").replace("zone: a", "zone: b");
        assert_eq!(
            shown(BEFORE, &after),
            [
                "network.services: 10.96.0.0/24 (line 3) -> 10.96.0.0/16 (line 3)",
                "hosts[w1].labels.zone: a (line 7) -> b (line 7)",
            ]
        );
    }

    #[test]
    fn an_item_that_is_added_or_removed_is_one_change() {
        let after = BEFORE.replace("  - {name: w2, roles: [worker]}\n", "  - {name: w3, roles: [worker]}\n");
        assert_eq!(
            shown(BEFORE, &after),
            [
                "hosts[w3]: nothing -> {name: w3, roles: [worker]} (line 8)",
                "hosts[w2]: {name: w2, roles: [worker]} (line 8) -> nothing",
            ]
        );
    }

    #[test]
    fn a_section_that_is_new_is_a_change_of_each_of_its_fields() {
        let after = format!("{BEFORE}etcd:\n  quota: 8GiB\n  backup: {{daily: {{keep: 2d}}}}\n");
        let expected =
            ["etcd.quota: nothing -> 8GiB (line 10)", "etcd.backup.daily.keep: nothing -> 2d (line 11)"];
        assert_eq!(shown(BEFORE, &after), expected);
        assert_eq!(shown(&after, BEFORE).len(), 2);
    }

    #[test]
    fn a_text_is_another_value_than_the_number_that_it_looks_like() {
        let text = BEFORE.replace("name: a\n", "name: 5\n");
        let quoted = text.replace("name: 5", "name: '5'");
        assert_eq!(shown(&text, &quoted), ["name: 5 (line 1) -> \"5\" (line 1)"]);
        assert_eq!(shown(BEFORE, &BEFORE.replace("name: a\n", "name: 'a'\n")), [""; 0]);
        assert_eq!(shown(BEFORE, &BEFORE.replace("[x, y]", "['x, y']")).len(), 1);
        let padded = BEFORE.replace("name: a\n", "name: 'a '\n");
        assert_eq!(shown(BEFORE, &padded), ["name: a (line 1) -> \"a \" (line 1)"]);
    }

    #[test]
    fn the_order_of_items_is_a_change() {
        let after = BEFORE.replace("  - name: w1\n    labels: {zone: a}\n", "")
            + "  - {name: w1, labels: {zone: a}}\n";
        assert_eq!(shown(BEFORE, &after), ["hosts: [w1, w2] (line 5) -> [w2, w1] (line 5)"]);
        let list = |names: &str| {
            let items = names.chars().map(|name| format!("{{name: {name}}}"));
            format!("l: [{}]\n", items.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(
            shown(&list("abcde"), &list("acbde")),
            ["l: […, b, c, …] (line 1) -> […, c, b, …] (line 1)"]
        );
    }

    #[test]
    fn what_an_anchor_holds_changes_once_for_all_that_have_it() {
        let text = "labels: &l\n  zone: &z a\nhosts:\n- name: w1\n  labels: *l\n- {name: w2, <<: {labels: *l}}\n\
                    - name: w3\n  zone: *z\n";
        assert_eq!(
            shown(text, &text.replace("&z a", "&z b")),
            ["labels.zone hosts[w1].labels.zone hosts[w2].labels.zone hosts[w3].zone: \
                 a (line 2) -> b (line 2)"]
        );
        let other = text.replace("  labels: *l\n", "  labels: {zone: b}\n").replace("&z a", "&z a\n  x: 1");
        assert_eq!(
            shown(text, &other),
            [
                "labels.x hosts[w2].labels.x: nothing -> 1 (line 3)",
                "hosts[w1].labels.zone: a (line 2) -> b (line 6)",
            ]
        );
        let spelt_out = "labels: {zone: a}\nhosts:\n- {name: w1, labels: {zone: a}}\n\
                         - {name: w2, labels: {zone: a}}\n- {name: w3, zone: a}\n";
        assert_eq!(shown(text, spelt_out), [""; 0]);
    }

    #[test]
    fn how_lines_end_is_no_change() {
        let text = "a: b\nc: |\n  d\n\n  e\nf: \"g\n  h\"\ni: >-\n  j\n  k\nl: [m,\n  n]\n";
        assert_eq!(shown(text, &text.replace('\n', "\r\n")), [""; 0]);
        assert_eq!(
            shown(&text.replace('\n', "\r\n"), &text.replace("b\n", "x\n")),
            ["a: b (line 1) -> x (line 1)"]
        );
    }

    #[test]
    fn an_item_goes_by_its_name_though_it_be_a_number() {
        let text = "hosts: [{name: 7, port: 1}, {name: 0, port: 2}]\n";
        let after = text.replace("port: 2", "port: 3");
        assert_eq!(shown(text, &after), ["hosts[0].port: 2 (line 1) -> 3 (line 1)"]);
    }

    #[test]
    fn a_list_without_names_is_one_value() {
        assert_eq!(
            shown(BEFORE, &BEFORE.replace("[x, y]", "[x]")),
            ["api.sans: [x, y] (line 4) -> [x] (line 4)"]
        );
    }
}
