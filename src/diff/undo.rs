//! The later state as it would be without one of the changes that led to it.

use std::cell::OnceCell;
use std::collections::HashMap;

use kthw_graph::Graph;
use serde_json::Value;

use super::input::Input;
use crate::artifact::Artifact;
use crate::field_path::steps;
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::plan;
use crate::root::RootFingerprint;
use crate::spec::{self, FieldChange};

/// The texts and files of both states.
pub struct Undo<'a> {
    spec: [&'a str; 2],
    lock: [&'a Lock; 2],
    imported: [&'a ImportedAuthorities; 2],
    root: RootFingerprint,
    /// What the texts say, once it was asked.
    said: OnceCell<Option<[Value; 2]>>,
}

impl<'a> Undo<'a> {
    pub fn new(
        spec: [&'a str; 2],
        lock: [&'a Lock; 2],
        imported: [&'a ImportedAuthorities; 2],
        root: RootFingerprint,
    ) -> Self {
        Self { spec, lock, imported, root, said: OnceCell::new() }
    }

    /// Plans the later state with some inputs as they were before. None where that makes no cluster.
    pub fn without(&self, inputs: &[&Input]) -> Option<Graph<Artifact>> {
        let [lock_before, lock_after] = self.lock;
        // A version of either side finds its pin.
        let mut lock = lock_after.with_pins_of(lock_before);
        let mut fields = Vec::new();
        for input in inputs {
            match input {
                Input::Field(change) => fields.push(change),
                Input::Entry(change) => lock = lock.with_entry_of(lock_before, &change.entry),
                Input::File { .. } => {}
                Input::Program { .. } => return None,
            }
        }
        let [before, after] = self.said.get_or_init(|| said(self.spec)).as_ref()?;
        let spec = serde_json::from_value(without(before, after.clone(), &fields)).ok()?;
        let (cluster, _) = spec::resolve(&spec).ok()?;
        plan::plan(&cluster, &lock, self.root, &imported_without(self.imported, inputs))
            .ok()
            .map(|plan| plan.graph)
    }
}

/// The later authorities, with those as before whose file is, or that the later state has no more.
fn imported_without(imported: [&ImportedAuthorities; 2], inputs: &[&Input]) -> ImportedAuthorities {
    let [before, after] = imported;
    let mut without = after.clone();
    for (authority, then) in before {
        let certificate = format!("pki.authorities.{authority}.certificate");
        let is_undone = inputs.iter().any(|input| match input {
            Input::File { field, .. } => *field == certificate,
            Input::Field(change) => change.paths().any(|path| path == certificate),
            Input::Entry(_) | Input::Program { .. } => false,
        });
        if is_undone || !after.contains_key(authority) {
            without.insert(*authority, then.clone());
        }
    }
    without
}

/// What both texts say, as they are read for a build: what looks like a number may be a string.
fn said(texts: [&str; 2]) -> Option<[Value; 2]> {
    let said = |text| serde_json::to_value(spec::parse(text).ok()?).ok();
    let [before, after] = texts;
    Some([said(before)?, said(after)?])
}

/// The later cluster's file with some fields as the earlier has them. Of a section that only one of them has, the whole
/// is undone: a part of it is no section.
fn without(before: &Value, mut after: Value, changes: &[&FieldChange]) -> Value {
    // What comes back has its place in the order.
    let (orders, fields): (Vec<&FieldChange>, Vec<_>) = changes.iter().partition(|change| change.is_order);
    for path in fields.into_iter().flat_map(|change| change.paths()) {
        let steps: Vec<_> = steps(path).collect();
        let both = |depth: &usize| {
            find(before, &steps[..*depth]).is_some() == find(&after, &steps[..*depth]).is_some()
        };
        let depth = (1..steps.len()).find(|depth| !both(depth)).unwrap_or(steps.len());
        let Some((last, way)) = steps[..depth].split_last() else { continue };
        // Where there is no holder, it is undone already with another part of it.
        if let Some(holder) = way.iter().try_fold(&mut after, |at, step| child_mut(at, step)) {
            match find(before, way) {
                Some(earlier) => put_back(holder, last, earlier),
                None => remove(holder, last),
            }
        }
    }
    for path in orders.into_iter().flat_map(|change| change.paths()) {
        let steps: Vec<_> = steps(path).collect();
        let later = steps.iter().try_fold(&mut after, |at, step| child_mut(at, step));
        if let (Some(Value::Array(earlier)), Some(Value::Array(later))) = (find(before, &steps), later) {
            reorder(later, earlier);
        }
    }
    after
}

/// The value at some steps, unless it is null, which is the same as none.
fn find<'v, S: AsRef<str>>(value: &'v Value, steps: &[S]) -> Option<&'v Value> {
    let found = steps.iter().try_fold(value, |at, step| child(at, step.as_ref()));
    found.filter(|value| !value.is_null())
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.iter().find(|item| is_called(item, step)),
        _ => None,
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(items) => items.iter_mut().find(|item| is_called(item, step)),
        _ => None,
    }
}

/// Gives a member or an item the value that it had in `earlier`, or takes away what was not there.
fn put_back(holder: &mut Value, step: &str, earlier: &Value) {
    let Some(old) = child(earlier, step).cloned() else { return remove(holder, step) };
    match (holder, earlier) {
        (Value::Object(members), _) => _ = members.insert(step.to_owned(), old),
        (Value::Array(items), Value::Array(earlier)) => {
            match items.iter().position(|item| is_called(item, step)) {
                Some(at) => items[at] = old,
                None => items.insert(place_of(step, items, earlier), old),
            }
        }
        _ => {}
    }
}

fn remove(holder: &mut Value, step: &str) {
    match holder {
        Value::Object(members) => _ = members.remove(step),
        Value::Array(items) => items.retain(|item| !is_called(item, step)),
        _ => {}
    }
}

/// Where an item comes back: after the nearest of those before it that is there still.
fn place_of(name: &str, items: &[Value], earlier: &[Value]) -> usize {
    let at = earlier.iter().position(|item| is_called(item, name)).unwrap_or_default();
    let mut before = earlier[..at].iter().rev();
    // The nearest first: of many that come back, most have come back just before.
    let there = before.find_map(|known| items.iter().position(|item| item["name"] == known["name"]));
    there.map_or(0, |at| at + 1)
}

/// Gives the items that an earlier list has too the order that they had there.
fn reorder(items: &mut [Value], earlier: &[Value]) {
    let ranks: HashMap<String, usize> =
        earlier.iter().enumerate().map(|(rank, item)| (item["name"].to_string(), rank)).collect();
    let rank = |item: &Value| ranks.get(&item["name"].to_string()).copied();
    let places: Vec<usize> = (0..items.len()).filter(|at| rank(&items[*at]).is_some()).collect();
    let mut kept: Vec<Value> = places.iter().map(|at| items[*at].take()).collect();
    kept.sort_by_key(rank);
    for (at, item) in places.into_iter().zip(kept) {
        items[at] = item;
    }
}

/// Whether an item goes by this name, which may be a number.
fn is_called(item: &Value, name: &str) -> bool {
    match &item["name"] {
        Value::String(own) => own == name,
        Value::Number(own) => own.to_string() == name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::trial;
    use crate::cluster::Authority;
    use crate::spec::{Positions, changes};

    /// What is left of the later text without the changes of these paths, and of all.
    #[track_caller]
    fn check(texts: [&str; 2], paths: &[&str], expected: Value) {
        let [before, after] = texts.map(|text| serde_saphyr::from_str::<Value>(text).expect("YAML"));
        let found = changes(&Positions::new(texts[0]), &Positions::new(texts[1]));
        let of = |path: &&str| found.iter().find(|change| change.path == **path).expect("it is a change");
        let undone: Vec<&FieldChange> = paths.iter().map(of).collect();
        assert_eq!(without(&before, after.clone(), &undone), expected, "{found:#?}");
        assert_eq!(without(&before, after, &found.iter().collect::<Vec<_>>()), before, "{found:#?}");
    }

    #[test]
    fn a_string_is_one_whatever_it_looks_like() {
        let [before, after] =
            said(["name: 5\n", "name: no\nversions: {kubernetes: 1.30}\n"]).expect("both are read");
        assert_eq!([&before["name"], &after["name"]], ["5", "no"]);
        assert_eq!(after["versions"]["kubernetes"], "1.30");
    }

    #[test]
    fn a_section_that_came_goes_as_a_whole() {
        let texts = ["a: 1\n", "a: 2\netcd: {quota: 3, backup: {daily: {keep: 2d, at: 3}}}\n"];
        check(texts, &["etcd.backup.daily.keep"], json!({"a": 2}));
        check(
            texts,
            &["a"],
            json!({"a": 1, "etcd": {"quota": 3, "backup": {"daily": {"keep": "2d", "at": 3}}}}),
        );
        let texts = ["etcd: {quota: 3}\n", "etcd: {quota: 3, backup: {daily: {keep: 2d, at: 3}}}\n"];
        check(texts, &["etcd.backup.daily.keep"], json!({"etcd": {"quota": 3}}));
    }

    #[test]
    fn a_section_that_went_comes_back_as_a_whole() {
        let texts = ["a: 1\netcd: {quota: 3, size: 4}\n", "a: 2\n"];
        check(texts, &["etcd.size"], json!({"a": 2, "etcd": {"quota": 3, "size": 4}}));
    }

    #[test]
    fn what_needs_each_other_is_undone_together() {
        let texts = ["pods: 10.1.0.0/16\nhosts: [{name: a, pod: 10.1.0.0/24}]\n"; 2].map(str::to_owned);
        let after = texts[1].replace("10.1", "10.2");
        let texts = [texts[0].as_str(), &after];
        check(
            texts,
            &["pods"],
            json!({"pods": "10.1.0.0/16", "hosts": [{"name": "a", "pod": "10.2.0.0/24"}]}),
        );
        let both = json!({"pods": "10.1.0.0/16", "hosts": [{"name": "a", "pod": "10.1.0.0/24"}]});
        check(texts, &["pods", "hosts[a].pod"], both);
    }

    #[test]
    fn an_order_is_undone_and_nothing_else_of_the_list() {
        let texts = [
            "l: [{name: a}, {name: b}, {name: c}, {name: 7}]\n",
            "l: [{name: c}, {name: d}, {name: 7}, {name: a, x: 1}]\n",
        ];
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| json!({"name": name}));
        let (a_x, seven) = (json!({"name": "a", "x": 1}), json!({"name": 7}));
        check(texts, &["l"], json!({"l": [a_x, d, c, seven]}));
        check(texts, &["l[b]"], json!({"l": [c, d, seven, a_x, b]}));
        check(texts, &["l[a].x"], json!({"l": [c, d, seven, a]}));
    }

    #[test]
    fn an_item_comes_back_where_it_was() {
        let texts = ["l: [{name: a}, {name: b}, {name: c}]\n", "l: [{name: b, x: 1}]\n"];
        let [a, b] = [json!({"name": "a"}), json!({"name": "b", "x": 1})];
        check(texts, &["l[a]"], json!({"l": [a, b]}));
        check(texts, &["l[c]"], json!({"l": [b, {"name": "c"}]}));
    }

    #[test]
    fn what_an_anchor_holds_is_undone_for_all_that_have_it() {
        let text = "l: [&a {name: a, x: 1}, {<<: *a, name: b}, {<<: *a, name: c, x: 3}]\n";
        let after = text.replace("x: 1", "x: 2, z: 4");
        check(
            [text, &after],
            &["l[a].x"],
            json!({"l": [
                {"name": "a", "x": 1, "z": 4}, {"name": "b", "x": 1, "z": 4}, {"name": "c", "x": 3, "z": 4},
            ]}),
        );
    }

    #[test]
    fn of_authorities_the_one_whose_file_it_is_is_undone() {
        let [old, new] = [1, 2].map(|generation| trial::imported(generation).0);
        let all = [Authority::Cluster, Authority::Etcd, Authority::FrontProxy];
        let before: ImportedAuthorities = all.into_iter().map(|authority| (authority, old.clone())).collect();
        let mut after: ImportedAuthorities =
            all.into_iter().map(|authority| (authority, new.clone())).collect();
        after.remove(&Authority::FrontProxy);
        let field = "pki.authorities.etcd.certificate".to_owned();
        let replaced = Input::File { field: field.clone(), path: "etcd.pem".to_owned() };
        let also = vec![field];
        let (before_path, is_order) = ("pki.authorities.front-proxy.certificate".to_owned(), false);
        let other = FieldChange { path: before_path, also, before: None, after: None, is_order };
        for undone in [replaced, Input::Field(other)] {
            let without = imported_without([&before, &after], &[&undone]);
            assert_eq!(without[&Authority::Etcd], old);
            assert_eq!(without[&Authority::Cluster], new);
            assert_eq!(without[&Authority::FrontProxy], old);
        }
    }
}
