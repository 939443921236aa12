//! Which pods are let in, and what is written down of requests.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::Cluster;
use crate::diff::Inputs;
use crate::names::first_few;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let mut findings = vec![pods(decisions, inputs), audit(decisions, inputs), rules(decisions, inputs)];
    findings.extend(exemptions(decisions, inputs));
    findings.into_iter().flatten().collect()
}

const FIELD: &str = "controlPlane.admissionConfig.PodSecurity";

/// From the level that lets in all to the one that lets in least.
const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];

/// Whom the admission of pods refuses where a namespace has no label.
fn pods(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [old, new] = decisions.clusters.map(enforced);
    let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
    let (what, advice) = match rank(new).cmp(&rank(old)) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => (
            "pods that were let in until now are refused when they are made anew",
            "look for them with `kubectl label --dry-run=server --overwrite ns --all pod-security.kubernetes.io/enforce=LEVEL` first",
        ),
        std::cmp::Ordering::Less => (
            "pods that were refused are let in, whatever they may do to their node",
            "label the namespaces that are to refuse them first",
        ),
    };
    let what = format!("{FIELD} enforces {new} instead of {old}: {what}");
    let advice = advice.replace("LEVEL", new);
    Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, FIELD)))
}

fn enforced(cluster: &Cluster) -> &str {
    pod_security(cluster, "defaults", "enforce").and_then(Value::as_str).unwrap_or(LEVELS[0])
}

fn pod_security<'a>(cluster: &'a Cluster, section: &str, key: &str) -> Option<&'a Value> {
    cluster.control_plane.admission_config.get("PodSecurity")?.get(section)?.get(key)
}

/// Of which version of Kubernetes the rules of a level are. Who lets in all has none.
fn rules(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let of = |cluster| pod_security(cluster, "defaults", "enforce-version").and_then(Value::as_str);
    let [old, new] = decisions.clusters.map(|cluster| of(cluster).unwrap_or("latest"));
    if old == new || enforced(decisions.clusters[1]) == LEVELS[0] {
        return None;
    }
    let what = format!(
        "{FIELD} enforces the rules of {new} instead of {old}: pods that were let in may be refused when they are made anew, \
         and the other way round"
    );
    let advice = "compare both with https://kubernetes.io/docs/concepts/security/pod-security-standards/, and try it with \
                  the label pod-security.kubernetes.io/warn-version first";
    Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, FIELD)))
}

/// Whom the level does not concern.
fn exemptions(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Option<Finding>> {
    let exempt = |cluster| -> BTreeSet<String> {
        let of_kind = |kind: &'static str| {
            let names = pod_security(cluster, "exemptions", kind).and_then(Value::as_array);
            let names = names.into_iter().flatten().filter_map(Value::as_str);
            names.map(move |name| format!("{kind} {name}"))
        };
        ["usernames", "runtimeClasses", "namespaces"].into_iter().flat_map(of_kind).collect()
    };
    let [old, new] = decisions.clusters.map(exempt);
    let finding = |more: BTreeSet<&String>, what: &str, advice: &str| {
        let more = first_few((!more.is_empty()).then_some(more)?.into_iter().map(String::as_str));
        let what = format!("{FIELD} {what}: {more}");
        Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, FIELD)))
    };
    vec![
        finding(
            new.difference(&old).collect(),
            "exempts more, where pods are let in whatever they may do to their node",
            "exempt nobody whom people may name freely; a label on a namespace is seen by whoever looks at it",
        ),
        finding(
            old.difference(&new).collect(),
            "exempts less, where pods that were let in may be refused when they are made anew",
            "label these namespaces with what they need first",
        ),
    ]
}

