//! The section `priorityClasses`.

use std::collections::HashSet;

use super::names;
use crate::cluster::{PreemptionPolicy, PriorityClass};
use crate::spec::document::PriorityClassSpec;
use crate::spec::problem::Problem;

/// The most that users may give; the rest is the system's.
const HIGHEST: i64 = 1_000_000_000;

/// Decides every class, in the order written.
pub fn resolve(specs: &[PriorityClassSpec], problems: &mut Vec<Problem>) -> Vec<PriorityClass> {
    let default = specs.iter().position(|spec| spec.global_default);
    let mut known = HashSet::with_capacity(specs.len());
    let classes = specs.iter().enumerate().filter_map(|(i, spec)| {
        let path = |field: &str| format!("priorityClasses[{i}].{field}");
        name(&path("name"), spec, !known.insert(&*spec.name), problems);
        let value = value(&path("value"), spec, problems);
        if spec.global_default && default.is_some_and(|first| first < i) {
            let path = path("globalDefault");
            let problem = Problem::error(&path, format!("{path}: another class is the default already"));
            problems.push(problem.fix("let one class be the default"));
        }
        let policy = names::choose(
            &path("preemptionPolicy"),
            &spec.preemption_policy,
            PreemptionPolicy::WORDS,
            PreemptionPolicy::from_word,
            problems,
        );
        Some(PriorityClass {
            name: spec.name.clone(),
            value: value?,
            global_default: spec.global_default,
            preemption_policy: policy?,
            description: spec.description.clone(),
        })
    });
    classes.collect()
}

fn name(path: &str, spec: &PriorityClassSpec, is_known: bool, problems: &mut Vec<Problem>) {
    match spec.name.as_str() {
        "" => problems.push(names::missing(path, "a name such as business-critical")),
        name if name.starts_with("system-") => {
            let message = format!("{path} {name} is reserved: names with system- are Kubernetes' own");
            problems.push(
                Problem::error(path, message).fix("choose another name, for instance business-critical"),
            );
        }
        name if is_known => {
            let problem = Problem::error(path, format!("{path} {name} is there twice"));
            problems.push(problem.fix("give each class its own name"));
        }
        name => names::subdomain(path, name, problems),
    }
}

fn value(path: &str, spec: &PriorityClassSpec, problems: &mut Vec<Problem>) -> Option<i32> {
    let Some(value) = spec.value else {
        problems.push(names::missing(path, "a whole number, for instance 1000"));
        return None;
    };
    let good = i32::try_from(value).ok().filter(|_| value <= HIGHEST);
    if good.is_none() {
        let problem = Problem::error(path, format!("{path} {value} is not from -2147483648 to {HIGHEST}"));
        problems.push(problem.fix("what is above is for Kubernetes' own classes"));
    }
    good
}
