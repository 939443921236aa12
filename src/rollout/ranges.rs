//! Addresses and names that live on in objects of the cluster, whatever its hosts are told.

use super::Change;
use super::finding::{Finding, Kind, field};
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
    [
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
            "nodes keep the range in spec.podCIDR, and pods their addresses, until they are made anew",
            "delete each node after it is drained, and let its kubelet register it anew",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
