//! What does not answer while the only one of its kind restarts.

use super::Change;
use super::finding::{Finding, Kind};
use super::step::Wave;

/// What clients of the whole cluster reach, and how many hosts serve it.
pub fn findings(change: &Change<'_>, waves: &[Wave]) -> Vec<Finding> {
    let cluster = change.clusters[1];
    let restarts = |unit: &str| {
        waves.iter().flat_map(Wave::steps).any(|step| step.restarts().any(|restarted| restarted == unit))
    };
    let lost = waves
        .iter()
        .flat_map(Wave::steps)
        .filter_map(|step| step.quorum)
        .find(|quorum| quorum.margin().is_none());
    let mut findings = Vec::new();
    if let Some(quorum) = lost {
        let what = format!(
            "the API, while etcd restarts: it has {}, and quorum is {}",
            members(quorum.members),
            quorum.needed()
        );
        findings.push(Finding::new(Kind::Outage, what, "pods run on; nothing can be changed meanwhile"));
    }
    let alone = |count: usize, unit: &str| count == 1 && restarts(unit);
    if alone(cluster.control_planes().count(), "kube-apiserver.service") {
        let what = "the API, while kube-apiserver restarts: there is one control plane";
        findings.push(Finding::new(Kind::Outage, what, "pods run on; nothing can be changed meanwhile"));
    }
    for unit in ["haproxy.service", "ldirectord.service", "kubernetes-vip.service"] {
        if alone(cluster.load_balancers().count(), unit) {
            let what = format!("the API's endpoint, while {unit} restarts: there is one load balancer");
            findings.push(Finding::new(Kind::Outage, what, "clients connect anew once it answers"));
        }
    }
    findings
}

fn members(count: usize) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}
