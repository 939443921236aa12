//! What leads clients to the control planes. The programs are those of the distribution's packages; their
//! configuration and their units are kthw's.

use std::net::{IpAddr, SocketAddr};

use super::flags::{self, path};
use super::kernel;
use super::planner::{HostFiles, Planner};
use crate::artifact::{
    ApiServer, Command, DecidedBy, Flag, HaproxyConfig, KeepalivedConfig, KernelModules, LdirectordConfig,
    Readiness, Section, Sysctls, Unit,
};
use crate::cluster::{Authority, Host, LoadBalancer, Role};
use crate::tree::{OnChange, Stage};

/// The nodes that all hosts with a part in it share.
const HAPROXY_CONFIG: &str = "config/haproxy";
const HAPROXY_UNIT: &str = "config/haproxy.service";
const LDIRECTORD_CONFIG: &str = "config/ldirectord";
const LDIRECTORD_UNIT: &str = "config/ldirectord.service";
const KEEPALIVED_UNIT: &str = "config/keepalived.service";
const BALANCING_MODULES: &str = "config/balancing-modules";
const SILENCE: &str = "config/vip-arp";
const OPEN_ADDRESS_UNIT: &str = "config/kubernetes-vip.service";
const SILENT_ADDRESS_UNIT: &str = "config/kubernetes-vip-silent.service";

const ADDRESS_UNIT: &str = "kubernetes-vip.service";

/// The higher it is, the sooner a control plane takes over from one that gives the address up: at 254 after 8 ms, and at
/// 100 after 609. No more than that is allowed to who does not own the address.
const HIGHEST_PRIORITY: u8 = 254;

