//! The load balancer of the API: what each kind needs, on which hosts, and whether the endpoint leads there.

use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::{self, Use};
use super::hosts::Place;
use super::names;
use super::network::Ranges;
use crate::cluster::{
    Anonymous, Api, Authentication, Balancer, Cluster, Components, Endpoint, LoadBalancer, Role, ports,
};
use crate::spec::document::{HostSpec, LoadBalancerSpec};
use crate::spec::problem::{Problem, Severity};

const KIND: &str = "api.loadBalancer.kind";
const ADDRESS: &str = "api.loadBalancer.address";
const INTERFACE: &str = "api.loadBalancer.interface";
const ENDPOINT: &str = "api.endpoint";

/// Decides the load balancer; none if none is written, or if a problem says why.
pub fn resolve(
    spec: Option<&LoadBalancerSpec>,
    hosts: &[HostSpec],
    ranges: &Ranges,
    problems: &mut Vec<Problem>,
) -> Option<LoadBalancer> {
    let Some(spec) = spec else {
        idle(hosts, problems);
        return None;
    };
    let kind = names::choose(KIND, &spec.kind, Balancer::WORDS, Balancer::from_word, problems)?;
    let address = address(spec, kind, hosts, ranges, problems);
    let interface = interface(spec, kind, problems);
    members(kind, address, hosts, problems);
    match kind {
        Balancer::Haproxy if spec.address.is_some() => {
            Some(LoadBalancer::Haproxy { address: Some(address?) })
        }
        Balancer::Haproxy => Some(LoadBalancer::Haproxy { address: None }),
        Balancer::Ipvs => Some(LoadBalancer::Ipvs { address: ipv4(address?, problems)? }),
        Balancer::Keepalived => Some(LoadBalancer::Keepalived { address: address?, interface: interface? }),
    }
}

/// The hosts that are written to have the role, with where each is written.
fn balancers(hosts: &[HostSpec]) -> impl Iterator<Item = (Place, &HostSpec)> {
    let places = hosts.iter().enumerate().map(|(i, host)| (Place::new(i, host), host));
    places.filter(|(_, host)| host.has(Role::LoadBalancer))
}

/// Refuses balancers that have nothing to do.
fn idle(hosts: &[HostSpec], problems: &mut Vec<Problem>) {
    for (place, _) in balancers(hosts) {
        let problem =
            place.error("roles", "the role load-balancer has nothing to do without api.loadBalancer");
        problems.push(problem.fix("write api: {loadBalancer: {kind: haproxy}}, or remove the role"));
    }
}

/// The virtual address: a host's in the range, but of no host.
fn address(
    spec: &LoadBalancerSpec,
    kind: Balancer,
    hosts: &[HostSpec],
    ranges: &Ranges,
    problems: &mut Vec<Problem>,
) -> Option<IpAddr> {
    let Some(text) = &spec.address else {
        if kind != Balancer::Haproxy {
            problems.push(names::missing(ADDRESS, "an address within network.hosts that no host has"));
        }
        return None;
    };
    let parsed = text.parse::<IpAddr>();
    if let Some(problem) = parsed.iter().find_map(|address| addresses::check(ADDRESS, *address, Use::Host)) {
        let is_refused = problem.severity == Severity::Error;
        problems.push(Problem { path: ADDRESS.to_owned(), ..problem });
        if is_refused {
            return None;
        }
    }
    let mut refuse = |message: String, fix: &str| {
        problems.push(Problem::error(ADDRESS, format!("{ADDRESS} {message}")).fix(fix));
        None
    };
    let Ok(address) = parsed else {
        return refuse(format!("{text} is not an IP address"), "write an address within network.hosts");
    };
    let range: IpNet = ranges.hosts?;
    if !range.contains(&address) {
        let message = format!("{address} is outside network.hosts {range}");
        return refuse(message, "choose an address within it that no host has");
    }
    if addresses::is_of_network(&address, &range) {
        let message = format!("{address} is no host's in network.hosts {range}");
        return refuse(message, "choose an address between the first and the last of the range");
    }
    if let Some(host) = hosts.iter().find(|host| host.address.parse() == Ok(address)) {
        let message = format!("{address} is that of host {}", host.name);
        return refuse(message, "choose an address that no host has");
    }
    Some(address)
}

