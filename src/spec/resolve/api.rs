//! The API section: the endpoint that clients use, and further names for its certificate.

use std::net::IpAddr;

use super::addresses::{self, Use};
use super::network::Ranges;
use super::{host_names, load_balancer, names};
use crate::cluster::{Api, Endpoint, Role, ports};
use crate::names::order;
use crate::spec::document::{ApiSpec, HostSpec};
use crate::spec::problem::{Problem, Severity};

/// Decides the endpoint: as written, or port 6443 of the load balancer or else of the first control plane by name.
pub fn resolve(
    spec: &ApiSpec,
    hosts: &[HostSpec],
    ranges: &Ranges,
    problems: &mut Vec<Problem>,
) -> Option<Api> {
    sans(spec, problems);
    let load_balancer = load_balancer::resolve(spec.load_balancer.as_ref(), hosts, ranges, problems);
    let endpoint = match (&spec.endpoint, &load_balancer) {
        (Some(url), _) => written(url, ranges, problems),
        (None, Some(balancer)) => load_balancer::endpoint(balancer, hosts, problems),
        // What is wrong with the load balancer has been said.
        (None, None) if spec.load_balancer.is_some() => None,
        (None, None) => first_control_plane(hosts, problems),
    };
    if let (Some(endpoint), Some(balancer)) = (&endpoint, &load_balancer) {
        load_balancer::check(endpoint, balancer, hosts, problems);
    }
    Some(Api { endpoint: endpoint?, load_balancer, sans: spec.sans.clone() })
}

fn written(url: &str, ranges: &Ranges, problems: &mut Vec<Problem>) -> Option<Endpoint> {
    let path = "api.endpoint";
    let Some(endpoint) = parse(url) else {
        problems.push(
            Problem::error(path, format!("{path} {url} is not a URL with a host and a port"))
                .fix("write it like https://10.0.0.4:6443"),
        );
        return None;
    };
    let special = endpoint.ip().and_then(|ip| addresses::check(path, ip, Use::Host));
    if let Some(problem) = special.filter(|problem| problem.severity == Severity::Error) {
        problems.push(Problem { path: path.to_owned(), ..problem });
        return None;
    }
    match (endpoint.ip(), ranges.hosts) {
        (Some(ip), Some(range)) if !range.contains(&ip) => {
            problems.push(Problem::error(path, format!("{path} {ip} is outside network.hosts {range}")).fix(
                "use the address of a control plane or of a load balancer in that range, or a DNS name",
            ));
        }
        (Some(ip), Some(range)) if addresses::is_of_network(&ip, &range) => {
            let message = format!("{path} {ip} is no host's in network.hosts {range}");
            let fix = "use the address of a control plane or of a load balancer, or a DNS name";
            problems.push(Problem::error(path, message).fix(fix));
        }
        (None, _) if host_names::is_local(&endpoint.host) => {
            let message = format!("{path} {} leads each host to itself", endpoint.host);
            let fix = "write an address within network.hosts, or a name that leads to the control planes";
            problems.push(Problem::error(path, message).fix(fix));
        }
        (None, _) if names::is_broken_address(&endpoint.host) => {
            let message = format!("{path} {} is neither an IP address nor a DNS name", endpoint.host);
            problems.push(Problem::error(path, message).fix("write it like https://10.0.0.4:6443"));
        }
        (None, _) => names::subdomain(path, &endpoint.host, problems),
        _ => {}
    }
    Some(endpoint)
}

/// Reads `https://HOST:PORT` with an optional slash at the end.
fn parse(url: &str) -> Option<Endpoint> {
    let authority = url.strip_prefix("https://")?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = authority.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']')?;
            inner.parse::<std::net::Ipv6Addr>().ok()?.to_string()
        }
        None if host.is_empty() || host.contains([':', '/', '@', '?', '#']) => return None,
        None => host.to_owned(),
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port != 0)?;
    Some(Endpoint { host, port })
}

fn first_control_plane(hosts: &[HostSpec], problems: &mut Vec<Problem>) -> Option<Endpoint> {
    let control_planes: Vec<&HostSpec> = hosts.iter().filter(|host| host.has(Role::ControlPlane)).collect();
    let first = control_planes.iter().min_by(|one, other| order(&one.name, &other.name))?;
    let address: IpAddr = first.address.parse().ok()?;
    if control_planes.len() > 1 {
        problems.push(
            Problem::warning(
                "api",
                format!("api.endpoint is not set, so every client depends on {}", first.name),
            )
            .fix("set it to an address or name that leads to all control planes"),
        );
    }
    Some(Endpoint { host: address.to_string(), port: ports::APISERVER.usual })
}

fn sans(spec: &ApiSpec, problems: &mut Vec<Problem>) {
    for (i, san) in spec.sans.iter().enumerate() {
        let path = format!("api.sans[{i}]");
        let name = san.strip_prefix("*.").unwrap_or(san);
        if let Ok(address) = san.parse::<IpAddr>() {
            let problem = addresses::check(&path, address, Use::Name);
            problems.extend(problem.map(|problem| Problem { path, ..problem }));
        } else if !names::is_subdomain(name) || names::is_broken_address(name) {
            let message = format!("{path} {san} is neither a DNS name nor an IP address");
            problems
                .push(Problem::error(path, message).fix("write it without scheme and port, in lower case"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_with_host_and_port() {
        let check = |url: &str, expected: Option<&str>| {
            let found = parse(url).map(|endpoint| endpoint.to_string());
            assert_eq!(found.as_deref(), expected, "{url}");
        };
        check("https://10.0.0.4:6443", Some("https://10.0.0.4:6443"));
        check("https://api.example.org:443/", Some("https://api.example.org:443"));
        check("https://[fd00:0::4]:6443", Some("https://[fd00::4]:6443"));
        check("https://fd00::4:6443", None);
        check("http://10.0.0.4:6443", None);
        check("https://10.0.0.4", None);
        check("https://10.0.0.4:0", None);
        check("https://:6443", None);
        check("https://user@host:6443", None);
        check("10.0.0.4:6443", None);
        check("", None);
    }
}