impl Planner<'_> {
    pub(super) fn define_load_balancer(&mut self) {
        let Some(balancer) = &self.cluster.api.load_balancer else { return };
        let port = self.cluster.api.endpoint.port;
        let server = |host: &&Host| ApiServer {
            host: host.name.clone(),
            address: SocketAddr::new(host.address, self.cluster.apiserver_port()),
        };
        let servers = self.control_planes.iter().map(server).collect();
        if let Some(address) = balancer.virtual_address() {
            self.define(OPEN_ADDRESS_UNIT, address_unit(address), []);
        }
        match balancer {
            LoadBalancer::Haproxy { .. } => {
                let config = HaproxyConfig { port, servers, authority: path::HAPROXY_CA };
                self.define(HAPROXY_CONFIG, config, []);
                self.define(HAPROXY_UNIT, haproxy_unit(), []);
            }
            LoadBalancer::Ipvs { address } => {
                let config = LdirectordConfig { address: SocketAddr::new(*address, port), servers };
                self.define(LDIRECTORD_CONFIG, config, []);
                self.define(LDIRECTORD_UNIT, ldirectord_unit(), []);
                self.define(BALANCING_MODULES, KernelModules::for_balancing(), []);
                self.define(SILENCE, Sysctls::silent_about_loopback(), []);
                self.define(SILENT_ADDRESS_UNIT, silent_address_unit(*address), []);
            }
            LoadBalancer::Keepalived { .. } => {
                self.define(KEEPALIVED_UNIT, keepalived_unit(), []);
            }
        }
    }

    /// A host's part in leading clients to the control planes, if it has one.
    pub(super) fn place_load_balancer(&mut self, files: &mut HostFiles<'_>) {
        let (cluster, host) = (self.cluster, files.host);
        let Some(balancer) = &cluster.api.load_balancer else { return };
        match balancer {
            LoadBalancer::Haproxy { .. } if host.is(Role::LoadBalancer) => self.place_haproxy(files),
            LoadBalancer::Ipvs { .. } if host.is(Role::LoadBalancer) => self.place_ldirectord(files),
            LoadBalancer::Keepalived { address, interface } if host.is(Role::ControlPlane) => {
                self.place_keepalived(files, *address, interface);
            }
            _ => {}
        }
        if cluster.loopback_address(host).is_none() {
            return;
        }
        self.place_kernel_program(files);
        if host.is(Role::LoadBalancer) {
            let unit = self.name(OPEN_ADDRESS_UNIT);
            files.service(Stage::LoadBalancers, ADDRESS_UNIT, unit, [path::KERNEL_PROGRAM]);
        } else {
            let silence = self.name(SILENCE);
            files.public(path::VIP_ARP, silence);
            let unit = self.name(SILENT_ADDRESS_UNIT);
            files.service(Stage::LoadBalancers, ADDRESS_UNIT, unit, [path::VIP_ARP, path::KERNEL_PROGRAM]);
        }
    }

    fn place_haproxy(&mut self, files: &mut HostFiles<'_>) {
        let (config, unit) = (self.name(HAPROXY_CONFIG), self.name(HAPROXY_UNIT));
        files.public(path::HAPROXY_CONFIG, config);
        self.place_authority(files, path::HAPROXY_CA);
        let reads = [path::HAPROXY_CONFIG, path::HAPROXY_CA];
        files.service_that_wants(OnChange::Reload, Stage::LoadBalancers, "haproxy.service", unit, reads);
    }

    fn place_ldirectord(&mut self, files: &mut HostFiles<'_>) {
        let (config, unit) = (self.name(LDIRECTORD_CONFIG), self.name(LDIRECTORD_UNIT));
        files.public(path::LDIRECTORD_CONFIG, config);
        self.place_authority(files, path::LDIRECTORD_CA);
        let modules = self.name(BALANCING_MODULES);
        files.public(path::BALANCING_MODULES, modules);
        // It sees for itself that its configuration has changed (`autoreload`), and reads the authority at each check.
        let reads = [path::LDIRECTORD_CONFIG, path::LDIRECTORD_CA];
        files.service_that_wants(OnChange::Nothing, Stage::LoadBalancers, "ldirectord.service", unit, reads);
    }

    fn place_keepalived(&mut self, files: &mut HostFiles<'_>, address: IpAddr, interface: &str) {
        let host = files.host;
        let place = self.control_planes.iter().position(|other| other.name == host.name);
        let place = u8::try_from(place.expect("it is one of the control planes")).unwrap_or(u8::MAX);
        let peers = self.control_planes.iter().filter(|other| other.name != host.name);
        let config = KeepalivedConfig {
            host: host.name.clone(),
            own: host.address,
            peers: peers.map(|peer| (peer.name.clone(), peer.address)).collect(),
            address,
            interface: interface.to_owned(),
            priority: HIGHEST_PRIORITY.saturating_sub(place).max(1),
            ready: format!("{}/readyz", flags::local_apiserver(self.cluster)),
            authority: path::KEEPALIVED_CA,
        };
        let config = self.define(&format!("host/{}/keepalived", host.name), config, []);
        files.public(path::KEEPALIVED_CONFIG, config);
        self.place_authority(files, path::KEEPALIVED_CA);
        let unit = self.name(KEEPALIVED_UNIT);
        let reads = [path::KEEPALIVED_CONFIG, path::KEEPALIVED_CA];
        files.service_that_wants(OnChange::Reload, Stage::LoadBalancers, "keepalived.service", unit, reads);
    }

    /// The certificate of the authority that vouches for the API servers, where a program looks for it.
    fn place_authority(&mut self, files: &mut HostFiles<'_>, path: &'static str) {
        let authority = self.authority(Authority::Cluster);
        files.public(path, authority.cert);
    }
}

/// Waits for its processes as a master, and needs no right but that to listen on any port. A configuration that it would
/// not read changes nothing.
fn haproxy_unit() -> Unit {
    let command =
        Command::new("/usr/sbin/haproxy", Vec::new()).with("-Ws").with("-f").with(path::HAPROXY_CONFIG);
    Unit::service("HAProxy in front of the Kubernetes API", "man:haproxy(1)", Readiness::Notify, command)
        .returning_at_once()
        .set(Section::Service, "ExecReload", format!("/usr/sbin/haproxy -c -q -f {}", path::HAPROXY_CONFIG))
        .set(Section::Service, "ExecReload", "/bin/kill -USR2 $MAINPID")
        .set(Section::Service, "User", "haproxy")
        .set(Section::Service, "AmbientCapabilities", "CAP_NET_BIND_SERVICE")
        .set(Section::Service, "KillMode", "mixed")
        .set(Section::Service, "SuccessExitStatus", "143")
        .set(Section::Service, "LimitNOFILE", "65536")
        .hardened()
}

