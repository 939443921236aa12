//! What does not answer while the only one of its kind restarts.

use super::Decisions;
use super::finding::{Finding, Kind};
use super::step::Wave;
use crate::cluster::Role;

pub fn findings(decisions: &Decisions<'_>, waves: &[Wave]) -> Vec<Finding> {
    let cluster = decisions.clusters[1];
    let steps = || waves.iter().flat_map(Wave::steps);
    let mut findings = Vec::new();
    if let Some(quorum) = steps().filter_map(|step| step.quorum).find(|quorum| quorum.margin().is_none()) {
        let (members, needed) = (members(quorum.members), quorum.needed());
        let what = format!(
            "the API does not answer while etcd restarts: etcd has {members}, and its quorum is {needed}"
        );
        findings.push(Finding::new(Kind::Meanwhile, what, PODS_RUN_ON));
    }
    for (role, unit) in SERVERS {
        let mut hosts = cluster.hosts.iter().filter(|host| host.is(role));
        let (Some(only), None) = (hosts.next(), hosts.next()) else { continue };
        if !steps().any(|step| step.host == only.name && step.restarts().any(|restarted| restarted == unit)) {
            continue;
        }
        let (what, advice) = match role {
            Role::ControlPlane => ("API does not", PODS_RUN_ON),
            _ => ("API's endpoint does not", "clients connect anew once it answers"),
        };
        let what = format!("the {what} answer while {unit} restarts: {} is the only {role}", only.name);
        findings.push(Finding::new(Kind::Meanwhile, what, advice));
    }
    findings
}

/// Whom clients of the whole cluster reach.
const SERVERS: [(Role, &str); 4] = [
    (Role::ControlPlane, "kube-apiserver.service"),
    (Role::LoadBalancer, "haproxy.service"),
    (Role::LoadBalancer, "ldirectord.service"),
    (Role::LoadBalancer, "kubernetes-vip.service"),
];
const PODS_RUN_ON: &str = "pods run on; nothing can be changed meanwhile";

fn members(count: usize) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

    #[test]
    fn the_only_one_of_its_kind_is_away_while_it_restarts() {
        let check = |trial: Trial, expected: &[&str]| {
            let findings = trial.rollout().findings;
            let found = findings.iter().filter(|finding| finding.kind == Kind::Meanwhile);
            assert_eq!(found.map(|finding| finding.what.as_str()).collect::<Vec<_>>(), expected);
        };
        let flag = |program: &'static str| {
            move |text: String| text + &format!("components: {{{program}: {{flags: {{v: 4}}}}}}\n")
        };
        let etcd = |text: String| text + "components: {etcd: {flags: {log-level: debug}}}\n";
        check(
            Trial::of("single").after(flag("kube-apiserver")),
            &[
                "the API does not answer while kube-apiserver.service restarts: control-plane-1 is the only control-plane",
            ],
        );
        check(
            Trial::of("single").after(etcd),
            &["the API does not answer while etcd restarts: etcd has 1 member, and its quorum is 1"],
        );
        check(Trial::of("ha-haproxy").after(flag("kube-apiserver")), &[]);
        check(Trial::of("ha-haproxy").after(etcd), &[]);
        check(
            Trial::of("ha-ipvs").after(|text| text.replace("192.168.1.21", "192.168.1.22")),
            &[
                "the API's endpoint does not answer while kubernetes-vip.service restarts: gateway is the only load-balancer",
            ],
        );
    }
}