/// Control planes that must not answer for the address are told so by ARP settings, which IPv6 does not have.
fn ipv4(address: IpAddr, problems: &mut Vec<Problem>) -> Option<IpAddr> {
    if address.is_ipv4() {
        return Some(address);
    }
    let message = format!("{KIND} ipvs leads to IPv4 addresses alone, and {address} is IPv6");
    problems.push(Problem::error(KIND, message).fix("choose kind: haproxy or kind: keepalived"));
    None
}

/// The interface, which keepalived alone has to know.
fn interface(spec: &LoadBalancerSpec, kind: Balancer, problems: &mut Vec<Problem>) -> Option<String> {
    match (kind, &spec.interface) {
        (Balancer::Keepalived, Some(name)) if is_interface(name) => return Some(name.clone()),
        (Balancer::Keepalived, Some(name)) => {
            let message = format!("{INTERFACE} {name:?} is not the name of a network interface");
            problems.push(Problem::error(INTERFACE, message).fix("write a name such as eth0"));
        }
        (Balancer::Keepalived, None) => problems.push(names::missing(
            INTERFACE,
            "the name of the interface that is in network.hosts, such as eth0",
        )),
        (_, Some(_)) => {
            let message = format!("kind: {kind} has no use for {INTERFACE}");
            problems.push(Problem::warning(INTERFACE, message).fix("remove it"));
        }
        (_, None) => {}
    }
    None
}

/// Whether Linux and keepalived can name an interface so.
fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && name != "."
        && name != ".."
}

/// Wants the hosts that the kind runs on.
fn members(kind: Balancer, address: Option<IpAddr>, hosts: &[HostSpec], problems: &mut Vec<Problem>) {
    if kind == Balancer::Keepalived {
        for (place, _) in balancers(hosts) {
            let problem =
                place.error("roles", "kind: keepalived runs on the control planes, not on load-balancer");
            problems.push(problem.fix("remove the role, or choose kind: haproxy or kind: ipvs"));
        }
        return;
    }
    let balancers: Vec<(Place, &HostSpec)> = balancers(hosts).collect();
    let Some((_, first)) = balancers.first() else {
        let message = format!("no host has the role load-balancer, where kind: {kind} runs");
        let fix = "write roles: [load-balancer] for a host, or choose kind: keepalived, which needs none";
        problems.push(Problem::error(KIND, message).fix(fix));
        return;
    };
    if let Some(address) = address {
        for (place, _) in &balancers[1..] {
            let message = format!("{ADDRESS} {address} is on host {} already", first.name);
            let fix = match kind {
                Balancer::Haproxy => format!("keep one, or remove {ADDRESS} and let a DNS name lead to both"),
                _ => "keep one gateway, or choose kind: keepalived".to_owned(),
            };
            problems.push(place.error("roles", message).fix(fix));
        }
    }
    if kind == Balancer::Ipvs {
        for (place, _) in balancers.iter().filter(|(_, host)| host.has(Role::ControlPlane)) {
            let message = "an ipvs gateway cannot be one of the control planes that it leads to";
            let fix = "give the role load-balancer to a host of its own, or choose kind: keepalived";
            problems.push(place.error("roles", message).fix(fix));
        }
    }
}

/// The endpoint of a cluster that does not say: port 6443 of what stands in front.
pub fn endpoint(
    balancer: &LoadBalancer,
    hosts: &[HostSpec],
    problems: &mut Vec<Problem>,
) -> Option<Endpoint> {
    match addresses(balancer, hosts)[..] {
        [address] => return Some(Endpoint { host: address.to_string(), port: ports::APISERVER.usual }),
        // That no host has the role, or what is wrong with its address, has been said.
        [] => {}
        _ => {
            problems.push(names::missing(ENDPOINT, "a URL with a DNS name that leads to every load balancer"))
        }
    }
    None
}

