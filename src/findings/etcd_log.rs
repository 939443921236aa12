//! Where etcd has its write-ahead log, without which its data is worth nothing.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::{Cluster, Role};
use crate::diff::Inputs;
use crate::names;

/// A member that starts without its log begins a new etcd, whatever is in its data directory.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [from, to] = decisions.clusters.map(log);
    let stays = |name: &str| decisions.host(name)[1].is_some_and(|host| host.is(Role::Etcd));
    let members: Vec<&str> = decisions.clusters[0]
        .etcd_members()
        .map(|host| host.name.as_str())
        .filter(|name| stays(name))
        .collect();
    if from == to || members.is_empty() {
        return None;
    }
    let what = format!(
        "the log of etcd to be moved from {from} to {to} on {}: a member that finds none there does not go on \
         with its data",
        names::hosts(members)
    );
    let advice = format!(
        "one member at a time, in its turn, in place of the restart: `systemctl stop etcd`, write its files, `mv {from} {to}`, \
         `systemctl daemon-reload`, `systemctl start etcd`, and wait until every member is healthy"
    );
    Some(Finding::new(Kind::ByHand, what, advice).because(field(inputs, "etcd.walDir")))
}

fn log(cluster: &Cluster) -> String {
    let folder = cluster.etcd.wal_dir.as_deref().unwrap_or("/var/lib/etcd/member");
    format!("{folder}/wal")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn a_member_takes_its_log_along() {
        let folder = |name: &'static str| move |text: String| text + &format!("etcd: {{walDir: {name}}}\n");
        let found = |trial: Trial| {
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.what.starts_with("the log of etcd"))
        };
        let check = |trial: Trial, from: &str, to: &str| {
            let found = found(trial).expect("a finding");
            assert!(found.kind == Kind::ByHand && !found.causes.is_empty(), "{found:?}");
            assert!(found.what.contains(&format!("from {from} to {to} on control-plane-1: ")), "{found:?}");
            assert!(found.advice.contains(&format!("`mv {from} {to}`")), "{found:?}");
        };
        let single = || Trial::of("single");
        check(single().after(folder("/srv/wal")), "/var/lib/etcd/member/wal", "/srv/wal/wal");
        check(single().before(folder("/srv/wal")), "/srv/wal/wal", "/var/lib/etcd/member/wal");
        check(single().before(folder("/srv/a")).after(folder("/srv/b")), "/srv/a/wal", "/srv/b/wal");
        assert_eq!(found(single().both(folder("/srv/wal"))), None);
    }
}