/// What nobody writes down nobody reads later.
fn audit(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [old, new] =
        decisions.clusters.map(|cluster| cluster.audit.policy.as_ref().is_some_and(writes_nothing));
    if old || !new {
        return None;
    }
    let what = "audit.policy has nothing written down: who has done what from now on is never known";
    let advice = "keep at least the level Metadata for what changes objects";
    Some(Finding::new(Kind::Lasting, what, advice).because(field(inputs, "audit.policy")))
}

/// Whether each rule up to the first that is about all requests says None; what no rule is about is not written down.
fn writes_nothing(policy: &Map<String, Value>) -> bool {
    const ABOUT: [&str; 6] = ["users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs"];
    let rules = policy.get("rules").and_then(Value::as_array).into_iter().flatten();
    for rule in rules {
        if rule.get("level").and_then(Value::as_str) != Some("None") {
            return false;
        }
        if ABOUT.iter().all(|about| rule.get(about).is_none()) {
            return true;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Finding, Kind};
    use crate::rollout::Trial;

    fn told(trial: Trial, part: &str) -> Option<Finding> {
        let findings = trial.rollout().findings;
        findings.into_iter().find(|finding| finding.what.contains(part))
    }

    #[test]
    fn pods_that_are_refused_or_let_in_are_told() {
        let stricter = |text: String| text.replace("enforce: baseline", "enforce: restricted");
        let production = || Trial::of("production");
        let found = told(
            production().after(stricter),
            "enforces restricted instead of baseline: pods that were let in",
        );
        assert!(found.is_some_and(|found| found.kind == Kind::Breaking && found.causes.len() == 1));
        let without = |text: String| {
            let (before, rest) = text.split_once("    PodSecurity:\n").expect("a level");
            let (_, after) = rest.split_once("\n\n").expect("another section");
            format!("{before}\n{after}")
        };
        let found = told(
            production().after(without),
            "enforces privileged instead of baseline: pods that were refused",
        );
        assert!(found.is_some_and(|found| found.kind == Kind::Breaking && !found.causes.is_empty()));
        assert_eq!(told(production().both(stricter), "enforces"), None);
    }

    #[test]
    fn exemptions_and_the_version_of_rules_are_told() {
        let with = |from: &'static str, to: &'static str| {
            move |text: String| {
                assert!(text.contains(from), "{text}");
                text.replace(from, to)
            }
        };
        let exempt = with("namespaces: [kube-system]", "namespaces: [kube-system, shop], usernames: [bob]");
        let more = told(Trial::of("production").after(exempt), "exempts more");
        assert!(more.is_some_and(|found| {
            ["namespaces shop", "usernames bob"].iter().all(|name| found.what.contains(name))
        }));
        assert_eq!(told(Trial::of("production").after(exempt), "exempts less"), None);
        let less = told(Trial::of("production").before(exempt), "exempts less");
        assert!(less.is_some_and(|found| found.kind == Kind::Breaking && !found.causes.is_empty()));
        let version = with("enforce-version: latest", "enforce-version: v1.30");
        let found = told(Trial::of("production").after(version), "the rules of v1.30 instead of latest");
        assert!(found.is_some_and(|found| found.kind == Kind::Breaking && !found.causes.is_empty()));
        assert_eq!(told(Trial::of("production").both(version), "the rules of"), None);
    }

    #[test]
    fn requests_that_nobody_writes_down_are_told() {
        let with = |rules: &str| {
            let policy = format!(
                "audit:\n  policy: {{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{rules}]}}\n"
            );
            move |text: String| text.replace("audit:\n", &policy)
        };
        let check = |rules: &str, is_told: bool| {
            let found = told(Trial::of("production").after(with(rules)), "audit.policy has nothing");
            assert_eq!(found.is_some(), is_told, "{rules}");
            assert!(found.is_none_or(|found| found.kind == Kind::Lasting && !found.causes.is_empty()));
        };
        check("{level: None}", true);
        check("{level: None, verbs: [get]}, {level: None}, {level: Metadata}", true);
        check("{level: None, verbs: [get]}, {level: Metadata}", false);
    }
}
