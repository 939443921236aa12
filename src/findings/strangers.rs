//! Whoever asks an API server without saying who it is.

use super::Decisions;
use super::finding::{Finding, Kind, fields};
use crate::cluster::{Anonymous, Cluster, FlagValue};
use crate::diff::Inputs;

/// A balancer that kthw does not make usually asks like that who is well; anybody may ask like that for all else.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [had, has] = decisions.clusters.map(anonymous);
    let because = |finding: Finding| {
        let paths = ["authentication.anonymous", "components.kube-apiserver.flags.anonymous-auth"];
        finding.because(fields(inputs, paths.map(str::to_owned)))
    };
    if had != Anonymous::All && has == Anonymous::All {
        let what = "API servers answer strangers from now on, wherever a role lets the group system:unauthenticated or \
                    system:anonymous in";
        let advice = "look for them with `kubectl get clusterrolebindings,rolebindings -A -o wide` first, or keep \
                      authentication.anonymous";
        return Some(because(Finding::new(Kind::Breaking, what, advice)));
    }
    if had == Anonymous::None || has != Anonymous::None {
        return None;
    }
    let what = "API servers tell strangers no more whether they are well: a balancer or a monitor that asks without a \
                certificate takes them for dead";
    let advice = "`authentication.anonymous: health` goes on telling just that, from Kubernetes 1.32";
    Some(because(Finding::new(Kind::Breaking, what, advice)))
}

/// What strangers may ask for; a flag says it as well as the field.
fn anonymous(cluster: &Cluster) -> Anonymous {
    match cluster.components.kube_apiserver.flags.get("anonymous-auth") {
        Some(Some(FlagValue::Bool(false))) => Anonymous::None,
        Some(Some(_)) => Anonymous::All,
        Some(None) | None => cluster.authentication.anonymous,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn health_checks_of_strangers_end() {
        let none = |text: String| text.replace("anonymous: health", "anonymous: none");
        let all = |text: String| text.replace("anonymous: health", "anonymous: all");
        let found = |trial: Trial| {
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.what.contains("strangers"))
        };
        for trial in [Trial::of("production").after(none), Trial::of("production").before(all).after(none)] {
            let found = found(trial).expect("a finding");
            assert!(found.kind == Kind::Breaking && found.causes.len() == 1, "{found:?}");
        }
        assert_eq!(found(Trial::of("production").before(none)), None);
        assert_eq!(found(Trial::of("production").before(all)), None);
        assert_eq!(found(Trial::of("production").both(none)), None);
        let flag = |value: bool| {
            let flag = format!("components: {{kube-apiserver: {{flags: {{anonymous-auth: {value}}}}}}}\n");
            move |text: String| text + &flag
        };
        let by_flag = found(Trial::of("single").after(flag(false))).expect("a finding");
        let by_field = |text: String| text + "authentication: {anonymous: none}\n";
        let by_field = found(Trial::of("single").after(by_field)).expect("a finding");
        assert_eq!(
            (by_flag.kind, &by_flag.what, &by_flag.advice),
            (by_field.kind, &by_field.what, &by_field.advice)
        );
        let opened = found(Trial::of("single").before(flag(false))).expect("a finding");
        assert!(
            opened.what.contains("answer strangers from now on") && opened.causes.len() == 1,
            "{opened:?}"
        );
    }
}
