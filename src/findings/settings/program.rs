//! What a program is told on one host: its flags, and its configuration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::row::Row;
use super::subject::Subject;
use crate::artifact::{Artifact, DecidedBy};
use crate::diff::Causes;
use crate::plan;
use crate::side::Side;

/// Everything that one program is told.
#[derive(Default)]
pub struct Told {
    flags: BTreeMap<String, (String, Vec<String>)>,
    config: Option<Value>,
}

impl Told {
    fn add(&mut self, action: &Artifact) {
        match action {
            Artifact::Unit(unit) => {
                let flags = unit.commands().last().into_iter().flat_map(|command| &command.flags);
                self.flags.extend(flags.map(|flag| {
                    let fields = match &flag.decided_by {
                        DecidedBy::Spec(field) => vec![field.clone()],
                        DecidedBy::Derived(fields) => fields.clone(),
                        DecidedBy::Program => Vec::new(),
                    };
                    (flag.name.clone(), (flag.values.join(","), fields))
                }));
            }
            Artifact::KubeletConfig(config) => self.config = Some(config.document()),
            Artifact::KubeProxyConfig(config) => self.config = Some(config.document()),
            Artifact::SchedulerConfig(config) => self.config = Some(config.document()),
            Artifact::ContainerdConfig(config) => self.config = Some(config.document()),
            Artifact::CiliumValues(values) => self.config = Some(values.document()),
            _ => {}
        }
    }

    /// The value that counts: a flag's before the configuration's, and the program's own where neither is there.
    pub fn value(&self, row: &Row) -> String {
        if let Some((value, _)) = self.flags.get(row.flag) {
            return value.clone();
        }
        let config = self.config.as_ref();
        let field =
            config.and_then(|config| row.fields.iter().find_map(|field| found(config, field, row.default)));
        field.unwrap_or_else(|| row.default.to_owned())
    }

    /// The fields that decided the flag.
    pub fn deciders(&self, row: &Row) -> impl Iterator<Item = String> + use<'_> {
        self.flags.get(row.flag).into_iter().flat_map(|(_, fields)| fields.iter().cloned())
    }
}

/// The value at a pointer, or that of each item of a list.
fn found(config: &Value, pointer: &str, default: &str) -> Option<String> {
    let Some((list, rest)) = pointer.split_once("/*") else { return config.pointer(pointer).map(shown) };
    let items = config.pointer(list)?.as_array()?.iter();
    let values = items.map(|item| item.pointer(rest).map_or_else(|| default.to_owned(), shown));
    Some(values.collect::<Vec<_>>().join(","))
}

/// A value of a configuration as a flag would say it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// What the programs of a host are told before and after that were and are there, and start anew; counts who runs each
/// program afterwards.
pub fn told(
    causes: &Causes<'_>,
    host: &str,
    units: Option<&Vec<&str>>,
    runs: &mut BTreeMap<Subject, usize>,
) -> BTreeMap<Subject, [Told; 2]> {
    let new = actions(causes.after, host);
    for subject in new.keys() {
        *runs.entry(*subject).or_default() += 1;
    }
    let Some(units) = units else { return BTreeMap::new() };
    let old = actions(causes.before, host);
    let told = |actions: &[&Artifact]| {
        let mut told = Told::default();
        actions.iter().for_each(|action| told.add(action));
        told
    };
    let both = new.into_iter().filter(|(subject, _)| subject.starts(units));
    both.filter_map(|(subject, new)| Some((subject, [told(old.get(&subject)?), told(&new)]))).collect()
}

/// The units and configurations of a host, by whose they are.
fn actions<'a>(side: Side<'a>, host: &str) -> BTreeMap<Subject, Vec<&'a Artifact>> {
    let mut found: BTreeMap<Subject, Vec<&Artifact>> = BTreeMap::new();
    let Some(id) = side.graph.find(&plan::bundle_name(host)) else { return found };
    let Artifact::Bundle(bundle) = side.action(id) else { return found };
    let nodes = bundle.files.keys().filter_map(|path| side.input(id, path));
    for action in nodes.map(|node| side.action(node)) {
        if let Some(subject) = Subject::of(action) {
            found.entry(subject).or_default().push(action);
        }
    }
    found
}
