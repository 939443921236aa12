//! Who leads pods to services, and what is left of it where it goes.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::diff::Inputs;

/// What kube-proxy has told the kernel stays there when it stops.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [had, has] = decisions.clusters.map(|cluster| cluster.network.kube_proxy);
    if !had || has {
        return None;
    }
    let what = "kube-proxy goes: its rules stay on every worker and lead to the pods that services have at that moment, \
                whatever becomes of these";
    let advice = "keep network.kubeProxy unless another program stands in for it; reboot each worker afterwards, or run \
                  `kube-proxy --cleanup` there before its files go";
    let causes = ["network.kubeProxy", "network.cni"].iter().flat_map(|path| field(inputs, path));
    Some(Finding::new(Kind::Breaking, what, advice).because(causes.collect()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn rules_outlive_who_made_them() {
        let without = |text: String| text.replace("  cni: bridge\n", "  cni: bridge\n  kubeProxy: false\n");
        let found = |trial: Trial| {
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.what.starts_with("kube-proxy goes"))
        };
        let gone = found(Trial::of("single").after(without)).expect("a finding");
        assert!(gone.kind == Kind::Breaking && gone.causes.len() == 1, "{gone:?}");
        // The kernel's modules are fewer, which nobody reads who runs.
        assert_eq!(Trial::of("single").after(without).rollout().restarts().count(), 0);
        assert_eq!(found(Trial::of("single").before(without)), None);
        assert_eq!(found(Trial::of("single").both(without)), None);
    }
}
