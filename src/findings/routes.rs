//! When hosts follow other routes to pods: not before the pods that they lead to have gone.

use std::collections::BTreeMap;

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, field};
use crate::cluster::{Cluster, Cni};
use crate::diff::Inputs;
use crate::names;

/// The routes are one file, which cannot both be early for who comes and late for who goes.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [lost, gained] = lost_and_gained(decisions);
    if gained.is_empty() {
        return moved(decisions, &lost, inputs);
    }
    if lost.is_empty() {
        return None;
    }
    let lost = names::hosts(lost);
    let what = format!("pods on {lost} are not reached from other hosts until they are drained from there");
    let added = gained.iter().map(|host| Act::AddHost { host: (*host).to_owned() });
    let advice = added.fold(Advice::default(), Advice::meaning).say(format!(
        "in two steps: add {}, roll that out, and only then change or remove the others",
        names::hosts(gained)
    ));
    Some(Finding::new(Kind::Breaking, what, advice).because(field(inputs, "hosts")))
}

/// Whoever moves has new pods before the others are told where these are.
fn moved(decisions: &Decisions<'_>, lost: &[&str], inputs: &Inputs) -> Option<Finding> {
    let new = routes(decisions.clusters[1]);
    let moved: BTreeMap<&str, Route> =
        lost.iter().filter_map(|host| Some((*host, *new.get(host)?))).collect();
    let (range, address) = moved.values().next()?;
    let what = format!(
        "{} to have another route: pods that start there are not reached from other hosts until the last wave, which \
         tells them of it",
        names::hosts(moved.keys().copied())
    );
    let each = if moved.len() == 1 { "" } else { ", and so on" };
    let advice = format!(
        "before a node is let in again, on every other host: `ip route replace {range} via {address} proto 120`{each}"
    );
    let own =
        moved.keys().flat_map(|host| ["address", "podCIDR"].map(|name| format!("hosts[{host}].{name}")));
    let paths: Vec<String> = own.chain(["network.pods", "network.podMask"].map(str::to_owned)).collect();
    let mut causes: Vec<usize> = paths.iter().flat_map(|path| field(inputs, path)).collect();
    if causes.is_empty() {
        // Ranges that nobody wrote follow from the order of the hosts.
        causes = field(inputs, "hosts");
    }
    Some(Finding::new(Kind::Breaking, what, advice).because(causes))
}

/// The workers whose routes are no more what they were, and those that have one now.
pub fn lost_and_gained<'c>(decisions: &Decisions<'c>) -> [Vec<&'c str>; 2] {
    let [old, new] = decisions.clusters.map(routes);
    let lost = old.iter().filter(|(host, route)| new.get(*host) != Some(route)).map(|(host, _)| *host);
    let gained = new.keys().filter(|host| !old.contains_key(*host)).copied();
    [lost.collect(), gained.collect()]
}

/// A range of pods, and the address that it is behind.
type Route = (ipnet::IpNet, std::net::IpAddr);

fn routes(cluster: &Cluster) -> BTreeMap<&str, Route> {
    let workers = cluster.workers().filter(|_| cluster.network.cni == Cni::Bridge);
    workers.filter_map(|host| Some((host.name.as_str(), (host.pod_cidr?, host.address)))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::{self, Trial};
    use crate::steps::{Action, Errand, Step};

    /// The places of the steps, counted from the first, that follow other routes, and that drain or move a host.
    fn check(trial: &Trial, host: &str, is_after: bool) {
        let rollout = trial.rollout();
        let steps: Vec<&Step> = rollout.waves.iter().flat_map(|wave| wave.steps()).collect();
        let of_host = steps.iter().position(|step| {
            step.host == host
                && step.actions.iter().any(|action| match action {
                    Action::Lead { what: Errand::Drain { .. }, .. } => true,
                    Action::Start { unit, .. } | Action::Restart { unit, .. } => unit == "kubelet.service",
                    _ => false,
                })
        });
        let of_host = of_host.expect("a step of the host");
        let follow: Vec<usize> = (0..steps.len())
            .filter(|at| {
                steps[*at].host != host
                    && steps[*at].restarts().any(|unit| unit == "kubernetes-pod-routes.service")
            })
            .collect();
        assert!(!follow.is_empty());
        assert!(follow.iter().all(|at| (*at > of_host) == is_after), "{of_host} {follow:?}");
        let mut others = steps.iter().take(of_host).flat_map(|step| rollout::installed(step));
        assert!(!is_after || !others.any(|path| path.contains("pod-routes")), "a file before its turn");
    }

    const SECOND: &str = "  - name: worker-node-2\n";

    fn without(text: String) -> String {
        let start = text.find(SECOND).expect("the host");
        let rest = &text[start + SECOND.len()..];
        let end = rest.find("\n  - ").or_else(|| rest.find("\n\n")).map_or(rest.len(), |end| end + 1);
        text[..start].to_owned() + &rest[end..]
    }

    #[test]
    fn pods_are_led_to_until_they_are_gone() {
        let host = "worker-node-2";
        check(&Trial::of("single").after(without), host, true);
        check(&Trial::of("single").before(without), host, false);
        let elsewhere = |text: String| text.replace("address: 10.0.0.37", "address: 10.0.0.38");
        check(&Trial::of("single").after(elsewhere), host, true);
        let range = |text: String| {
            let start = text.find(SECOND).expect("the host");
            let (before, after) = text.split_at(start);
            before.to_owned() + &after.replacen("address: ", "podCIDR: 10.200.77.0/24\n    address: ", 1)
        };
        check(&Trial::of("single").after(range), host, true);
    }

    #[test]
    fn who_moves_is_not_known_to_the_others_before_the_last_wave() {
        let check = |change: fn(String) -> String, expected: Option<&str>| {
            let findings = Trial::of("single").after(change).rollout().findings;
            let found = findings.iter().find(|finding| finding.what.contains("to have another route"));
            assert_eq!(
                found.map(|found| found.advice.contains(expected.unwrap_or_default())),
                expected.map(|_| true)
            );
            assert!(
                found.is_none_or(|found| found.kind == Kind::Breaking && found.causes.len() == 1),
                "{found:?}"
            );
        };
        let address = |text: String| text.replace("address: 10.0.0.37", "address: 10.0.0.38");
        check(address, Some("`ip route replace 10.200.38.0/24 via 10.0.0.38 proto 120`"));
        let range = |text: String| text.replace("pods: 10.200.0.0/16", "pods: 10.201.0.0/16");
        check(range, Some("`ip route replace 10.201.36.0/24 via 10.0.0.36 proto 120`, and so on"));
        check(without, None);
        check(|text| text + "components: {kubelet: {config: {maxPods: 150}}}\n", None);
    }

    #[test]
    fn who_comes_and_who_goes_are_not_served_by_one_file() {
        let more = |text: String| {
            text.replace(
                "worker-node-2\n",
                "worker-node-3\n    podCIDR: 10.200.9.0/24\n    ssh: {user: other}\n",
            )
        };
        let at = Trial::of("single").after(more).rollout().findings;
        let found =
            at.iter().find(|finding| finding.what.starts_with("pods on worker-node-2 are not reached"));
        assert!(
            found.is_some_and(|found| found.kind == Kind::Breaking && !found.causes.is_empty()),
            "{at:#?}"
        );
    }
}
