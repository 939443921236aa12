//! Feature gates: with one that it does not have, or that is locked to another value, a program does not start.

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
    }
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
