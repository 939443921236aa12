//! Policies of a kubelet whose state it keeps on its host, and with whose state it does not start under another.
//!
//! <https://kubernetes.io/docs/tasks/administer-cluster/cpu-management-policies/#changing-the-cpu-manager-policy>

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::{Cluster, FlagValue};
use crate::diff::Inputs;

/// A policy by its key and its flag, what it is unless somebody says so, and where its state is.
struct Policy {
    key: &'static str,
    flag: &'static str,
    default: &'static str,
    state: &'static str,
}

const POLICIES: [Policy; 2] = [
    Policy {
        key: "cpuManagerPolicy",
        flag: "cpu-manager-policy",
        default: "none",
        state: "/var/lib/kubelet/cpu_manager_state",
    },
    Policy {
        key: "memoryManagerPolicy",
        flag: "memory-manager-policy",
        default: "None",
        state: "/var/lib/kubelet/memory_manager_state",
    },
];

impl Policy {
    /// What the kubelets are told; a flag counts for more than the configuration.
    fn of(&self, cluster: &Cluster) -> String {
        let kubelet = &cluster.components.kubelet;
        let flag = kubelet.flags.get(self.flag).and_then(|value| match value {
            Some(FlagValue::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        let written = flag.or_else(|| kubelet.config.get(self.key).and_then(|value| value.as_str()));
        written.unwrap_or(self.default).to_owned()
    }

    /// `key old → new`, if it is another.
    fn moved(&self, decisions: &Decisions<'_>) -> Option<String> {
        let [old, new] = decisions.clusters.map(|cluster| self.of(cluster));
        (old != new).then(|| format!("{} {old} → {new}", self.key))
    }
}

/// The policies that change.
pub fn policies(decisions: &Decisions<'_>) -> Vec<String> {
    POLICIES.iter().filter_map(|policy| policy.moved(decisions)).collect()
}

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let finding = |policy: &Policy| {
        let moved = policy.moved(decisions)?;
        let what = format!("{moved}: no kubelet starts with the state that it kept under the other policy");
        let advice = format!(
            "on each worker, once it is drained: `systemctl stop kubelet`, `rm {}`, and then its step",
            policy.state
        );
        let paths = [
            format!("components.kubelet.config.{}", policy.key),
            format!("components.kubelet.flags.{}", policy.flag),
        ];
        let causes = paths.iter().flat_map(|path| field(inputs, path));
        Some(Finding::new(Kind::ByHand, what, advice).because(causes.collect()))
    };
    POLICIES.iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

    #[test]
    fn another_policy_wants_an_empty_node_without_state() {
        let check = |kubelet: &str, why: &str, state: &str| {
            let rollout = Trial::of("single")
                .after(|text| text + &format!("components: {{kubelet: {{{kubelet}}}}}\n"))
                .rollout();
            let drains: Vec<_> = rollout.drains().collect();
            assert_eq!(drains.len(), 2, "{drains:?}");
            assert!(drains.iter().all(|(_, reasons)| *reasons == [why]), "{drains:?}");
            let found = rollout.findings.iter().find(|finding| finding.what.starts_with(why));
            let found = found.unwrap_or_else(|| panic!("{:?}", rollout.findings));
            assert!(found.kind == Kind::ByHand && found.advice.contains(state), "{found:?}");
            assert_eq!(found.causes.len(), 1);
        };
        let (cpu, memory) = ("cpuManagerPolicy none → static", "memoryManagerPolicy None → Static");
        check("config: {cpuManagerPolicy: static}", cpu, "`rm /var/lib/kubelet/cpu_manager_state`");
        check("flags: {cpu-manager-policy: static}", cpu, "`rm /var/lib/kubelet/cpu_manager_state`");
        check("config: {memoryManagerPolicy: Static}", memory, "`rm /var/lib/kubelet/memory_manager_state`");
        let same = Trial::of("single")
            .after(|text| text + "components: {kubelet: {config: {cpuManagerPolicy: none}}}\n")
            .rollout();
        assert_eq!(same.drains().count(), 0);
    }
}
