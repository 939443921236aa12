//! The way out of the machines' network, and the way in for ssh.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{CommandLine, bare, cable, options};
use crate::cluster::{Addressing, Host, MachineNetwork};

/// A QEMU without a machine: its user-mode network has the gateway's address and leads on as this user may.
pub struct Gateway<'a> {
    pub program: &'static str,
    pub network: &'a MachineNetwork,
    /// The addresses of the network.
    pub range: IpNet,
    pub hosts: &'a [Host],
    /// An address in the network that is of no host alone.
    pub virtual_address: Option<IpAddr>,
    /// The local port that leads to each host's ssh.
    pub ssh: &'a BTreeMap<String, u16>,
}

/// Why there is no such gateway.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    #[error("machines with IPv6 addresses need libvirt: the network that kthw makes without it is IPv4")]
    Version6,
    #[error(
        "machines.network.addressing dhcp needs libvirt: the network that kthw makes without it reserves no addresses"
    )]
    Dhcp,
    #[error("network.hosts {0} has no address left for the gateway's resolver")]
    Full(IpNet),
}

impl Gateway<'_> {
    const CABLE: &'static str = "gateway-cable.sock";
    /// Where it takes commands.
    pub const MONITOR: &'static str = "gateway-monitor.sock";
    /// What QEMU itself prints.
    pub const LOG: &'static str = "gateway.log";

    pub fn command_line(&self) -> Result<CommandLine, GatewayError> {
        if self.network.addressing == Addressing::Dhcp {
            return Err(GatewayError::Dhcp);
        }
        let (IpNet::V4(range), IpAddr::V4(gateway)) = (self.range, self.network.gateway) else {
            return Err(GatewayError::Version6);
        };
        let hosts = || self.hosts.iter().map(|host| host.address);
        let taken: BTreeSet<IpAddr> =
            hosts().chain([self.network.gateway]).chain(self.virtual_address).collect();
        let free = |address: &Ipv4Addr| !taken.contains(&IpAddr::V4(*address));
        // What the user-mode network calls its host is not its resolver. The machines ask their gateway for names, so
        // the gateway is the resolver; the other address is never used.
        let spare = range.hosts().rev().find(free).ok_or(GatewayError::Full(self.range))?;
        let mut outside = format!("user,id=outside,ipv6=off,net={range},dns={gateway},host={spare}");
        for (host, port) in self.hosts.iter().filter_map(|host| Some((host, self.ssh.get(&host.name)?))) {
            outside += &format!(",hostfwd=tcp:127.0.0.1:{port}-{}:{}", host.address, host.ssh.port);
        }
        let mut arguments = bare().to_vec();
        arguments.extend(options([
            ("machine", "none".to_owned()),
            ("netdev", outside),
            ("netdev", cable("inside", Self::CABLE)),
            ("netdev", "hubport,id=out,hubid=0,netdev=outside".to_owned()),
            ("netdev", "hubport,id=in,hubid=0,netdev=inside".to_owned()),
            ("qmp", format!("unix:{},server=on,wait=off", Self::MONITOR)),
        ]));
        Ok(CommandLine { program: self.program, arguments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Arch, Role, Ssh};

    fn host(name: &str, last: u8) -> Host {
        Host {
            name: name.to_owned(),
            address: [10, 0, 0, last].into(),
            roles: BTreeSet::from([Role::Worker]),
            arch: Arch::Amd64,
            ssh: Ssh { user: "root".to_owned(), port: 22 },
            labels: BTreeMap::new(),
            taints: vec![],
            pod_cidr: None,
        }
    }

    fn network() -> MachineNetwork {
        MachineNetwork {
            name: None,
            bridge: None,
            gateway: [10, 0, 0, 1].into(),
            nameservers: vec![[10, 0, 0, 1].into()],
            addressing: Addressing::Static,
            domain: "hard-way.internal".to_owned(),
            interface: "eth0".to_owned(),
        }
    }

    fn line(network: &MachineNetwork, range: &str, hosts: &[Host]) -> Result<String, GatewayError> {
        let ssh = hosts.iter().zip(40000..).map(|(host, port)| (host.name.clone(), port)).collect();
        let range = range.parse().expect("a range");
        let gateway = Gateway {
            program: "qemu-system-x86_64",
            network,
            range,
            hosts,
            virtual_address: Some([10, 0, 0, 253].into()),
            ssh: &ssh,
        };
        gateway.command_line().map(|line| line.to_string())
    }

    #[test]
    fn the_gateway_has_its_address_and_leads_to_each_ssh() {
        insta::assert_snapshot!(
            line(&network(), "10.0.0.0/24", &[host("a", 4), host("b", 254)]).expect("a gateway")
        );
    }

    #[test]
    fn what_only_libvirt_can_do_is_said() {
        let check = |network: &MachineNetwork, range: &str, expected: GatewayError| {
            assert_eq!(line(network, range, &[host("a", 2)]), Err(expected));
        };
        check(
            &MachineNetwork { addressing: Addressing::Dhcp, ..network() },
            "10.0.0.0/24",
            GatewayError::Dhcp,
        );
        let v6 = MachineNetwork { gateway: "fd00::1".parse().expect("an address"), ..network() };
        check(&v6, "fd00::/64", GatewayError::Version6);
        check(&network(), "10.0.0.0/30", GatewayError::Full("10.0.0.0/30".parse().expect("a range")));
    }
}
