//! The network that the machines are in, as libvirt defines it.

use std::net::IpAddr;

use indexmap::IndexMap;
use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;

use super::libvirt::{Named, Uuid, document};
use super::{HostsEntry, Ingredients, Make};
use crate::cluster::Mac;

/// A network behind the hypervisor's own address, with a name and a reserved address for every machine.
pub struct LibvirtNetwork {
    /// The cluster's id of the lock.
    pub cluster: String,
    pub name: String,
    pub bridge: String,
    pub domain: String,
    pub gateway: IpAddr,
    pub range: IpNet,
    /// The machines with the addresses that DHCP reserves for them. There is none in IPv6, where no hardware
    /// address is asked for.
    pub reservations: Vec<(Mac, String, IpAddr)>,
    /// Whatever has a name.
    pub names: Vec<HostsEntry>,
}

#[derive(Serialize)]
#[serde(rename = "network")]
struct Document<'a> {
    name: &'a str,
    uuid: String,
    forward: Forward,
    bridge: Named<'a>,
    domain: Domain<'a>,
    dns: Dns<'a>,
    ip: Ip<'a>,
}

#[derive(Serialize)]
struct Forward {
    #[serde(rename = "@mode")]
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nat: Option<Nat>,
}

/// Without it libvirt routes IPv6 as it is, which leads nowhere for private addresses.
#[derive(Serialize)]
struct Nat {
    #[serde(rename = "@ipv6")]
    ipv6: &'static str,
}

#[derive(Serialize)]
struct Domain<'a> {
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@localOnly")]
    local_only: &'static str,
}

#[derive(Serialize)]
struct Dns<'a> {
    host: Vec<DnsHost<'a>>,
}

#[derive(Serialize)]
struct DnsHost<'a> {
    #[serde(rename = "@ip")]
    ip: IpAddr,
    hostname: Vec<&'a str>,
}

#[derive(Serialize)]
struct Ip<'a> {
    #[serde(rename = "@family")]
    family: &'static str,
    #[serde(rename = "@address")]
    address: IpAddr,
    #[serde(rename = "@prefix")]
    prefix: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    dhcp: Option<Dhcp<'a>>,
}

#[derive(Serialize)]
struct Dhcp<'a> {
    host: Vec<DhcpHost<'a>>,
}

#[derive(Serialize)]
struct DhcpHost<'a> {
    #[serde(rename = "@mac")]
    mac: String,
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@ip")]
    ip: IpAddr,
}

impl LibvirtNetwork {
    /// What libvirt knows it by, whatever it is called.
    pub fn uuid(cluster: &str) -> Uuid {
        Uuid::of(cluster, "network")
    }

    fn document(&self) -> Document<'_> {
        let mut hosts: IndexMap<IpAddr, Vec<&str>> = IndexMap::new();
        for HostsEntry { name, address, .. } in &self.names {
            hosts.entry(*address).or_default().push(name);
        }
        let dns = hosts.into_iter().map(|(ip, hostname)| DnsHost { ip, hostname });
        let reserved =
            self.reservations.iter().map(|(mac, name, ip)| DhcpHost { mac: mac.to_string(), name, ip: *ip });
        let is_v4 = self.gateway.is_ipv4();
        Document {
            name: &self.name,
            uuid: Self::uuid(&self.cluster).to_string(),
            forward: Forward { mode: "nat", nat: (!is_v4).then_some(Nat { ipv6: "yes" }) },
            bridge: Named { name: &self.bridge },
            domain: Domain { name: &self.domain, local_only: "yes" },
            dns: Dns { host: dns.collect() },
            ip: Ip {
                family: if is_v4 { "ipv4" } else { "ipv6" },
                address: self.gateway,
                prefix: self.range.prefix_len(),
                dhcp: is_v4.then(|| Dhcp { host: reserved.collect() }),
            },
        }
    }
}

impl Make for LibvirtNetwork {
    const KIND: Kind = Kind {
        name: "libvirt-network",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("cluster", &self.cluster, Origin::Lock(format_args!("cluster")));
        manifest.text("name", &self.name, Origin::Spec(format_args!("machines.network.name")));
        manifest.text("bridge", &self.bridge, Origin::Spec(format_args!("machines.network.bridge")));
        manifest.text("domain", &self.domain, Origin::Spec(format_args!("machines.network.domain")));
        manifest.display("gateway", self.gateway, Origin::Spec(format_args!("machines.network.gateway")));
        manifest.display("range", self.range, Origin::Spec(format_args!("network.hosts")));
        for (mac, name, ip) in &self.reservations {
            let at = Origin::Spec(format_args!("hosts[{name}].machine.mac"));
            manifest.display("reservation", format_args!("{mac} {name} {ip}"), at);
        }
        for HostsEntry { name, address, decided_by } in &self.names {
            decided_by.describe(manifest, "name", &format!("{name} {address}"));
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(document(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};
    use crate::artifact::{Artifact, DecidedBy};
    use crate::judge::{approved, file, judge, refused};

    fn named(name: &str, address: &str) -> HostsEntry {
        let address = address.parse().expect("an address");
        HostsEntry { name: name.to_owned(), address, decided_by: DecidedBy::Program }
    }

    fn network() -> LibvirtNetwork {
        LibvirtNetwork {
            cluster: "hard-way-0a1b2c3d".to_owned(),
            name: "hard-way".to_owned(),
            bridge: "br-hard-way".to_owned(),
            domain: "kubevms".to_owned(),
            gateway: "192.168.1.1".parse().expect("an address"),
            range: "192.168.1.0/24".parse().expect("a range"),
            reservations: vec![(
                Mac([0x52, 0x54, 0, 1, 2, 3]),
                "control0".to_owned(),
                "192.168.1.11".parse().expect("an address"),
            )],
            names: vec![
                named("kubernetes", "192.168.1.21"),
                named("control0", "192.168.1.11"),
                named("kubernetes.kubevms", "192.168.1.21"),
            ],
        }
    }

    fn v6() -> LibvirtNetwork {
        LibvirtNetwork {
            gateway: "fd00::1".parse().expect("an address"),
            range: "fd00::/64".parse().expect("a range"),
            reservations: vec![],
            names: vec![named("control0", "fd00::11")],
            ..network()
        }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!("v4", text(network(), &[]));
        insta::assert_snapshot!("v6", text(v6(), &[]));
    }

    #[test]
    fn every_parameter_counts() {
        let other = |change: fn(&mut LibvirtNetwork)| {
            let mut network = network();
            change(&mut network);
            Artifact::from(network)
        };
        all_differ([
            other(|_| ()),
            other(|n| n.cluster.push('x')),
            other(|n| n.name.push('x')),
            other(|n| n.bridge.push('x')),
            other(|n| n.domain.push('x')),
            other(|n| n.gateway = "192.168.1.2".parse().expect("an address")),
            other(|n| n.range = "192.168.0.0/23".parse().expect("a range")),
            other(|n| n.reservations.clear()),
            other(|n| n.names.truncate(2)),
        ]);
    }

    #[test]
    fn libvirt_accepts_it() {
        for network in [network(), v6()] {
            let written = text(network, &[]);
            let Some(mut validate) = judge("virt-xml-validate") else { return };
            approved(validate.arg(file(&written).path()).arg("network"));
            let Some(mut validate) = judge("virt-xml-validate") else { return };
            refused(validate.arg(file(&written.replace("bridge", "brigde")).path()).arg("network"));
        }
    }
}
