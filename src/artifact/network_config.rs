//! How a machine's network interface is set up.

use std::net::IpAddr;

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Map, Value, json};

use super::{Ingredients, Make};
use crate::cluster::Mac;
use crate::yaml;

/// The file network-config of a NoCloud seed, in version 2, which is netplan's.
pub struct NetworkConfig {
    pub host: String,
    /// What the interface is called in the machine.
    pub interface: String,
    /// Which of the machine's interfaces it is.
    pub mac: Mac,
    pub addressing: HostAddressing,
    /// The virtual address of the API, where the machine answers for it on its loopback interface.
    pub loopback: Option<IpAddr>,
    /// Asked for names; nothing is said of them where the network does.
    pub nameservers: Vec<IpAddr>,
    /// The domain in which short names are looked up.
    pub domain: String,
}

/// Where the interface has its address from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostAddressing {
    /// The address with its network's prefix, and the way out.
    Static { address: IpNet, gateway: IpAddr },
    /// Whatever the network says.
    Dhcp,
}

impl NetworkConfig {
    fn document(&self) -> Value {
        let mut interface = Map::new();
        interface.insert("match".to_owned(), json!({"macaddress": self.mac.to_string()}));
        interface.insert("set-name".to_owned(), json!(self.interface));
        match &self.addressing {
            HostAddressing::Dhcp => _ = interface.insert("dhcp4".to_owned(), json!(true)),
            HostAddressing::Static { address, gateway } => {
                // Not `default`, which older cloud-inits understand on some systems only.
                let everywhere = if gateway.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
                interface.insert("addresses".to_owned(), json!([address.to_string()]));
                interface.insert("routes".to_owned(), json!([{"to": everywhere, "via": gateway}]));
                interface.insert(
                    "nameservers".to_owned(),
                    json!({"addresses": self.nameservers, "search": [self.domain]}),
                );
            }
        }
        let mut ethernets = Map::new();
        ethernets.insert(self.interface.clone(), interface.into());
        if let Some(address) = self.loopback {
            let lo = json!({"match": {"name": "lo"}, "addresses": [IpNet::from(address).to_string()]});
            ethernets.insert("lo".to_owned(), lo);
        }
        json!({"network": {"version": 2, "ethernets": ethernets}})
    }
}

impl Make for NetworkConfig {
    const KIND: Kind = Kind {
        name: "network-config",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let host = &self.host;
        manifest.text("interface", &self.interface, Origin::Spec(format_args!("machines.network.interface")));
        manifest.display("mac", self.mac, Origin::Spec(format_args!("hosts[{host}].machine.mac")));
        let addressing = Origin::Spec(format_args!("machines.network.addressing"));
        match &self.addressing {
            HostAddressing::Dhcp => manifest.text("addressing", "dhcp", addressing),
            HostAddressing::Static { address, gateway } => {
                manifest.text("addressing", "static", addressing);
                manifest.display("address", address, Origin::Spec(format_args!("hosts[{host}].address")));
                let at = Origin::Spec(format_args!("machines.network.gateway"));
                manifest.display("gateway", gateway, at);
                let at = Origin::Spec(format_args!("machines.network.nameservers"));
                manifest.list("nameserver", &self.nameservers, at);
                let at = Origin::Spec(format_args!("machines.network.domain"));
                manifest.text("domain", &self.domain, at);
            }
        }
        let at = Origin::Spec(format_args!("api.loadBalancer.address"));
        manifest.list("loopback", self.loopback, at);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(yaml::to_string(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;
    use crate::artifact::trial::{all_differ, text};

    fn config(address: &str, gateway: &str) -> NetworkConfig {
        NetworkConfig {
            host: "worker-1".to_owned(),
            interface: "eth0".to_owned(),
            mac: Mac([0x52, 0x54, 0, 1, 2, 3]),
            addressing: HostAddressing::Static {
                address: address.parse().expect("an address"),
                gateway: gateway.parse().expect("an address"),
            },
            loopback: None,
            nameservers: vec![gateway.parse().expect("an address")],
            domain: "hard-way.internal".to_owned(),
        }
    }

    fn v4() -> NetworkConfig {
        config("10.0.0.36/24", "10.0.0.1")
    }

    #[test]
    fn a_machine_knows_its_address() {
        insta::assert_snapshot!(text(v4(), &[]));
        insta::assert_snapshot!(text(config("fd00::24/64", "fd00::1"), &[]));
    }

    fn with_virtual_address() -> NetworkConfig {
        NetworkConfig { loopback: Some("10.0.0.100".parse().expect("an address")), ..v4() }
    }

    #[test]
    fn a_machine_has_the_virtual_address_where_nobody_is_asked_for_it() {
        insta::assert_snapshot!(text(with_virtual_address(), &[]));
    }

    #[test]
    fn a_machine_asks_for_its_address() {
        insta::assert_snapshot!(text(NetworkConfig { addressing: HostAddressing::Dhcp, ..v4() }, &[]));
    }

    #[test]
    fn every_parameter_counts() {
        let variants: Vec<Artifact> = vec![
            v4().into(),
            NetworkConfig { addressing: HostAddressing::Dhcp, ..v4() }.into(),
            NetworkConfig { interface: "eth1".to_owned(), ..v4() }.into(),
            NetworkConfig { mac: Mac([0x52, 0x54, 0, 1, 2, 4]), ..v4() }.into(),
            NetworkConfig { nameservers: vec![], ..v4() }.into(),
            with_virtual_address().into(),
            NetworkConfig { domain: "kubevms".to_owned(), ..v4() }.into(),
            config("10.0.0.37/24", "10.0.0.1").into(),
            NetworkConfig { nameservers: v4().nameservers, ..config("10.0.0.36/24", "10.0.0.2") }.into(),
        ];
        all_differ(variants);
    }
}
