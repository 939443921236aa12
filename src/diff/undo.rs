//! The later state as it would be without one of the changes that led to it.

use kthw_graph::Graph;
use serde_json::Value;

use super::input::Input;
use crate::artifact::Artifact;
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::plan;
use crate::root::RootFingerprint;
use crate::spec::{self, steps};

/// The texts and files of both states.
pub struct Undo<'a> {
    pub spec: [&'a str; 2],
    pub lock: [&'a Lock; 2],
    pub imported: [&'a ImportedAuthorities; 2],
    pub root: RootFingerprint,
}

impl Undo<'_> {
    /// Plans the later state with one input as it was before. None where that makes no cluster.
    pub fn without(&self, input: &Input) -> Option<Graph<Artifact>> {
        let [_, spec_after] = self.spec;
        let [lock_before, lock_after] = self.lock;
        let [imported_before, imported_after] = self.imported;
        match input {
            Input::Field(change) => {
                let lock = lock_after.with_pins_of(lock_before);
                self.plan(&self.spec_without(&change.path)?, &lock, imported_after)
            }
            Input::Entry(change) => {
                let lock = lock_after.with_entry_of(lock_before, &change.entry);
                self.plan_text(spec_after, &lock, imported_after)
            }
            Input::File { .. } => self.plan_text(spec_after, lock_after, imported_before),
            Input::Program { .. } => None,
        }
    }

    /// The later cluster's file with one field as the earlier has it.
    fn spec_without(&self, path: &str) -> Option<Value> {
        let [before, after] = self.spec.map(|text| serde_saphyr::from_str::<Value>(text).ok());
        let (before, mut after) = (before?, after?);
        let steps: Vec<&str> = steps(path).collect();
        let old = steps.iter().try_fold(&before, |at, step| child(at, step)).cloned();
        let (last, way) = steps.split_last()?;
        let holder = way.iter().try_fold(&mut after, |at, step| child_mut(at, step))?;
        put(holder, last, old);
        Some(after)
    }

    fn plan_text(&self, spec: &str, lock: &Lock, imported: &ImportedAuthorities) -> Option<Graph<Artifact>> {
        let (cluster, _) = spec::load(spec).ok()?;
        plan::plan(&cluster, lock, self.root, imported).ok().map(|plan| plan.graph)
    }

    fn plan(&self, spec: &Value, lock: &Lock, imported: &ImportedAuthorities) -> Option<Graph<Artifact>> {
        let spec = serde_json::from_value(spec.clone()).ok()?;
        let (cluster, _) = spec::resolve(&spec).ok()?;
        plan::plan(&cluster, lock, self.root, imported).ok().map(|plan| plan.graph)
    }
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
