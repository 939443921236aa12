//! What a program is told: flags, then its file as kthw and the user write it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use semver::Version;
use serde_json::{Map, Value};

use super::super::feature_gates;
use super::stands_for;
use crate::cluster::flags;
use crate::cluster::{Component, Program, configuration, fields};
use crate::field_path::{self, join};
use crate::spec::problem::Problem;

/// The settings of one program, wherever they are written. What is of the wrong kind is as if it were not there: that
/// is told elsewhere, and nothing more is known of it.
pub struct Told<'a> {
    pub program: Program,
    pub version: &'a Version,
    pub component: &'a Component,
    settings: Value,
    /// The flag that decides a field, by the field.
    flags: BTreeMap<&'static str, &'static str>,
}

impl<'a> Told<'a> {
    /// Reads flags and file; a flag that cannot be read is a problem.
    pub fn of(
        program: Program,
        version: &'a Version,
        component: &'a Component,
        problems: &mut Vec<Problem>,
    ) -> Told<'a> {
        let mut settings = configuration::ours(program);
        merge(&mut settings, &component.config);
        let mut flags = BTreeMap::new();
        for (field, flag, form) in stands_for::fields(program) {
            let values = component.values(flag);
            if values.is_empty() || flags::lookup(program, version, flag).is_none() {
                continue;
            }
            match form.read(&values) {
                Ok(value) => {
                    set(&mut settings, field, value);
                    flags.insert(field, flag);
                }
                Err(expected) => {
                    let path = format!("components.{program}.flags.{flag}");
                    let message = format!("{path} is not taken by {program} {version}");
                    problems.push(Problem::error(path, message).fix(format!("write {expected}")));
                }
            }
        }
        Told { program, version, component, settings, flags }
    }

    /// The flags that stand for fields, and the fields.
    pub fn flags(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.flags.iter().map(|(field, flag)| (*field, *flag))
    }

    /// Where a setting is written, or would be.
    pub fn place(&self, field: &str) -> String {
        let deciding = self
            .flags
            .iter()
            .find(|(decided, _)| field == **decided || field_path::is_within(field, decided));
        match deciding {
            Some((_, flag)) => format!("components.{}.flags.{flag}", self.program),
            None => format!("components.{}.config.{field}", self.program),
        }
    }

    /// The first of these settings that the user has written, or else the first.
    pub fn written<'f>(&self, fields: &[&'f str]) -> &'f str {
        let is_written = |field: &&&str| {
            let in_file = || {
                let config = field.split('.').try_fold(None, |value: Option<&Value>, step| {
                    let members = value.map_or(Some(&self.component.config), Value::as_object)?;
                    members.get(step).map(Some)
                });
                config.flatten().is_some()
            };
            self.flags.contains_key(**field) || in_file()
        };
        fields.iter().find(is_written).unwrap_or(&fields[0])
    }

    /// The value of a setting that is no null.
    pub fn get(&self, field: &str) -> Option<&Value> {
        let value = field.split('.').try_fold(&self.settings, |value, step| value.get(step))?;
        (!value.is_null()).then_some(value)
    }

    pub fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    /// A text; the program's own where there is none, or an empty one.
    pub fn text_or<'t>(&'t self, field: &str, default: &'t str) -> Option<&'t str> {
        match self.get(field) {
            None => Some(default),
            Some(value) => value.as_str().map(|text| if text.is_empty() { default } else { text }),
        }
    }

    /// A text; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn is(&self, field: &str, default: bool) -> bool {
        self.get(field).map_or(default, |value| value.as_bool().unwrap_or(default))
    }

    pub fn number_or(&self, field: &str, default: i64) -> Option<i64> {
        self.get(field).map_or(Some(default), Value::as_i64)
    }

    /// Nanoseconds; the program's own where nothing is written.
    pub fn duration_or(&self, field: &str, default: i128) -> Option<i128> {
        self.get(field).map_or(Some(default), nanoseconds)
    }

    /// Nanoseconds; the program's own where nothing is written, or zero.
    pub fn filled_duration_or(&self, field: &str, default: i128) -> Option<i128> {
        self.duration_or(field, default).map(|time| if time == 0 { default } else { time })
    }

    pub fn items(&self, field: &str) -> &[Value] {
        self.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn members(&self, field: &str) -> Cow<'_, Map<String, Value>> {
        self.get(field).and_then(Value::as_object).map_or_else(|| Cow::Owned(Map::new()), Cow::Borrowed)
    }

    /// Whether a feature gate is open.
    pub fn gate(&self, name: &str) -> bool {
        feature_gates::is_open(self.component, self.program, self.version, name)
    }

    /// Goes through the values at a path, such as `a.*` or `a[].b`.
    pub fn visit(&self, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
        descend(&self.settings, path, String::new(), visit);
    }
}

/// Nanoseconds of a duration, which may be a number of them.
pub fn nanoseconds(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => fields::nanoseconds(text),
        number => number.as_i64().map(i128::from),
    }
}

fn descend(value: &Value, path: &str, at: String, visit: &mut dyn FnMut(&str, &Value)) {
    if value.is_null() {
        return;
    }
    let Some((step, rest)) = path.split_once('.').or_else(|| (!path.is_empty()).then_some((path, ""))) else {
        return visit(&at, value);
    };
    let name = step.strip_suffix("[]").unwrap_or(step);
    let inner = |(key, value): (&String, &Value)| (join(&at, key), value.clone());
    let found: Vec<(String, Value)> = match name {
        "*" => value.as_object().into_iter().flatten().map(inner).collect(),
        name => value.get(name).map(|value| (join(&at, name), value.clone())).into_iter().collect(),
    };
    for (at, value) in found {
        match step.ends_with("[]") {
            true => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    descend(item, rest, format!("{at}[{number}]"), visit);
                }
            }
            false => descend(&value, rest, at, visit),
        }
    }
}

/// The user's file over kthw's, as the artifact merges it: null removes.
fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                members.remove(name);
            }
            Value::Object(inner) => merge(members.entry(name.clone()).or_insert(Value::Null), inner),
            value => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

fn set(settings: &mut Value, field: &str, value: Value) {
    let holder = field.rsplit_once('.').map_or("", |(holder, _)| holder);
    let mut at = settings;
    for step in holder.split('.').filter(|step| !step.is_empty()) {
        if !at.get(step).is_some_and(Value::is_object) {
            at[step] = Value::Object(Map::new());
        }
        at = &mut at[step];
    }
    let name = field.rsplit('.').next().unwrap_or(field);
    at[name] = value;
}
