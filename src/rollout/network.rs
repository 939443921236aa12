//! Addresses and names that live on in pods and objects of the cluster, whatever its hosts are told.

use super::Change;
use super::finding::{Finding, Kind, field};
use crate::cluster::{Allocation, Cluster};
use crate::diff::Inputs;

pub fn findings(change: &Change<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [old, new] = change.clusters.map(|cluster| &cluster.network);
    let moved = |name: &str, before: String, after: String, what: &str, advice: &str| {
        (before != after).then(|| {
            let what = format!("{name} {before} → {after}: {what}");
            let path = format!("network.{name}");
            Finding::new(Kind::Lasting, what, advice).because(field(inputs, &path))
        })
    };
    let connected = (old.cni != new.cni).then(|| {
        let what = format!(
            "cni {} → {}: pods of nodes that are changed and of nodes that are not yet do not reach each other",
            old.cni, new.cni
        );
        let advice = "keep it on a cluster that somebody depends on, and move what runs to a new cluster";
        Finding::new(Kind::Breaking, what, advice).because(field(inputs, "network.cni"))
    });
    let (kept, anew) = match change.clusters[1].network.pod_cidr_allocation {
        Allocation::ControllerManager => (
            "nodes keep the range in spec.podCIDR, and pods their addresses, until they are made anew",
            "delete each node after it is drained, and let its kubelet register it anew",
        ),
        Allocation::Static => (
            "pods keep their addresses until they are made anew, and nobody reaches them there",
            "drains move most pods; delete those of DaemonSets on each node before it is let in again",
        ),
    };
    [
        connected,
        moved(
            "services",
            old.services.to_string(),
            new.services.to_string(),
            "services keep the addresses that they have, which are led nowhere if the new range lacks them",
            "delete and make anew every Service outside of it, `kubernetes` and the cluster's DNS first",
        ),
        moved(
            "dns",
            old.dns.to_string(),
            new.dns.to_string(),
            "pods ask the old address until they are made anew, and kubernetes-bootstrap.service fails, for the address of \
             a Service cannot be changed",
            "delete the Service kube-system/kube-dns before that, and make all pods anew afterwards",
        ),
        moved(
            "domain",
            old.domain.clone(),
            new.domain.clone(),
            "names of the old domain are known no more, and pods have it in their resolv.conf until they are made anew",
            "make all pods anew afterwards, and look for the old name in what they are configured with",
        ),
        moved(
            "pods",
            old.pods.to_string(),
            new.pods.to_string(),
            kept,
            anew,
        ),
        issuer(change, inputs),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The issuer of service accounts is named after the domain, unless a flag names it.
fn issuer(change: &Change<'_>, inputs: &Inputs) -> Option<Finding> {
    let [old, new] = change.clusters.map(|cluster| &cluster.network.domain);
    let is_written =
        |cluster: &Cluster| cluster.components.kube_apiserver.flags.contains_key("service-account-issuer");
    if old == new || is_written(change.clusters[1]) {
        return None;
    }
    let what = format!(
        "the issuer of service accounts is https://kubernetes.default.svc.{new} from now on: tokens that name the old \
         one are refused"
    );
    let advice = "make all pods anew right after the API servers, and name the new issuer to whoever verifies tokens outside \
                  of the cluster";
    Some(Finding::new(Kind::ByHand, what, advice).because(field(inputs, "network.domain")))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

    #[test]
    fn what_pods_and_objects_keep_is_told() {
        let check = |from: &str, to: &str, kind: Kind, what: &str| {
            let trial = Trial::of("single").after(|text| text.replace(from, to));
            let findings = trial.rollout().findings;
            let found = findings.iter().find(|finding| finding.what.starts_with(what));
            let found = found.unwrap_or_else(|| panic!("{what}: {findings:#?}"));
            assert!(found.kind == kind && found.causes.len() == 1, "{found:?}");
        };
        check("services: 10.96.0.0/24", "services: 10.96.0.0/16", Kind::Lasting, "services 10.96.0.0/24 → ");
        check("dns: 10.96.0.10", "dns: 10.96.0.11", Kind::Lasting, "dns 10.96.0.10 → 10.96.0.11");
        check(
            "domain: cluster.local",
            "domain: k8s.local",
            Kind::Lasting,
            "domain cluster.local → k8s.local",
        );
        check(
            "domain: cluster.local",
            "domain: k8s.local",
            Kind::ByHand,
            "the issuer of service accounts is https://kubernetes.default.svc.k8s.local ",
        );
        check(
            "pods: 10.200.0.0/16",
            "pods: 10.201.0.0/16",
            Kind::Lasting,
            "pods 10.200.0.0/16 → 10.201.0.0/16: pods keep their addresses",
        );
        check("cni: bridge", "cni: none", Kind::Breaking, "cni bridge → none");
    }
}
