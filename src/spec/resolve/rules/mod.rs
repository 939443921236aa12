//! What programs refuse beyond kinds and ranges: the inner syntax of values, and settings that do not go together.
//!
//! Each program has a table of its rules. `tests/real` asks the programs themselves about both sides of each.

mod kube_proxy;
mod kube_scheduler;
mod kubelet;
mod kubelet_resources;
mod logging;
mod plugin_args;
mod profiles;
mod stands_for;
mod syntax;
mod told;

use std::collections::HashSet;

use semver::Version;
use serde_json::Value;

use super::documents::Document;
use crate::cluster::{Components, Program, fields};
use crate::field_path::join;
use crate::spec::problem::{Problem, Severity};

use told::Told;

/// A rule, and the minors of Kubernetes 1 that have it.
struct Rule {
    since: u64,
    until: u64,
    check: Check,
}

enum Check {
    /// Each value at this path (`[]` is an item, `*` a value of a mapping) is such a one, which is said in words.
    Each(&'static str, fn(&Value) -> bool, &'static str),
    /// Each key of the mapping at this path is such a one.
    Keys(&'static str, fn(&str) -> bool, &'static str),
    /// Settings go together.
    Together(fn(&Told<'_>) -> Option<Refusal>),
    /// Items, or settings that are many, go together.
    All(fn(&Told<'_>) -> Vec<Refusal>),
}

impl Rule {
    const fn of(check: Check) -> Rule {
        Rule { since: 0, until: u64::MAX, check }
    }

    const fn since(self, since: u64) -> Rule {
        Rule { since, until: self.until, check: self.check }
    }

    const fn until(self, until: u64) -> Rule {
        Rule { since: self.since, until, check: self.check }
    }
}

const fn each(path: &'static str, takes: fn(&Value) -> bool, expected: &'static str) -> Rule {
    Rule::of(Check::Each(path, takes, expected))
}

const fn keys(path: &'static str, takes: fn(&str) -> bool, expected: &'static str) -> Rule {
    Rule::of(Check::Keys(path, takes, expected))
}

const fn together(check: fn(&Told<'_>) -> Option<Refusal>) -> Rule {
    Rule::of(Check::Together(check))
}

const fn all(check: fn(&Told<'_>) -> Vec<Refusal>) -> Rule {
    Rule::of(Check::All(check))
}

/// What a program would say to a setting beside others.
struct Refusal {
    /// The setting, from the top of the configuration on.
    field: String,
    what: String,
    fix: String,
}

fn refusal(field: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Refusal {
    Refusal { field: field.into(), what: what.into(), fix: fix.into() }
}

/// Adds what the kubelet, kube-proxy and the scheduler refuse of their settings.
pub fn check(components: &Components, version: &Version, problems: &mut Vec<Problem>) {
    let programs: [(Program, &str, &[&[Rule]]); 3] = [
        (Program::Kubelet, "KubeletConfiguration", &[kubelet::RULES, logging::RULES]),
        (Program::KubeProxy, "KubeProxyConfiguration", &[kube_proxy::RULES, logging::RULES]),
        (Program::KubeScheduler, "KubeSchedulerConfiguration", &[kube_scheduler::RULES, logging::RULES]),
    ];
    for (program, document, tables) in programs {
        let Some(root) = fields::root(document, version) else { continue };
        let mut found = Vec::new();
        let told = Told::of(program, version, components.of(program), &mut found);
        // A flag that stands for a field is checked as that.
        for (field, flag) in told.flags() {
            let node = field.split('.').try_fold(root, |node, step| node.member(step));
            if let (Some(node), Some(value)) = (node, told.get(field)) {
                let path = format!("components.{program}.flags.{flag}");
                let document = Document { name: document, program: "Kubernetes", version };
                document.value(node, &path, value, &mut found);
            }
        }
        // What is wrong by itself is told once.
        let known = |problem: &&Problem| problem.severity == Severity::Error;
        let mut wrong: HashSet<String> =
            problems.iter().filter(known).map(|problem| problem.path.clone()).collect();
        found.retain(|problem| !wrong.contains(&problem.path));
        wrong.extend(found.iter().filter(known).map(|problem| problem.path.clone()));
        let rules = tables.iter().copied().flatten();
        for rule in rules.filter(|rule| (rule.since..=rule.until).contains(&version.minor)) {
            found.extend(
                rule.problems(&told).into_iter().filter(|problem| wrong.insert(problem.path.clone())),
            );
        }
        problems.extend(found);
    }
}

impl Rule {
    fn problems(&self, told: &Told<'_>) -> Vec<Problem> {
        let by = format!("{} {}", told.program, told.version);
        let together = |refusal: Refusal| {
            let path = told.place(&refusal.field);
            let message = format!("{path} {}: {by} does not start", refusal.what);
            Problem::error(path, message).fix(refusal.fix)
        };
        let mut problems = Vec::new();
        let mut refuse = |field: &str, said: &str, expected: &str| {
            let path = told.place(field);
            let message = format!("{path}{said} is not taken by {by}");
            problems.push(Problem::error(path, message).fix(format!("write {expected}")));
        };
        match &self.check {
            Check::Together(check) => return check(told).into_iter().map(together).collect(),
            Check::All(check) => return check(told).into_iter().map(together).collect(),
            Check::Each(path, takes, expected) => told.visit(path, &mut |field, value| {
                if !takes(value) {
                    let said =
                        value.as_str().map_or_else(|| format!(" {value}"), |text| format!(" `{text}`"));
                    refuse(field, &said, expected);
                }
            }),
            Check::Keys(path, takes, expected) => told.visit(path, &mut |field, value| {
                for key in value.as_object().into_iter().flat_map(|members| members.keys()) {
                    if !takes(key) {
                        refuse(&join(field, key), "", expected);
                    }
                }
            }),
        }
        problems
    }
}

/// What a program says to a setting of a feature whose gate is closed.
fn gated(field: &str, gate: &str) -> Refusal {
    refusal(
        field,
        format!("needs the feature gate {gate}"),
        format!("remove it, or open the gate: {gate}: true in featureGates"),
    )
}
