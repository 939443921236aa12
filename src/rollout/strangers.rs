//! Whoever asks an API server without saying who it is.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::Anonymous;
use crate::diff::Inputs;

/// A balancer that kthw does not make usually asks like that who is well.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [had, has] = decisions.clusters.map(|cluster| cluster.authentication.anonymous);
    if had == Anonymous::None || has != Anonymous::None {
        return None;
    }
    let what = "API servers tell strangers no more whether they are well: a balancer or a monitor that asks without a \
                certificate takes them for dead";
    let advice = "`authentication.anonymous: health` goes on telling just that, from Kubernetes 1.32";
    let causes = field(inputs, "authentication.anonymous");
    Some(Finding::new(Kind::Breaking, what, advice).because(causes))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

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
    }
}
