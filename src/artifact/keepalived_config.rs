//! keepalived on a control plane: one of them holds the address of the API, and another takes it over.

use std::net::IpAddr;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// The file keepalived.conf of one control plane. Control planes tell each other directly who holds the address, so
/// that no router between them has to pass multicast. There is no password: in VRRP it travels in the clear. The holder
/// announces itself to its neighbours again and again: after a split of the network, in which two held the address, those
/// on either side would go on sending to whom they heard last.
pub struct KeepalivedConfig {
    pub host: String,
    pub own: IpAddr,
    /// The other control planes: name and address.
    pub peers: Vec<(String, IpAddr)>,
    /// The virtual address.
    pub address: IpAddr,
    pub interface: String,
    /// Of all that are ready, the highest takes the address; it is not taken from another that has it.
    pub priority: u8,
    /// Where this host's API server says that it is ready.
    pub ready: String,
    /// The authority that vouches for it.
    pub authority: &'static str,
}

impl KeepalivedConfig {
    fn render(&self) -> String {
        let Self { host, own, peers, address, interface, priority, ready, authority } = self;
        let peers: String = peers.iter().map(|(_, peer)| format!("        {peer}\n")).collect();
        let peers = match peers.as_str() {
            "" => peers,
            _ => format!("    unicast_src_ip {own}\n    unicast_peer {{\n{peers}    }}\n"),
        };
        let (router, prefix) = (router(address), if address.is_ipv4() { 32 } else { 128 });
        format!(
            "\
global_defs {{
    router_id {host}
    enable_script_security
    script_user nobody
}}

vrrp_script apiserver {{
    script \"/usr/bin/curl --silent --fail --max-time 2 --output /dev/null --cacert {authority} {ready}\"
    interval 1
    timeout 3
    fall 2
    rise 2
}}

vrrp_instance kubernetes {{
    state BACKUP
    nopreempt
    interface {interface}
    virtual_router_id {router}
    priority {priority}
    advert_int 1
    garp_master_refresh 5
{peers}    virtual_ipaddress {{
        {address}/{prefix}
    }}
    track_script {{
        apiserver
    }}
}}
"
        )
    }
}

/// A number that all who share the address share, and those of another address in the same network do not: its last
/// byte, which is 0 for no host of a small network.
fn router(address: &IpAddr) -> u8 {
    let last = match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    };
    last.max(1)
}

impl Make for KeepalivedConfig {
    const KIND: Kind = Kind {
        name: "keepalived-config",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { host, own, peers, address, interface, priority, ready, authority } = self;
        manifest.text("host", host, Origin::Spec(format_args!("hosts[{host}].name")));
        manifest.display("own", own, Origin::Spec(format_args!("hosts[{host}].address")));
        for (peer, address) in peers {
            manifest.display("peer", address, Origin::Spec(format_args!("hosts[{peer}].address")));
        }
        manifest.display("address", address, Origin::Spec(format_args!("api.loadBalancer.address")));
        manifest.text("interface", interface, Origin::Spec(format_args!("api.loadBalancer.interface")));
        manifest.number("priority", (*priority).into(), Origin::Spec(format_args!("hosts")));
        manifest.text("ready", ready, Origin::Spec(format_args!("api.endpoint")));
        manifest.text("authority", authority, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.render().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn config(address: &str, peers: &[&str]) -> KeepalivedConfig {
        KeepalivedConfig {
            host: "control-plane-1".to_owned(),
            own: ip("10.0.0.4"),
            peers: peers.iter().map(|peer| (format!("at-{peer}"), ip(peer))).collect(),
            address: ip(address),
            interface: "eth0".to_owned(),
            priority: 100,
            ready: "https://127.0.0.1:6443/readyz".to_owned(),
            authority: "/etc/keepalived/kubernetes-ca.crt",
        }
    }

    fn three() -> KeepalivedConfig {
        config("10.0.0.100", &["10.0.0.5", "10.0.0.6"])
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(three(), &[]));
        insta::assert_snapshot!(description(&three().into()), @r"
        host = control-plane-1 (hosts[control-plane-1].name)
        own = 10.0.0.4 (hosts[control-plane-1].address)
        peer = 10.0.0.5 (hosts[at-10.0.0.5].address)
        peer = 10.0.0.6 (hosts[at-10.0.0.6].address)
        address = 10.0.0.100 (api.loadBalancer.address)
        interface = eth0 (api.loadBalancer.interface)
        priority = 100 (hosts)
        ready = https://127.0.0.1:6443/readyz (api.endpoint)
        authority = /etc/keepalived/kubernetes-ca.crt (kthw)
        ");
    }

    #[test]
    fn every_parameter_counts() {
        let with = |change: fn(&mut KeepalivedConfig)| {
            let mut config = three();
            change(&mut config);
            config.into()
        };
        all_differ([
            three().into(),
            config("10.0.0.101", &["10.0.0.5", "10.0.0.6"]).into(),
            config("10.0.0.100", &["10.0.0.6", "10.0.0.5"]).into(),
            config("10.0.0.100", &["10.0.0.5"]).into(),
            with(|c| c.host = "control-plane-2".to_owned()),
            with(|c| c.own = ip("10.0.0.7")),
            with(|c| c.interface = "eth1".to_owned()),
            with(|c| c.priority = 99),
            with(|c| c.ready = "https://127.0.0.1:443/readyz".to_owned()),
            with(|c| c.authority = "/ca.crt"),
        ]);
    }
}
