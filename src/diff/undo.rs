//! The later state as it would be without one of the changes that led to it.

use std::borrow::Cow;

use kthw_graph::Graph;
use serde_json::Value;

use super::input::Input;
use crate::artifact::Artifact;
use crate::field_path::steps;
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::plan;
use crate::root::RootFingerprint;
use crate::spec;

/// The texts and files of both states.
pub struct Undo<'a> {
    pub spec: [&'a str; 2],
    pub lock: [&'a Lock; 2],
    pub imported: [&'a ImportedAuthorities; 2],
    pub root: RootFingerprint,
}

impl Undo<'_> {
    /// Plans the later state with some inputs as they were before. None where that makes no cluster.
    pub fn without(&self, inputs: &[&Input]) -> Option<Graph<Artifact>> {
        let [lock_before, lock_after] = self.lock;
        let [imported_before, imported_after] = self.imported;
        // A version of either side finds its pin.
        let mut lock = lock_after.with_pins_of(lock_before);
        let mut imported = imported_after;
        let mut fields = Vec::new();
        for input in inputs {
            match input {
                Input::Field(change) => fields.push(change.path.as_str()),
                Input::Entry(change) => lock = lock.with_entry_of(lock_before, &change.entry),
                Input::File { .. } => imported = imported_before,
                Input::Program { .. } => return None,
            }
        }
        let spec = serde_json::from_value(self.spec_without(&fields)?).ok()?;
        let (cluster, _) = spec::resolve(&spec).ok()?;
        plan::plan(&cluster, &lock, self.root, imported).ok().map(|plan| plan.graph)
    }

    /// The later cluster's file with some fields as the earlier has them. Of a section that only one of them has, the whole
    /// is undone: a part of it is no section.
    fn spec_without(&self, paths: &[&str]) -> Option<Value> {
        let [before, after] = self.spec.map(|text| serde_saphyr::from_str::<Value>(text).ok());
        let (before, mut after) = (before?, after?);
        for path in paths {
            let steps: Vec<_> = steps(path).collect();
            let depth = (1..steps.len())
                .find(|depth| {
                    find(&before, &steps[..*depth]).is_some() != find(&after, &steps[..*depth]).is_some()
                })
                .unwrap_or(steps.len());
            let old = find(&before, &steps[..depth]).cloned();
            let (last, way) = steps[..depth].split_last()?;
            // Undone already, with another part of it.
            let Some(holder) = way.iter().try_fold(&mut after, |at, step| child_mut(at, step)) else {
                continue;
            };
            put(holder, last, old);
        }
        Some(after)
    }
}

fn find<'v>(value: &'v Value, steps: &[Cow<'_, str>]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |at, step| child(at, step))
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.iter().find(|item| item["name"] == step),
        _ => None,
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(step),
        Value::Array(items) => items.iter_mut().find(|item| item["name"] == step),
        _ => None,
    }
}

/// Gives a member or an item the value that it had, or takes away what was not there.
fn put(holder: &mut Value, step: &str, old: Option<Value>) {
    match (holder, old) {
        (Value::Object(members), Some(old)) => _ = members.insert(step.to_owned(), old),
        (Value::Object(members), None) => _ = members.remove(step),
        (Value::Array(items), old) => {
            let at = items.iter().position(|item| item["name"] == step);
            match (at, old) {
                (Some(at), Some(old)) => items[at] = old,
                (Some(at), None) => _ = items.remove(at),
                (None, Some(old)) => items.push(old),
                (None, None) => {}
            }
        }
        _ => {}
    }
}
