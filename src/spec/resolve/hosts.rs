//! The hosts: their names, addresses, roles, labels, taints and pod ranges.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::{self, Use};
use super::network::Ranges;
use super::{members, names, pods};
use crate::cluster::{Allocation, Arch, Effect, Host, KUBELET_LABELS, Role, Ssh, Taint};
use crate::field_path::join;
use crate::spec::document::{HostSpec, SshSpec, TaintSpec};
use crate::spec::problem::Problem;

/// Decides every host, in the order written.
pub fn resolve(
    specs: &[HostSpec],
    ranges: &Ranges,
    allocation: Option<Allocation>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Host>> {
    unique(specs, problems);
    let hosts: Vec<Option<Host>> = specs
        .iter()
        .enumerate()
        .map(|(i, spec)| host(&Place::new(i, spec), spec, ranges, problems))
        .collect();
    members::control_planes(specs, problems);
    let etcd = members::etcd(specs, problems);
    let mut hosts: Vec<Host> = hosts.into_iter().collect::<Option<_>>()?;
    if etcd == members::Etcd::Stacked {
        for host in hosts.iter_mut().filter(|host| host.is(Role::ControlPlane)) {
            host.roles.insert(Role::Etcd);
        }
    }
    pods::resolve(&mut hosts, specs, ranges, allocation?, problems)?;
    Some(hosts)
}

/// Where a host is written and what messages call it.
pub struct Place {
    path: String,
    subject: String,
}

impl Place {
    pub fn new(index: usize, spec: &HostSpec) -> Place {
        let path = format!("hosts[{index}]");
        let subject = match spec.name.as_str() {
            "" => path.clone(),
            name => format!("host {name}"),
        };
        Place { path, subject }
    }

    pub fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub fn error(&self, field: &str, message: impl std::fmt::Display) -> Problem {
        Problem::error(self.field(field), format!("{}: {message}", self.subject))
    }

    pub fn warning(&self, field: &str, message: impl std::fmt::Display) -> Problem {
        Problem::warning(self.field(field), format!("{}: {message}", self.subject))
    }
}

fn host(place: &Place, spec: &HostSpec, ranges: &Ranges, problems: &mut Vec<Problem>) -> Option<Host> {
    let name = name(place, spec, problems);
    let address = address(place, spec, ranges.hosts.as_ref(), problems);
    let roles = roles(place, spec, problems);
    let arch = arch(place, spec, problems);
    let ssh = ssh(place, &spec.ssh, problems);
    labels(place, spec, problems);
    let taints = taints(place, spec, problems);
    let roles = roles?;
    if !roles.contains(&Role::Worker) {
        only_workers(place, spec, problems);
    }
    Some(Host {
        name: name?,
        address: address?,
        roles,
        arch: arch?,
        ssh: ssh?,
        labels: spec.labels.clone(),
        taints: taints?,
        pod_cidr: None,
    })
}

/// What `system:node:` leaves of the 64 characters of a common name (RFC 5280, ub-common-name).
const LONGEST_NAME: usize = 64 - "system:node:".len();

fn name(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) -> Option<String> {
    let path = place.field("name");
    let before = problems.len();
    match spec.name.as_str() {
        "" => problems.push(names::missing(&path, "a name such as worker-1")),
        name if name.len() > LONGEST_NAME => problems.push(
            Problem::error(&path, format!("{path} {name} is longer than {LONGEST_NAME} characters"))
                .fix("shorten it: a certificate's common name holds 64, and the host's is system:node:NAME"),
        ),
        name => names::subdomain(&path, name, problems),
    }
    (problems.len() == before).then(|| spec.name.clone())
}

fn address(
    place: &Place,
    spec: &HostSpec,
    range: Option<&IpNet>,
    problems: &mut Vec<Problem>,
) -> Option<IpAddr> {
    let text = &spec.address;
    if text.is_empty() {
        problems.push(
            place
                .error("address", "address is missing")
                .fix("write the IP address of the machine, for instance address: 10.0.0.36"),
        );
        return None;
    }
    let Ok(address) = text.parse::<IpAddr>() else {
        problems.push(
            place
                .error("address", format_args!("address {text} is not an IP address"))
                .fix("write the IP address of the machine, not its name"),
        );
        return None;
    };
    let range = range?;
    // That no address of the range is a host's has been said.
    let is_told = addresses::holding(range).is_some_and(|(special, _)| special.contains(&address));
    let special = addresses::check(&format!("{}: address", place.subject), address, Use::Host);
    if let Some(problem) = special.filter(|_| !is_told) {
        problems.push(Problem { path: place.field("address"), ..problem });
    } else if !range.contains(&address) {
        problems.push(
            place
                .error("address", format_args!("address {address} is outside network.hosts {range}"))
                .fix("correct the address, or widen network.hosts"),
        );
    } else if addresses::is_of_network(&address, range) {
        problems.push(
            place
                .error("address", format_args!("address {address} is no host's in network.hosts {range}"))
                .fix("choose an address between the first and the last of the range"),
        );
    }
    Some(address)
}

fn roles(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) -> Option<BTreeSet<Role>> {
    if spec.roles.is_empty() {
        let problem = place.error("roles", "roles are missing");
        problems.push(problem.fix("write one or more of control-plane, etcd, load-balancer and worker"));
        return None;
    }
    let role = |(i, word): (usize, &String)| {
        let path = place.field(&format!("roles[{i}]"));
        names::choose(&path, word, Role::WORDS, Role::from_word, problems)
    };
    let roles: Vec<_> = spec.roles.iter().enumerate().map(role).collect();
    roles.into_iter().collect()
}

fn arch(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) -> Option<Arch> {
    match &spec.arch {
        None => Some(Arch::Amd64),
        Some(word) => names::choose(&place.field("arch"), word, Arch::WORDS, Arch::from_word, problems),
    }
}

fn ssh(place: &Place, spec: &SshSpec, problems: &mut Vec<Problem>) -> Option<Ssh> {
    let user = spec.user.as_deref().unwrap_or("root");
    let port = spec.port.unwrap_or(22);
    if !is_user(user) {
        let message = format!("ssh.user {user:?} is not a user name");
        problems.push(place.error("ssh.user", message).fix("write a name such as root"));
        return None;
    }
    if port == 0 {
        let problem = place.error("ssh.port", "ssh.port 0 is not a port");
        problems.push(problem.fix("write a port from 1 to 65535"));
        return None;
    }
    Some(Ssh { user: user.to_owned(), port })
}

/// Whether this can be the name of a user or a group.
pub fn is_user(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn labels(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) {
    for (key, value) in &spec.labels {
        let path = join(&place.field("labels"), key);
        let subject = &place.subject;
        if !names::is_key(key) {
            problems.push(
                Problem::error(path, format!("{subject}: label {key} is not a label key"))
                    .fix("write it like zone or example.org/zone"),
            );
        } else if !names::is_label_value(value) {
            problems.push(
                Problem::error(path, format!("{subject}: label {key}: {value} is not a label value"))
                    .fix("use letters, digits, hyphens, underscores and dots, at most 63"),
            );
        } else if !kubelet_may_set(key) {
            problems.push(
                Problem::error(path, format!("{subject}: a kubelet may not set the label {key}"))
                    .fix("use a prefix of your own, or node.kubernetes.io/, or set it with kubectl"),
            );
        }
    }
}

/// Whether a kubelet accepts `key` in --node-labels: of Kubernetes' own labels only these.
fn kubelet_may_set(key: &str) -> bool {
    let within = |prefix: &str, domain: &str| prefix == domain || prefix.ends_with(&format!(".{domain}"));
    let Some((prefix, _)) = key.split_once('/') else {
        return true;
    };
    let reserved = within(prefix, "kubernetes.io") || within(prefix, "k8s.io");
    !reserved
        || within(prefix, "kubelet.kubernetes.io")
        || within(prefix, "node.kubernetes.io")
        || key == "kubernetes.io/hostname"
        || KUBELET_LABELS.contains(&key)
}

fn taints(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) -> Option<Vec<Taint>> {
    let taints: Vec<_> = spec
        .taints
        .iter()
        .enumerate()
        .map(|(i, spec)| taint(&place.field(&format!("taints[{i}]")), spec, problems))
        .collect();
    taints.into_iter().collect()
}

fn taint(path: &str, spec: &TaintSpec, problems: &mut Vec<Problem>) -> Option<Taint> {
    let well_formed = names::is_key(&spec.key) && names::is_label_value(&spec.value);
    if !well_formed {
        let message = format!("{path} {}={} is not a taint", spec.key, spec.value);
        problems.push(Problem::error(path, message).fix("write key and value as in a label"));
    }
    let effect =
        names::choose(&format!("{path}.effect"), &spec.effect, Effect::WORDS, Effect::from_word, problems)?;
    well_formed.then(|| Taint { key: spec.key.clone(), value: spec.value.clone(), effect })
}

/// Warns of what only a kubelet would use.
fn only_workers(place: &Place, spec: &HostSpec, problems: &mut Vec<Problem>) {
    let written = [
        ("labels", !spec.labels.is_empty()),
        ("taints", !spec.taints.is_empty()),
        ("podCIDR", spec.pod_cidr.is_some()),
    ];
    for (field, _) in written.into_iter().filter(|(_, written)| *written) {
        let message = format!("{} runs no pods and has no use for {field}", place.subject);
        problems.push(
            Problem::warning(place.field(field), message).fix("add the role worker, or remove the field"),
        );
    }
}

/// Reports names and addresses that two hosts share.
fn unique(specs: &[HostSpec], problems: &mut Vec<Problem>) {
    let mut names: HashMap<&str, usize> = HashMap::with_capacity(specs.len());
    let mut addresses: HashMap<IpAddr, usize> = HashMap::with_capacity(specs.len());
    for (i, spec) in specs.iter().enumerate() {
        let place = Place::new(i, spec);
        if !spec.name.is_empty() && *names.entry(&spec.name).or_insert(i) != i {
            let path = place.field("name");
            let message = format!("{path} {} is the name of another host too", spec.name);
            problems.push(Problem::error(path, message).fix("give every host its own name"));
        }
        let Ok(address) = spec.address.parse() else {
            continue;
        };
        let first = *addresses.entry(address).or_insert(i);
        if first != i {
            let other = Place::new(first, &specs[first]).subject;
            let message = format!("address {address} is that of {other} too");
            let problem = place.error("address", message);
            problems.push(problem.fix("give every host its own address"));
        }
    }
}
