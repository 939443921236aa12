//! The network section: ranges that do not meet, and the names and addresses within them.

use std::net::IpAddr;

use ipnet::IpNet;
use semver::Version;

use super::pod_network::PodNetwork;
use super::{addresses, feature_gates, names};
use crate::cluster::{Components, Network, nth_address};
use crate::spec::document::NetworkSpec;
use crate::spec::problem::Problem;

/// The ranges that could be read, so that other sections can be checked against each.
pub struct Ranges {
    pub hosts: Option<IpNet>,
    pub services: Option<IpNet>,
    pub pods: Option<IpNet>,
    /// The prefix length of a worker's pod range, if it cuts `pods`.
    pub pod_mask: Option<u8>,
}

/// More ranges than this many bits number are more than kube-controller-manager would cut.
const CUT_BITS: u8 = 16;

/// Reads the three ranges and checks them against each other.
pub fn ranges(spec: &NetworkSpec, problems: &mut Vec<Problem>) -> Ranges {
    let hosts = range("network.hosts", &spec.hosts, "10.0.0.0/24", problems);
    let services = range("network.services", &spec.services, "10.96.0.0/24", problems);
    let pods = range("network.pods", &spec.pods, "10.200.0.0/16", problems);
    problems.extend(hosts.and_then(|range| addresses::check_hosts("network.hosts", &range)));
    for (path, range) in [("network.services", services), ("network.pods", pods)] {
        problems.extend(range.and_then(|range| addresses::check_pool(path, &range)));
    }
    let named = [("hosts", hosts), ("services", services), ("pods", pods)];
    let named: Vec<_> = named.into_iter().filter_map(|(name, range)| Some((name, range?))).collect();
    for (i, one) in named.iter().enumerate() {
        for other in &named[..i] {
            problems.extend(conflict(*one, *other, &named));
        }
    }
    let pod_mask = pods.and_then(|pods| pod_mask(spec, &pods, problems));
    Ranges { hosts, services, pods, pod_mask }
}

/// Reads a range in CIDR notation whose host bits are zero.
pub fn range(path: &str, text: &str, example: &str, problems: &mut Vec<Problem>) -> Option<IpNet> {
    let Ok(range) = text.parse::<IpNet>() else {
        problems.push(
            Problem::error(path, format!("{path} {text} is not a range of addresses"))
                .fix(format!("write it in CIDR notation, for instance {example}")),
        );
        return None;
    };
    if range.trunc() != range {
        let message = format!("{path} {text} has bits set after its prefix");
        problems.push(Problem::error(path, message).fix(format!("write {}", range.trunc())));
        return None;
    }
    Some(range)
}

/// What keeps two ranges from being in one cluster.
fn conflict(
    (name, range): (&str, IpNet),
    (other_name, other): (&str, IpNet),
    all: &[(&str, IpNet)],
) -> Option<Problem> {
    let path = format!("network.{name}");
    if family(&range) != family(&other) {
        let message = format!(
            "{path} {range} is {} but network.{other_name} {other} is {}",
            family(&range),
            family(&other)
        );
        return Some(Problem::error(path, message).fix("use one family for all three ranges"));
    }
    if !overlap(&range, &other) {
        return None;
    }
    let message = format!("{path} {range} overlaps network.{other_name} {other}");
    let example =
        free_range(name, all).map_or_else(String::new, |range| format!(", for instance {name}: {range}"));
    Some(Problem::error(path, message).fix(format!("choose ranges that do not meet{example}")))
}

fn family(range: &IpNet) -> &'static str {
    match range {
        IpNet::V4(_) => "IPv4",
        IpNet::V6(_) => "IPv6",
    }
}

fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// A usual range for `name` that meets none of the others.
fn free_range(name: &str, all: &[(&str, IpNet)]) -> Option<&'static str> {
    let usual: &[&str] = match name {
        "services" => &["10.96.0.0/24", "10.32.0.0/24", "172.20.0.0/24"],
        _ => &["10.200.0.0/16", "10.244.0.0/16", "172.16.0.0/16"],
    };
    let others = || all.iter().filter(|(other, _)| *other != name);
    usual.iter().copied().find(|text| {
        let range = text.parse::<IpNet>();
        range.is_ok_and(|range| {
            others().all(|(_, other)| family(other) == family(&range) && !overlap(other, &range))
        })
    })
}

