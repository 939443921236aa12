//! Which pods are let in, and what is written down of requests.

use serde_json::{Map, Value};

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::Cluster;
use crate::diff::Inputs;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    [pods(decisions, inputs), audit(decisions, inputs)].into_iter().flatten().collect()
}

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
    const FIELD: &str = "controlPlane.admissionConfig.PodSecurity";
    let what = format!("{FIELD} enforces {new} instead of {old}: {what}");
    let advice = advice.replace("LEVEL", new);
    Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, FIELD)))
}

fn enforced(cluster: &Cluster) -> &str {
    let config = cluster.control_plane.admission_config.get("PodSecurity");
    let level = config.and_then(|config| config.get("defaults")?.get("enforce")?.as_str());
    level.unwrap_or(LEVELS[0])
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