/// Where the load balancer is found; nowhere if a problem says that it has no host.
fn addresses(balancer: &LoadBalancer, hosts: &[HostSpec]) -> Vec<IpAddr> {
    match balancer.virtual_address() {
        Some(address) => vec![address],
        None => balancers(hosts).filter_map(|(_, host)| host.address.parse().ok()).collect(),
    }
}

/// Checks that clients who use the endpoint come to the load balancer.
pub fn check(endpoint: &Endpoint, balancer: &LoadBalancer, hosts: &[HostSpec], problems: &mut Vec<Problem>) {
    let addresses = addresses(balancer, hosts);
    let (message, fix) = match (endpoint.ip(), &addresses[..]) {
        (_, []) => return,
        (Some(ip), [address]) if ip != *address => (
            format!("{ENDPOINT} {ip} does not lead to the load balancer at {address}"),
            format!("write {}, or a DNS name", Endpoint { host: address.to_string(), port: endpoint.port }),
        ),
        (Some(ip), [_, _, ..]) => (
            format!("{ENDPOINT} {ip} does not lead to each of {} load balancers", addresses.len()),
            "write a DNS name that leads to every one of them".to_owned(),
        ),
        (None, _) if names_another(&endpoint.host, &addresses, hosts) => (
            format!("{ENDPOINT} {} is the name of a host and not of the load balancer", endpoint.host),
            "choose a name that no host has".to_owned(),
        ),
        _ => return,
    };
    problems.push(Problem::error(ENDPOINT, message).fix(fix));
}

fn names_another(name: &str, addresses: &[IpAddr], hosts: &[HostSpec]) -> bool {
    let elsewhere = |host: &HostSpec| host.address.parse().is_ok_and(|address| !addresses.contains(&address));
    hosts.iter().any(|host| host.name == name && elsewhere(host))
}

/// kube-proxy takes the kernel's table of virtual servers for its own: in mode ipvs it deletes those that are not of a
/// service, and in mode nftables it empties the table when it starts.
pub fn gateway(cluster: &Cluster, problems: &mut Vec<Problem>) {
    let Some(mode @ ("ipvs" | "nftables")) = cluster.kube_proxy_mode() else { return };
    if !matches!(cluster.api.load_balancer, Some(LoadBalancer::Ipvs { .. })) {
        return;
    }
    for host in cluster.load_balancers().filter(|host| host.is(Role::Worker)) {
        let message = format!(
            "host {}: kube-proxy in mode {mode} would delete the ipvs gateway's virtual server",
            host.name
        );
        let fix =
            "leave the role worker to other hosts, or choose mode iptables in components.kube-proxy.config";
        problems.push(Problem::error(format!("hosts[{}].roles", host.name), message).fix(fix));
    }
}

/// A load balancer asks API servers whether they are ready without saying who it is.
pub fn health_checks(
    api: &Api,
    components: &Components,
    authentication: Option<&Authentication>,
    problems: &mut Vec<Problem>,
) {
    let flag = components.kube_apiserver.flags.get("anonymous-auth");
    let refused = [
        (
            "components.kube-apiserver.flags.anonymous-auth",
            "false",
            [Some(false.into()), Some("false".into())].iter().any(|value| flag == Some(value)),
        ),
        (
            "authentication.anonymous",
            Anonymous::None.as_str(),
            authentication.is_some_and(|authentication| authentication.anonymous == Anonymous::None),
        ),
    ];
    for (path, value, is_set) in refused {
        if api.load_balancer.is_some() && is_set {
            let message = format!("{path} {value} keeps the load balancer from asking who is ready");
            problems.push(Problem::error(path, message).fix("remove it, or remove api.loadBalancer"));
        }
    }
}
