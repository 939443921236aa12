//! How many pods a worker takes, and how many addresses it has for them.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::hosts::Place;
use crate::cluster::{Cluster, Cni, Program};
use crate::spec::document::HostSpec;
use crate::spec::problem::Problem;

/// What the kubelet takes where nothing is said.
const USUAL: u64 = 110;

/// Warns of kubelets that take more pods than they have addresses for: the others wait for one for ever. Pods in their
/// host's own network need none, so that it may be meant.
pub fn check(cluster: &Cluster, specs: &[HostSpec], is_mask_written: bool, problems: &mut Vec<Problem>) {
    let network = &cluster.network;
    // Add-ons of one's own may have another source of addresses.
    if network.cni == Cni::None {
        return;
    }
    let (most, chosen_by) = most_pods(cluster);
    let mut told = BTreeSet::new();
    for (i, (host, spec)) in cluster.hosts.iter().zip(specs).enumerate() {
        let place = Place::new(i, spec);
        if let (Some(range), Some(_)) = (&host.pod_cidr, &spec.pod_cidr) {
            let count = addresses(range.max_prefix_len() - range.prefix_len(), range);
            let path = place.field("podCIDR");
            if count == 0 {
                let message = format!(
                    "podCIDR {range} has no address for a pod: the bridge plugin takes one for itself"
                );
                problems
                    .push(place.error("podCIDR", message).fix("choose a range of at least four addresses"));
            } else if count < most {
                let subject = format!("host {}: podCIDR {range}", host.name);
                problems.push(few(&path, &subject, count, most, chosen_by));
            }
            continue;
        }
        if host.is(crate::cluster::Role::Worker) {
            told.insert(addresses(network.pods.max_prefix_len() - network.pod_mask, &network.pods));
        }
    }
    for count in told.into_iter().filter(|count| *count < most) {
        let path = match (is_mask_written, chosen_by) {
            (true, _) => "network.podMask",
            (false, Some(path)) => path,
            (false, None) => "network.pods",
        };
        let subject = format!("network.podMask {}", network.pod_mask);
        problems.push(few(path, &subject, count, most, chosen_by));
    }
}

fn few(path: &str, subject: &str, count: u64, most: u64, chosen_by: Option<&str>) -> Problem {
    let who = chosen_by.unwrap_or("its kubelet, where nothing else is said");
    let message =
        format!("{subject} leaves a worker {count} addresses for pods, and {who} takes {most} pods");
    let fix =
        format!("set maxPods in components.kubelet.config to {count} or less, or give workers wider ranges");
    Problem::warning(path, message).fix(fix)
}

/// The most pods of each worker, and the field that says so.
fn most_pods(cluster: &Cluster) -> (u64, Option<&'static str>) {
    let kubelet = cluster.components.of(Program::Kubelet);
    let flag = kubelet.values("max-pods").first().and_then(|value| value.parse().ok());
    let field = kubelet.config.get("maxPods").and_then(serde_json::Value::as_u64);
    match (flag, field) {
        (Some(most), _) => (most, Some("components.kubelet.flags.max-pods")),
        (None, Some(most)) => (most, Some("components.kubelet.config.maxPods")),
        (None, None) => (USUAL, None),
    }
}

/// How many pods a range of so many free bits has addresses for: its first is the network's, the next the bridge's, and
/// IPv4 keeps the last for itself.
fn addresses(bits: u8, range: &IpNet) -> u64 {
    let kept = if matches!(range, IpNet::V4(_)) { 3 } else { 2 };
    1_u64.checked_shl(u32::from(bits)).unwrap_or(u64::MAX).saturating_sub(kept)
}