/// The prefix length of a worker's pod range, if it cuts `pods`.
fn pod_mask(spec: &NetworkSpec, pods: &IpNet, problems: &mut Vec<Problem>) -> Option<u8> {
    let default = match pods {
        IpNet::V4(_) => 24,
        IpNet::V6(_) => 64,
    };
    let mask = spec.pod_mask.unwrap_or(default.max(pods.prefix_len()));
    let (widest, narrowest) = (pods.prefix_len(), pods.max_prefix_len() - 2);
    let message = if mask < widest || mask > narrowest {
        format!("network.podMask {mask} does not cut network.pods {pods}")
    } else if mask - widest > CUT_BITS {
        format!("network.podMask {mask} cuts network.pods {pods} into more than 65536 ranges")
    } else {
        return Some(mask);
    };
    let last = narrowest.min(widest.saturating_add(CUT_BITS));
    let fix = match widest <= last {
        true => format!("choose a prefix length from {widest} to {last}"),
        false => "widen network.pods".to_owned(),
    };
    problems.push(Problem::error("network.podMask", message).fix(fix));
    None
}

/// Decides the whole section.
pub fn resolve(
    spec: &NetworkSpec,
    ranges: &Ranges,
    pods: Option<&PodNetwork>,
    problems: &mut Vec<Problem>,
) -> Option<Network> {
    names::subdomain("network.domain", &spec.domain, problems);
    let dns = ranges.services.and_then(|services| dns(spec, &services, problems));
    Some(Network {
        hosts: ranges.hosts?,
        services: ranges.services?,
        pods: ranges.pods?,
        domain: spec.domain.clone(),
        dns: dns?,
        cni: pods?.cni,
        kube_proxy: pods?.kube_proxy,
        pod_cidr_allocation: pods?.allocation,
        pod_mask: ranges.pod_mask?,
    })
}

/// Adds what kube-apiserver would refuse of the range of services.
pub fn services(
    services: &IpNet,
    kubernetes: &Version,
    components: &Components,
    problems: &mut Vec<Problem>,
) {
    let path = "network.services";
    let bits = services.max_prefix_len() - services.prefix_len();
    if bits < 3 {
        let message = format!("{path} {services} has fewer than the 8 addresses that kube-apiserver wants");
        let fix = format!("choose a range of /{} or wider", services.max_prefix_len() - 3);
        problems.push(Problem::error(path, message).fix(fix));
    }
    // Until it keeps each service's address as an object of its own, it keeps all of them in one, which has to stay small.
    let is_on = |gate, since: u64| {
        feature_gates::set(&components.kube_apiserver, gate).unwrap_or(kubernetes.minor >= since)
    };
    let limited = !is_on("MultiCIDRServiceAllocator", 33) || !is_on("DisableAllocatorDualWrite", 34);
    if limited && bits > 20 {
        let message = format!("{path} {services} is wider than kube-apiserver {kubernetes} takes");
        let fix = format!("choose a range of /{} or narrower", services.max_prefix_len() - 20);
        problems.push(Problem::error(path, message).fix(fix));
    }
}

/// The address of DNS: as written, or the tenth of the services.
fn dns(spec: &NetworkSpec, services: &IpNet, problems: &mut Vec<Problem>) -> Option<IpAddr> {
    let path = "network.dns";
    let tenth = nth_address(services, 10);
    let Some(text) = &spec.dns else {
        if services.contains(&tenth) {
            return Some(tenth);
        }
        let message = format!("network.services {services} has no tenth address for DNS");
        problems.push(Problem::error("network.services", message).fix("widen it, or set network.dns"));
        return None;
    };
    let example = match services.contains(&tenth) {
        true => format!("choose an address within it, for instance {tenth}"),
        false => "choose an address within it".to_owned(),
    };
    let api = nth_address(services, 1);
    let message = match text.parse::<IpAddr>() {
        Err(_) => format!("{path} {text} is not an IP address"),
        Ok(dns) if !services.contains(&dns) => {
            format!("{path} {dns} is outside network.services {services}")
        }
        Ok(dns) if dns == api => format!("{path} {dns} is the address of the kubernetes service"),
        Ok(dns) if dns == services.network() => {
            format!("{path} {dns} is network.services {services} itself")
        }
        Ok(dns) if dns.is_ipv4() && addresses::is_of_network(&dns, services) => {
            format!(
                "{path} {dns} is the last of network.services {services}, which the API server gives to no service"
            )
        }
        Ok(dns) => return Some(dns),
    };
    problems.push(Problem::error(path, message).fix(example));
    None
}
