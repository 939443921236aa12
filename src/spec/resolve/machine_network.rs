//! The network that the machines are in: its names, its gateway and how machines come to know their addresses.

use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::{self, Use};
use super::names;
use super::network::Ranges;
use crate::cluster::{Addressing, Balancer, MachineNetwork, nth_address};
use crate::spec::document::{ClusterSpec, MachineNetworkSpec};
use crate::spec::problem::Problem;

/// The most that Linux lets an interface's name have.
const LONGEST_INTERFACE: usize = 15;

/// Decides the network of the machines.
pub fn resolve(
    spec: &MachineNetworkSpec,
    cluster: &ClusterSpec,
    ranges: &Ranges,
    problems: &mut Vec<Problem>,
) -> Option<MachineNetwork> {
    let (name, bridge) = (spec.name.clone(), spec.bridge.clone());
    name.iter().for_each(|name| word("machines.network.name", name, 63, problems));
    bridge.iter().for_each(|bridge| word("machines.network.bridge", bridge, LONGEST_INTERFACE, problems));
    let balanced = balanced_interface(cluster);
    if let (Some(own), Some(balanced)) = (&spec.interface, balanced)
        && own != balanced
    {
        let path = "machines.network.interface";
        let message = format!("{path} {own} is not {balanced}, where keepalived takes the virtual address");
        let fix = "remove it, since it follows api.loadBalancer.interface, or write the same in both";
        problems.push(Problem::error(path, message).fix(fix));
    }
    let interface = spec.interface.as_ref().or(balanced).cloned().unwrap_or_else(|| "eth0".to_owned());
    word("machines.network.interface", &interface, LONGEST_INTERFACE, problems);
    let domain = spec.domain.clone().unwrap_or_else(|| format!("{}.internal", cluster.name));
    if spec.domain.is_some() {
        names::subdomain("machines.network.domain", &domain, problems);
    }
    let addressing = addressing(spec, ranges.hosts.as_ref(), problems);
    let nameservers = nameservers(spec, problems);
    let gateway = gateway(spec, cluster, ranges.hosts.as_ref()?, problems)?;
    let nameservers = match nameservers? {
        none if none.is_empty() => vec![gateway],
        some => some,
    };
    Some(MachineNetwork { name, bridge, gateway, nameservers, addressing: addressing?, domain, interface })
}

/// The one interface of a machine that keepalived knows by name.
fn balanced_interface(cluster: &ClusterSpec) -> Option<&String> {
    let balancer = cluster.api.load_balancer.as_ref()?;
    balancer.interface.as_ref().filter(|_| balancer.kind == Balancer::Keepalived.as_str())
}

/// Reports what is not a plain word of at most so many characters.
fn word(path: &str, text: &str, longest: usize, problems: &mut Vec<Problem>) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty() || text.len() > longest || !text.chars().all(is_plain) || text.starts_with(['.', '-'])
    {
        let message = format!("{path} {text:?} is not a name");
        let fix = format!("write at most {longest} letters, digits, `.`, `_` and `-`");
        problems.push(Problem::error(path, message).fix(fix));
    }
}

fn addressing(
    spec: &MachineNetworkSpec,
    range: Option<&IpNet>,
    problems: &mut Vec<Problem>,
) -> Option<Addressing> {
    let path = "machines.network.addressing";
    let Some(word) = &spec.addressing else { return Some(Addressing::Static) };
    let addressing = names::choose(path, word, Addressing::WORDS, Addressing::from_word, problems)?;
    if addressing == Addressing::Dhcp && matches!(range, Some(IpNet::V6(_))) {
        let message = format!("{path} dhcp is for IPv4, and network.hosts is IPv6");
        problems.push(Problem::error(path, message).fix("write static, or leave it out"));
        return None;
    }
    Some(addressing)
}

fn nameservers(spec: &MachineNetworkSpec, problems: &mut Vec<Problem>) -> Option<Vec<IpAddr>> {
    let address = |(i, text): (usize, &String)| {
        let path = format!("machines.network.nameservers[{i}]");
        let Ok(address) = text.parse::<IpAddr>() else {
            let message = format!("{path} {text} is not an IP address");
            problems.push(Problem::error(path, message).fix("write the address of the server, not its name"));
            return None;
        };
        let problem = addresses::check(&path, address, Use::NameServer);
        problems.extend(problem.map(|problem| Problem { path, ..problem }));
        Some(address)
    };
    let addresses: Vec<Option<IpAddr>> = spec.nameservers.iter().enumerate().map(address).collect();
    addresses.into_iter().collect()
}

fn gateway(
    spec: &MachineNetworkSpec,
    cluster: &ClusterSpec,
    range: &IpNet,
    problems: &mut Vec<Problem>,
) -> Option<IpAddr> {
    let path = "machines.network.gateway";
    let gateway = match &spec.gateway {
        None => nth_address(range, 1),
        Some(text) => match text.parse() {
            Ok(address) => address,
            Err(_) => {
                let message = format!("{path} {text} is not an IP address");
                problems
                    .push(Problem::error(path, message).fix("write the hypervisor's address in the network"));
                return None;
            }
        },
    };
    let host = cluster.hosts.iter().find(|host| host.address.parse() == Ok(gateway));
    let balancer = cluster.api.load_balancer.as_ref();
    let is_virtual = balancer.and_then(|balancer| balancer.address.as_ref()?.parse().ok()) == Some(gateway);
    let message = match host {
        Some(host) => format!("{path} {gateway} is the address of host {}", host.name),
        None if is_virtual => format!("{path} {gateway} is the virtual address of the API"),
        None if !range.contains(&gateway) => format!("{path} {gateway} is outside network.hosts {range}"),
        None if addresses::is_of_network(&gateway, range) => {
            format!("{path} {gateway} is no machine's in network.hosts {range}")
        }
        None => return Some(gateway),
    };
    let fix = "write an address of the range that no host has: the hypervisor's own";
    problems.push(Problem::error(path, message).fix(fix));
    None
}
