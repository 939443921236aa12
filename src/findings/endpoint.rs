//! Where clients ask for the API, and go on asking until they are told otherwise.

use super::Decisions;
use super::advice::{Act, Advice};
use super::certificates::{Reason, Reissue};
use super::finding::{Finding, Kind, field};
use crate::cluster::Cluster;
use crate::diff::Inputs;

/// The certificates by which API servers are known.
const SERVER: &str = "host/*/pki/apiserver/cert";

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs, certificates: &[Reissue]) -> Vec<Finding> {
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
    let name = &before.api.endpoint.host;
    let advice = match is_forgotten(name, certificates) {
        true => {
            let values = after.api.sans.iter().map(ToString::to_string).chain([name.clone()]).collect();
            Advice::from(format!(
                "have {name} in api.sans as long as somebody asks there, or nobody who does trusts an API server that has \
                 restarted; {advice}"
            ))
            .meaning(Act::Besides { field: "api.sans", values })
        }
        false => Advice::from(advice),
    };
    let causes = ["api.endpoint", "api.loadBalancer"].iter().flat_map(|path| field(inputs, path));
    vec![Finding::new(Kind::Breaking, what, advice).because(causes.collect())]
}

/// Whether every API server had this name in its certificate, and has it no more.
fn is_forgotten(name: &String, certificates: &[Reissue]) -> bool {
    let forgets = |reissue: &Reissue| {
        reissue.why.iter().any(|why| matches!(why, Reason::Names { gone, .. } if gone.contains(name)))
    };
    let mut servers = certificates.iter().filter(|reissue| reissue.name == SERVER).peekable();
    servers.peek().is_some() && servers.all(forgets)
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
    use crate::rollout::Trial;

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
        let advice = |trial: Trial| trial.rollout().findings.remove(0).advice;
        let moved =
            || Trial::of("production").after(|text| text.replace("api.production", "kube.production"));
        let sans = "have api.production.example.org in api.sans";
        assert!(advice(moved()).starts_with(sans));
        let kept =
            moved().after(|text| text.replace("api:\n", "api:\n  sans: [api.production.example.org]\n"));
        assert!(advice(kept).starts_with("lead the old place"));
        let own = Trial::of("single").after(|text| text.replace("//10.0.0.4:", "//kube.example.org:"));
        assert!(advice(own).starts_with("lead the old place"), "a control plane goes on saying its address");
        let named = Trial::of("ha-haproxy").both(|text| text.replace("10.240.0.40:6443", "kubernetes:6443"));
        let one = "roles: [worker]\n  - name: worker-1";
        let second = named.after(|text| text.replace(one, &one.replace("worker]", "load-balancer]")));
        let findings = second.rollout().findings;
        assert!(findings.iter().all(|finding| finding.kind != Kind::Breaking), "{findings:#?}");
    }
}
