//! Names that a host may not have: those that already lead elsewhere, and those that the API server answers to.

use std::collections::HashSet;
use std::net::IpAddr;

use super::hosts::Place;
use crate::cluster::Role;
use crate::spec::document::{ClusterSpec, HostSpec};
use crate::spec::problem::Problem;

/// What hosts call themselves, or many at once, in /etc/hosts and by RFC 6761.
const LOCAL: &[&str] = &[
    "ip6-allhosts",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-localhost",
    "ip6-localnet",
    "ip6-loopback",
    "ip6-mcastprefix",
    "localhost",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "localhost.localdomain",
    "loopback",
];

/// Whether a name leads each host to itself, or to many.
pub fn is_local(name: &str) -> bool {
    LOCAL.contains(&name) || name.ends_with(".localhost")
}

/// The names of the API server's certificate that every cluster has, without its domain.
const API: &[&str] = &["kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/// Reports every host whose name, or whose address, is that of something else.
pub fn check(cluster: &ClusterSpec, endpoint: Option<&str>, problems: &mut Vec<Problem>) {
    let of_the_api = ApiNames::new(cluster, endpoint);
    let names: HashSet<&str> = cluster.hosts.iter().map(|host| host.name.as_str()).collect();
    let addresses: HashSet<&str> = cluster.hosts.iter().map(|host| host.address.as_str()).collect();
    let domain = cluster.machines.as_ref().map(|machines| {
        machines.network.domain.clone().unwrap_or_else(|| format!("{}.internal", cluster.name))
    });
    for (i, host) in cluster.hosts.iter().enumerate() {
        let place = Place::new(i, host);
        let path = place.field("name");
        let name = host.name.as_str();
        let mut refuse = |message: String, fix: &str| {
            problems.push(Problem::error(&path, format!("{path} {name} is {message}")).fix(fix));
        };
        let short = domain.as_ref().and_then(|domain| name.strip_suffix(domain.as_str())?.strip_suffix('.'));
        if is_local(name) {
            refuse("what each host calls itself".to_owned(), "give the host a name of its own");
        } else if name != host.address && (addresses.contains(name) || of_the_api.is_address(name)) {
            refuse("the address of another".to_owned(), "give the host a name that is not an address");
        } else if let Some(field) = of_the_api.names(name, host) {
            let message = format!("a name of the API server's certificate ({field})");
            let fix = match field {
                "api.sans" => {
                    "give the host another name, or take this one out of api.sans: its key would vouch for the API server"
                }
                "api.endpoint" => {
                    "choose another name for one of the two: the host's key would vouch for the API server"
                }
                _ => "give the host another name: its key would vouch for the API server",
            };
            refuse(message, fix);
        } else if let Some(short) = short.filter(|short| names.contains(short)) {
            let message = format!("the full name of host {short}");
            refuse(message, "give the host another name, or write machines.network.domain");
        }
        if let (Some(field), Ok(address)) = (of_the_api.address(host), host.address.parse::<IpAddr>()) {
            let message = format!(
                "the API server's certificate has its address {address} ({field}), and so has the kubelet's: this host could pose as the API server there"
            );
            let fix = "use an address of a control plane, of a load balancer, or of no host";
            problems.push(place.warning("address", message).fix(fix));
        }
    }
}

/// What the certificate of API servers says, as far as it is written.
struct ApiNames<'s> {
    domain: String,
    sans: &'s [String],
    endpoint: Option<&'s str>,
    control_planes: Vec<&'s str>,
}

impl<'s> ApiNames<'s> {
    fn new(cluster: &'s ClusterSpec, endpoint: Option<&'s str>) -> Self {
        let domain = format!("kubernetes.default.svc.{}", cluster.network.domain);
        let control_planes = cluster.hosts.iter().filter(|host| host.has(Role::ControlPlane));
        let control_planes = control_planes.map(|host| host.address.as_str()).collect();
        Self { domain, sans: &cluster.api.sans, endpoint, control_planes }
    }

    /// The field by which the certificate has this name, if this host must not have it.
    fn names(&self, name: &str, host: &HostSpec) -> Option<&'static str> {
        if API.contains(&name) {
            return Some("every cluster has it");
        }
        if name == self.domain {
            return Some("network.domain");
        }
        // Its own key vouches for an API server anyway, and who has no key of the cluster's authority vouches for nobody.
        if host.has(Role::ControlPlane) || !host.has(Role::Worker) {
            return None;
        }
        let is_san = |san: &String| match san.strip_prefix("*.") {
            Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => san == name,
        };
        match self.endpoint {
            Some(endpoint) if endpoint == name => Some("api.endpoint"),
            _ => self.sans.iter().any(is_san).then_some("api.sans"),
        }
    }

    /// The field by which the certificate has the address of this worker. One that is a load balancer has to have it.
    fn address(&self, host: &HostSpec) -> Option<&'static str> {
        let is_worker_alone =
            host.has(Role::Worker) && !host.has(Role::ControlPlane) && !host.has(Role::LoadBalancer);
        // That it is a control plane's too, or that there is none, has been said.
        let is_its_own =
            !self.control_planes.is_empty() && !self.control_planes.contains(&host.address.as_str());
        let address: IpAddr = host.address.parse().ok().filter(|_| is_worker_alone && is_its_own)?;
        let is_it = |text: &str| text.parse() == Ok(address);
        match self.endpoint {
            Some(endpoint) if is_it(endpoint) => Some("api.endpoint"),
            _ => self.sans.iter().any(|san| is_it(san)).then_some("api.sans"),
        }
    }

    fn is_address(&self, name: &str) -> bool {
        let address = name.parse::<IpAddr>().is_ok();
        address && (self.endpoint == Some(name) || self.sans.iter().any(|san| san == name))
    }
}
