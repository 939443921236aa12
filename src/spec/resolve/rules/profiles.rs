//! The scheduler's profiles, as its framework makes them of default plugins and a user's.

use serde_json::Value;

use super::told::Told;
use super::{Refusal, refusal};
use crate::cluster::fields;

/// The one plugin that sorts the queue, and the one that binds.
const SORTER: &str = "PrioritySort";
const BINDER: &str = "DefaultBinder";

fn profiles<'t>(told: &'t Told<'_>) -> impl Iterator<Item = (String, &'t Value)> {
    let items = told.items("profiles").iter().enumerate();
    items.map(|(number, profile)| (format!("profiles[{number}]"), profile))
}

/// The names that a profile enables or disables at an extension point.
fn listed<'p>(profile: &'p Value, point: &str, list: &str) -> Vec<&'p str> {
    let items = profile.get("plugins").and_then(|plugins| plugins.get(point)?.get(list)?.as_array());
    let name = |item: &'p Value| item.get("name").and_then(Value::as_str).unwrap_or_default();
    items.into_iter().flatten().map(name).collect()
}

/// Those that are enabled at a point in the end, of which one default plugin does what is to be done there.
fn at<'p>(profile: &'p Value, point: &str, default: &'p str) -> Vec<&'p str> {
    let mut found = listed(profile, point, "enabled");
    let (off, off_everywhere) =
        (listed(profile, point, "disabled"), listed(profile, "multiPoint", "disabled"));
    let is_off = |list: &[&str]| list.contains(&"*") || list.contains(&default);
    let is_everywhere =
        !is_off(&off_everywhere) || listed(profile, "multiPoint", "enabled").contains(&default);
    if is_everywhere && !is_off(&off) && !found.contains(&default) {
        found.push(default);
    }
    found
}

pub fn names(told: &Told<'_>) -> Vec<Refusal> {
    let count = told.items("profiles").len();
    let mut seen = Vec::new();
    let mut refusals = Vec::new();
    for (field, profile) in profiles(told) {
        let name = profile.get("schedulerName").filter(|name| !name.is_null());
        match name.map(|name| name.as_str()) {
            None if count > 1 => refusals.push(refusal(
                field,
                "has no schedulerName",
                "add one: with two profiles each needs its own",
            )),
            Some(Some("")) => refusals.push(refusal(
                format!("{field}.schedulerName"),
                "is empty",
                "write a name, or remove the field",
            )),
            Some(Some(name)) if seen.contains(&name) => {
                refusals.push(refusal(
                    format!("{field}.schedulerName"),
                    format!("{name} is that of another profile"),
                    "write another name",
                ));
            }
            Some(Some(name)) => seen.push(name),
            _ => {}
        }
    }
    refusals
}

pub fn queue_sorts(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let set = |profile: &Value| {
        let enabled =
            listed(profile, "queueSort", "enabled").into_iter().map(str::to_owned).collect::<Vec<_>>();
        (enabled, listed(profile, "queueSort", "disabled").into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let first = profiles(told).next().map(|(_, profile)| set(profile));
    for (field, profile) in profiles(told) {
        let point = format!("{field}.plugins.queueSort");
        let found = at(profile, "queueSort", SORTER);
        if found.len() != 1 {
            let what = format!("leaves {} plugins that sort the queue, not one", found.len());
            refusals.push(refusal(field, what, format!("enable {SORTER} there, or disable nothing")));
        } else if first.as_ref().is_some_and(|first| *first != set(profile)) {
            refusals.push(refusal(
                point,
                "is not that of the first profile",
                "write the same in all profiles: there is one queue",
            ));
        }
    }
    refusals
}

pub fn binders(told: &Told<'_>) -> Vec<Refusal> {
    let lacking = profiles(told).filter(|(_, profile)| at(profile, "bind", BINDER).is_empty());
    lacking
        .map(|(field, _)| {
            refusal(field, "leaves no plugin that binds pods to nodes", format!("enable {BINDER} there"))
        })
        .collect()
}

pub fn plugins_twice(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (field, profile) in profiles(told) {
        for point in
            profile.get("plugins").and_then(Value::as_object).into_iter().flatten().map(|(point, _)| point)
        {
            let names = listed(profile, point, "enabled");
            for (number, name) in
                names.iter().enumerate().filter(|(number, name)| names[..*number].contains(name))
            {
                let field = format!("{field}.plugins.{point}.enabled[{number}]");
                refusals.push(refusal(
                    field,
                    format!("{name} is enabled there already"),
                    "remove one of them",
                ));
            }
        }
    }
    refusals
}

/// Plugins that do nothing at the point where they are enabled, and items that name none.
pub fn strange_plugins(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (field, profile) in profiles(told) {
        for (point, _) in profile.get("plugins").and_then(Value::as_object).into_iter().flatten() {
            let known = fields::scheduler_plugins(point, told.version);
            for (number, name) in listed(profile, point, "enabled").into_iter().enumerate() {
                let field = format!("{field}.plugins.{point}.enabled[{number}]");
                if name.is_empty() {
                    refusals.push(refusal(field, "has no name", "write that of a plugin"));
                // Everywhere is wherever a plugin does something.
                } else if point != "multiPoint" && !known.contains(&name) {
                    let fix = match known.as_slice() {
                        [] => "remove it".to_owned(),
                        known => format!("choose one of {}", known.join(", ")),
                    };
                    refusals.push(refusal(field, format!("{name} does nothing at {point}"), fix));
                }
            }
        }
    }
    refusals
}

pub fn args_twice(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (field, profile) in profiles(told) {
        let mut seen = Vec::new();
        let configs = profile.get("pluginConfig").and_then(Value::as_array);
        for (number, config) in configs.into_iter().flatten().enumerate() {
            let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
            if seen.contains(&name) {
                let field = format!("{field}.pluginConfig[{number}]");
                refusals.push(refusal(
                    field,
                    format!("{name} has arguments already"),
                    "write them in one place",
                ));
            }
            seen.push(name);
        }
    }
    refusals
}