/// It changes the kernel's table of virtual servers, so little is taken away.
fn ldirectord_unit() -> Unit {
    let command =
        Command::new("/usr/sbin/ldirectord", Vec::new()).with(path::LDIRECTORD_CONFIG).with("start");
    Unit::service("ldirectord in front of the Kubernetes API", "man:ldirectord(8)", Readiness::Exec, command)
        .returning_at_once()
        .after(ADDRESS_UNIT)
        .wants(ADDRESS_UNIT)
        .set(Section::Service, "ExecStartPre", "-/sbin/modprobe -a ip_vs ip_vs_wrr")
        .set(Section::Service, "Environment", format!("PERL_LWP_SSL_CA_FILE={}", path::LDIRECTORD_CA))
        .set(Section::Service, "NoNewPrivileges", "yes")
        .set(Section::Service, "PrivateTmp", "yes")
        .set(Section::Service, "ProtectHome", "yes")
}

/// It takes and gives up an address, sends frames of its own, and asks about the API server as nobody.
fn keepalived_unit() -> Unit {
    let flag = |name: &str, value: &str| Flag {
        name: name.to_owned(),
        values: vec![value.to_owned()],
        decided_by: DecidedBy::Program,
    };
    let flags = vec![
        flag("use-file", path::KEEPALIVED_CONFIG),
        flag("pid", "/run/keepalived/keepalived.pid"),
        flag("vrrp_pid", "/run/keepalived/vrrp.pid"),
    ];
    let command = Command::new("/usr/sbin/keepalived", flags)
        .with("--vrrp")
        .with("--dont-fork")
        .with("--log-console")
        .with("--no-syslog");
    Unit::service("keepalived for the Kubernetes API", "man:keepalived(8)", Readiness::Notify, command)
        .returning_at_once()
        .set(Section::Service, "ExecReload", "/bin/kill -HUP $MAINPID")
        .set(Section::Service, "KillMode", "process")
        .set(Section::Service, "RuntimeDirectory", "keepalived")
        .set(
            Section::Service,
            "CapabilityBoundingSet",
            "CAP_KILL CAP_NET_ADMIN CAP_NET_RAW CAP_SETGID CAP_SETUID",
        )
        .set(Section::Service, "RestrictAddressFamilies", "AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_UNIX")
        .hardened()
}

const DOCUMENTATION: &str =
    "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/";

/// The virtual address on the loopback interface, which every host calls the same.
fn address_unit(address: IpAddr) -> Unit {
    let address = on_loopback(address);
    let unit = kernel::unit(VIRTUAL_ADDRESS, DOCUMENTATION, &format!("address {address}"), &decided_by());
    leaving(unit, &address)
}

/// The same where another host answers for it, which has to be settled before the address is there.
fn silent_address_unit(address: IpAddr) -> Unit {
    let address = on_loopback(address);
    let thing = format!("address {address} {}", path::VIP_ARP);
    let unit = kernel::unit_with_settings(VIRTUAL_ADDRESS, DOCUMENTATION, &thing, &decided_by());
    leaving(unit, &address)
}

const VIRTUAL_ADDRESS: &str = "virtual address of the Kubernetes API";

fn decided_by() -> DecidedBy {
    DecidedBy::Spec("api.loadBalancer.address".to_owned())
}

fn on_loopback(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// Takes the address away once nobody is to keep it: not when whoever keeps it has failed and comes back.
fn leaving(unit: Unit, address: &str) -> Unit {
    let leave =
        format!("-/bin/sh -c '[ \"$SERVICE_RESULT\" != success ] || ip address delete {address} dev lo'");
    unit.decided(Section::Service, "ExecStopPost", leave, decided_by())
}
