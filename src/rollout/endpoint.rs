//! Where clients ask for the API, and go on asking until they are told otherwise.

use super::Decisions;
use super::finding::{Finding, Kind, field};
use crate::cluster::Cluster;
use crate::diff::Inputs;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters;
    let [old, new] = [before, after].map(|cluster| cluster.api.endpoint.to_string());
    let (led, leads) = (places(before), places(after));
    let lost: Vec<String> = led.into_iter().filter(|place| !leads.contains(place)).collect();
    let what = if old != new {
        format!("the API moves from {old} to {new}")
    } else if !lost.is_empty() {
        format!("the API is at {} no more", lost.join(" and "))
    } else {
        return Vec::new();
    };
    let what = format!(
        "{what}: nodes whose turn has not come, and kubeconfigs that were handed out, still ask there"
    );
    let advice = "lead the old place to the control planes until the last host is changed, and hand out kubeconfigs anew";
    let causes = ["api.endpoint", "api.loadBalancer"].iter().flat_map(|path| field(inputs, path));
    vec![Finding::new(Kind::Breaking, what, advice).because(causes.collect())]
}

/// Where the endpoint's name leads, if kthw leads it anywhere.
fn places(cluster: &Cluster) -> Vec<String> {
    match cluster.api.endpoint.ip() {
        Some(_) => Vec::new(),
        None => cluster.balanced_addresses().iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

    #[test]
    fn clients_ask_at_the_old_place_until_their_turn() {
        let check = |example: &str, from: &str, to: &str, expected: &[&str]| {
            let trial = Trial::of(example).after(|text| text.replace(from, to));
            let findings = trial.rollout().findings;
            let found: Vec<_> = findings.iter().filter(|finding| finding.kind == Kind::Breaking).collect();
            assert_eq!(found.len(), expected.len(), "{found:#?}");
            for (finding, start) in found.iter().zip(expected) {
                assert!(finding.what.starts_with(start) && finding.causes.len() == 1, "{finding:?}");
            }
        };
        check("ha-ipvs", "192.168.1.21", "192.168.1.22", &["the API is at 192.168.1.21 no more: "]);
        let port = "the API moves from https://kubernetes:6443 to https://kubernetes:443: ";
        check("ha-ipvs", "kubernetes:6443", "kubernetes:443", &[port]);
        let named = Trial::of("ha-haproxy").both(|text| text.replace("10.240.0.40:6443", "kubernetes:6443"));
        let one = "roles: [worker]\n  - name: worker-1";
        let second = named.after(|text| text.replace(one, &one.replace("worker]", "load-balancer]")));
        let findings = second.rollout().findings;
        assert!(findings.iter().all(|finding| finding.kind != Kind::Breaking), "{findings:#?}");
    }
}
