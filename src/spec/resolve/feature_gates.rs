//! Feature gates: with one that it does not have, or that is locked to another value, a program does not start.

use semver::Version;
use serde_json::Value;

use crate::cluster::flags::{self, Gate, Stage};
use crate::cluster::{Component, Components, FlagValue, Program, Versions};
use crate::field_path::join;
use crate::meant::{AMONG_FEW, meant};
use crate::spec::problem::Problem;

/// Adds what is wrong with the gates that people set, in flags and in configuration files.
pub fn check(components: &Components, versions: &Versions, problems: &mut Vec<Problem>) {
    if !flags::has_gates(&versions.kubernetes) {
        return;
    }
    for program in PROGRAMS {
        let component = components.of(program);
        let path = format!("components.{program}.flags.feature-gates");
        match component.flags.get("feature-gates") {
            Some(Some(FlagValue::Text(text))) => {
                problems.extend(text.split(',').filter_map(|text| written(&path, text, program, versions)));
            }
            Some(Some(FlagValue::List(items))) => {
                for (number, text) in items.iter().enumerate() {
                    problems.extend(written(&format!("{path}[{number}]"), text, program, versions));
                }
            }
            _ => {}
        }
        let path = format!("components.{program}.config.featureGates");
        let gates = component.config.get("featureGates").and_then(Value::as_object);
        for (name, value) in gates.into_iter().flatten() {
            if let Value::Bool(value) = value {
                problems.extend(problem(&join(&path, name), name, *value, program, versions));
            }
        }
        problems.extend(needs(component, program, &versions.kubernetes));
    }
}

/// Whether a gate of a program is open.
pub fn is_open(component: &Component, program: Program, version: &Version, name: &str) -> bool {
    let Some(Gate { stage, default, .. }) = flags::gate(program, version, name) else { return false };
    let all = match stage {
        Stage::Alpha => "AllAlpha",
        Stage::Beta => "AllBeta",
        Stage::Ga | Stage::Deprecated => "",
    };
    let set = |name: &str| written_at(component, program, name).map(|(_, value)| value);
    set(name).or_else(|| set(all)).unwrap_or(default)
}

/// Where the user sets a gate, and to what.
fn written_at(component: &Component, program: Program, name: &str) -> Option<(String, bool)> {
    let in_flags = match program {
        // It ignores the flag beside its file.
        Program::KubeProxy => None,
        _ => set(component, name).map(|value| (format!("components.{program}.flags.feature-gates"), value)),
    };
    let in_file = || {
        let value = component.config.get("featureGates")?.get(name)?.as_bool()?;
        Some((join(&format!("components.{program}.config.featureGates"), name), value))
    };
    in_flags.or_else(in_file)
}

/// What is wrong with gates that are open while others are not.
fn needs(component: &Component, program: Program, version: &Version) -> Vec<Problem> {
    let is_known = |name: &str| flags::gate(program, version, name).is_some();
    let is_open = |name: &str| is_open(component, program, version, name);
    let wrong = flags::gate_needs(version)
        .filter(|(gate, other)| is_known(gate) && is_known(other) && is_open(gate) && !is_open(other));
    wrong
        .filter_map(|(gate, other)| {
            let set = [gate, other, "AllAlpha", "AllBeta"].into_iter().find_map(|name| written_at(component, program, name));
            let (path, _) = set?;
            let message = format!("feature gate {gate} is open and needs {other}, which is not: {program} {version} does not start");
            Some(Problem::error(path, message).fix(format!("set {other}=true too, or {gate}=false")))
        })
        .collect()
}

/// What a program's flags set a gate to.
pub fn set(component: &Component, name: &str) -> Option<bool> {
    let texts: Vec<&str> = match component.flags.get("feature-gates") {
        Some(Some(FlagValue::Text(text))) => text.split(',').collect(),
        Some(Some(FlagValue::List(items))) => items.iter().flat_map(|text| text.split(',')).collect(),
        _ => return None,
    };
    texts
        .into_iter()
        .rev()
        .find_map(|text| parse(text).filter(|(gate, _)| *gate == name))
        .map(|(_, value)| value)
}

/// Reads `name=value`. Some programs may be told which component a gate is of; they are all of Kubernetes itself.
fn parse(text: &str) -> Option<(&str, bool)> {
    let (name, value) = text.trim().split_once('=')?;
    Some((name.strip_prefix("kube:").unwrap_or(name), value.parse().ok()?))
}

/// Those that Kubernetes' gates are for.
const PROGRAMS: [Program; 5] = [
    Program::KubeApiserver,
    Program::KubeControllerManager,
    Program::KubeScheduler,
    Program::Kubelet,
    Program::KubeProxy,
];

/// What is wrong with `name=value` in a flag.
fn written(path: &str, text: &str, program: Program, versions: &Versions) -> Option<Problem> {
    let Some((name, value)) = parse(text) else {
        let message = format!("{path}: {text:?} does not set a feature gate");
        return Some(Problem::error(path, message).fix("write name=true or name=false"));
    };
    problem(path, name, value, program, versions)
}

fn problem(path: &str, name: &str, value: bool, program: Program, versions: &Versions) -> Option<Problem> {
    let version = &versions.kubernetes;
    let Some(gate) = flags::gate(program, version, name) else {
        let fix = match meant(name, flags::gates(program, version), AMONG_FEW) {
            _ if flags::is_gate(name) => "remove it: only other versions or programs have it".to_owned(),
            Some(gate) => format!("did you mean `{gate}`?"),
            None => "remove it".to_owned(),
        };
        return Some(
            Problem::error(path, format!("{program} {version} has no feature gate {name}")).fix(fix),
        );
    };
    match gate {
        Gate { locked: true, default, .. } if value != default => {
            let message = format!("feature gate {name} is locked to {default} in {program} {version}");
            Some(Problem::error(path, message).fix("remove it"))
        }
        Gate { stage: Stage::Ga | Stage::Deprecated, .. } => {
            let message = format!("feature gate {name} is no longer needed in {program} {version}");
            Some(Problem::warning(path, message).fix("remove it: a later version will not have it"))
        }
        _ => None,
    }
}
