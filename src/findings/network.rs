//! Addresses and names that live on in pods and objects of the cluster, whatever its hosts are told.

use semver::Version;

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, field};
use crate::cluster::{Allocation, Cluster, FlagValue};
use crate::diff::Inputs;
use crate::names;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [old, new] = decisions.clusters.map(|cluster| &cluster.network);
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
    let (kept, anew) = match decisions.clusters[1].network.pod_cidr_allocation {
        Allocation::ControllerManager => (
            "nodes keep the range in spec.podCIDR, and pods their addresses, until they are made anew",
            "delete each node after it is drained, and let its kubelet register it anew",
        ),
        Allocation::Static => (
            "pods keep their addresses until they are made anew, and nobody reaches them there",
            "drains move most pods; delete those of DaemonSets on each node before it is let in again",
        ),
    };
    let (services, anew_services) = match decisions.clusters[1].versions.kubernetes >= SERVICE_CIDRS {
        true => (
            "services keep the addresses that they have, which are led nowhere if the new range lacks them, and so does the \
             ServiceCIDR `kubernetes`, which has to be what API servers say",
            "before that: make a ServiceCIDR of the new range, `kubectl delete servicecidr kubernetes`, which waits, and make \
             every Service outside of the new range anew; afterwards: `kubectl delete service kubernetes`, which comes \
             back in the new range",
        ),
        false => (
            "services keep the addresses that they have, which are led nowhere if the new range lacks them",
            "delete and make anew every Service outside of it, `kubernetes` and the cluster's DNS first",
        ),
    };
    [
        connected,
        moved(
            "services",
            old.services.to_string(),
            new.services.to_string(),
            services,
            anew_services,
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
        issuer(decisions, inputs),
        moved(
            "podMask",
            old.pod_mask.to_string(),
            new.pod_mask.to_string(),
            "nodes that are there keep the ranges that they have until they are given others, which have room for another number \
             of pods, and the cluster has room for another number of nodes",
            "see that no node has more pods than its range has addresses, and that there is a range for every node",
        ),
        moved(
            "podCIDRAllocation",
            old.pod_cidr_allocation.to_string(),
            new.pod_cidr_allocation.to_string(),
            "ranges of pods are given by another, which does not know those that nodes have, and may give one twice",
            "delete each node after it is drained, and let its kubelet register it anew",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first Kubernetes that keeps the range of services as an object, too:
/// <https://kubernetes.io/docs/tasks/network/reconfigure-default-service-ip-ranges/>
const SERVICE_CIDRS: Version = Version::new(1, 33, 0);

/// Tokens that name an issuer which the API servers accept no more.
fn issuer(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [old, new] = decisions.clusters.map(issuers);
    let is = new.first()?;
    let dropped: Vec<&String> = old.iter().filter(|issuer| !new.contains(issuer)).collect();
    if dropped.is_empty() {
        return None;
    }
    let names = names::first_few(dropped.iter().map(|issuer| issuer.as_str()));
    let what =
        format!("the issuer of service accounts is {is} from now on: tokens that name {names} are refused");
    const FLAG: &str = "components.kube-apiserver.flags.service-account-issuer";
    let values = new.iter().chain(dropped).cloned().collect();
    let advice = Advice::from("name all, as ").act(Act::Besides { field: FLAG, values }).say(
        ", until no token of an old one is left; and name a new one to whoever verifies tokens outside of the cluster",
    );
    let paths = ["network.domain", FLAG];
    let causes = paths.iter().flat_map(|path| field(inputs, path));
    Some(Finding::new(Kind::Breaking, what, advice).because(causes.collect()))
}

/// Whose tokens the API servers accept; the first signs new ones. Named after the domain, unless a flag names them.
fn issuers(cluster: &Cluster) -> Vec<String> {
    match cluster.components.kube_apiserver.flags.get("service-account-issuer") {
        Some(Some(FlagValue::List(issuers))) => issuers.clone(),
        Some(Some(FlagValue::Text(issuer))) => vec![issuer.clone()],
        _ => vec![format!("https://kubernetes.default.svc.{}", cluster.network.domain)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

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
            Kind::Breaking,
            "the issuer of service accounts is https://kubernetes.default.svc.k8s.local ",
        );
        check(
            "pods: 10.200.0.0/16",
            "pods: 10.201.0.0/16",
            Kind::Lasting,
            "pods 10.200.0.0/16 → 10.201.0.0/16: pods keep their addresses",
        );
        check("pods: 10.200.0.0/16", "pods: 10.200.0.0/16\n  podMask: 25", Kind::Lasting, "podMask 24 → 25");
        check("cni: bridge", "cni: none", Kind::Breaking, "cni bridge → none");
    }

    #[test]
    fn tokens_are_refused_unless_their_issuer_is_kept() {
        let check = |issuers: &str, is_refused: bool| {
            let flag =
                format!("components: {{kube-apiserver: {{flags: {{service-account-issuer: {issuers}}}}}}}\n");
            let findings = Trial::of("single").after(|text| text + &flag).rollout().findings;
            let found =
                findings.iter().find(|finding| finding.what.starts_with("the issuer of service accounts"));
            assert_eq!(found.is_some(), is_refused, "{issuers}: {findings:#?}");
            assert!(found.is_none_or(|found| found.causes.len() == 1), "{found:?}");
        };
        check("[https://id.example.org]", true);
        let flag = |issuers: &str| {
            let line =
                format!("components: {{kube-apiserver: {{flags: {{service-account-issuer: {issuers}}}}}}}\n");
            move |text: String| text + &line
        };
        let dropped = |after: &str| {
            let trial =
                Trial::of("single").before(flag("['https://a.example.org', 'https://b.example.org']"));
            let findings = trial.after(flag(after)).rollout().findings;
            findings
                .into_iter()
                .find(|finding| finding.what.contains("tokens that name https://b.example.org are"))
        };
        let found = dropped("['https://a.example.org']").expect("a finding");
        assert!(found.kind == Kind::Breaking && found.causes.len() == 1, "{found:?}");
        assert_eq!(dropped("['https://b.example.org', 'https://a.example.org']"), None);
        check("[https://id.example.org, https://kubernetes.default.svc.cluster.local]", false);
        check("[https://kubernetes.default.svc.cluster.local]", false);
    }

    #[test]
    fn a_range_is_an_object_too_since_1_33() {
        let advice = |version: &'static str| {
            let trial = Trial::of("single").both(|text| text.replace("1.35.1", version)).after(|text| {
                text.replace("services: 10.96.0.0/24", "services: 10.97.0.0/24")
                    .replace("dns: 10.96", "dns: 10.97")
            });
            let findings = trial.rollout().findings;
            findings
                .into_iter()
                .find(|finding| finding.what.starts_with("services "))
                .expect("a finding")
                .advice
        };
        assert!(!advice("1.32.4").contains("ServiceCIDR"));
        assert!(advice("1.33.1").contains("`kubectl delete servicecidr kubernetes`"));
    }
}
