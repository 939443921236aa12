//! How much etcd may hold, which its database may have outgrown already.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::Cluster;
use crate::diff::Inputs;

/// etcd's own, where nobody says another.
const DEFAULT: u64 = 2 << 30;

/// A member whose database is larger raises an alarm that stops all writes, even once there is room again.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [from, to] = decisions.clusters.map(quota);
    if to >= from {
        return None;
    }
    let mebibytes = |bytes: u64| bytes >> 20;
    let what = format!(
        "etcd may hold {} MiB where it might hold {} MiB: where its database is larger, nothing can be written until \
         somebody makes room and disarms the alarm",
        mebibytes(to),
        mebibytes(from)
    );
    let advice = "before that: look at DB SIZE in `etcdctl endpoint status --cluster --write-out=table`, and keep well below";
    Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, "etcd.quota")))
}

fn quota(cluster: &Cluster) -> u64 {
    cluster.etcd.quota.unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn a_smaller_quota_may_be_full_already() {
        let quota = |line: &'static str| move |text: String| text.replace("  quota: 8GiB\n", line);
        let found = |trial: Trial| {
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.what.starts_with("etcd may hold"))
        };
        let production = || Trial::of("production");
        let check = |trial: Trial, start: &str| {
            let found = found(trial).expect("a finding");
            assert!(found.what.starts_with(start), "{found:?}");
            assert!(found.kind == Kind::Breaking && found.causes.len() == 1, "{found:?}");
        };
        check(
            production().after(quota("  quota: 4GiB\n")),
            "etcd may hold 4096 MiB where it might hold 8192 MiB: ",
        );
        check(production().after(quota("")), "etcd may hold 2048 MiB where it might ");
        assert_eq!(found(production().before(quota("  quota: 4GiB\n"))), None);
    }
}
