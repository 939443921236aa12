//! The virtual machines: what the hypervisor needs for each, and what they share.

use std::net::IpAddr;

use ipnet::IpNet;
use kthw_graph::{NodeId, Slot, Yields};
use semver::Version;

use super::PlanProblem;
use super::host::api_address;
use super::hypervisor_names::HypervisorNames;
use super::planner::{HostFiles, OS, Planner, input};
use crate::artifact::{
    Artifact, DecidedBy, DiskOverlay, DnsRecords, Download, HostAddressing, HostsEntry, LibvirtDomain,
    LibvirtNetwork, Machine, MetaData, NetworkConfig, SEED_FILES, SeedImage, UserData,
};
use crate::cluster::{
    Addressing, Arch, Carry, Cluster, Cni, Host, Image, ImageFile, LoadBalancer, Mac, Machines, Role,
};
use crate::lock::{Algorithm, Checksum, Pin};
use crate::tree::Permissions;
use crate::upstream::Need;

/// The nodes that all machines share; the part after the slash is also what the file is called.
pub const SHARED: &str = "machines/";
/// The nodes that are of one machine, whose host's name follows.
pub const OWN: &str = "machine/";

/// The network as libvirt defines it.
pub const NETWORK_FILE: &str = "network.xml";

/// The images that have to be pinned for a cluster's machines.
pub fn needs(cluster: &Cluster) -> Vec<Need> {
    let Some(Machines { image: Image::Published(image), .. }) = &cluster.machines else { return Vec::new() };
    let need =
        |arch: Arch| Need { name: image.to_string(), version: image.version(), arch: arch.to_string() };
    architectures(cluster).map(need).collect()
}

fn architectures(cluster: &Cluster) -> impl Iterator<Item = Arch> {
    Arch::ALL.iter().copied().filter(|arch| cluster.hosts.iter().any(|host| host.arch == *arch))
}

impl Planner<'_> {
    /// What the machines share: the images below their disks, their network and their names. Each is listed for
    /// the index of the cluster.
    pub(super) fn define_shared_machinery(&mut self, machines: &Machines) -> Vec<(Slot, NodeId)> {
        let mut shared: Vec<(Slot, NodeId)> = Vec::new();
        for arch in architectures(self.cluster) {
            let Some(download) = self.image(machines, arch) else { continue };
            let name = format!("{SHARED}{}", image_file(machines, arch));
            let id = self.define(&name, download, []);
            shared.push((Slot::Owned(name), id));
        }
        let names = names(self.cluster, machines);
        let HypervisorNames { network, bridge, .. } = HypervisorNames::of(&self.lock.cluster, machines);
        let network = LibvirtNetwork {
            cluster: self.lock.cluster.clone(),
            name: network,
            bridge,
            domain: machines.network.domain.clone(),
            gateway: machines.network.gateway,
            range: self.cluster.network.hosts,
            reservations: reservations(self.cluster, machines),
            names: names.clone(),
        };
        let records = DnsRecords { domain: machines.network.domain.clone(), names };
        for (file, artifact) in [(NETWORK_FILE, network.into()), ("dnsmasq.conf", Artifact::from(records))] {
            let name = format!("{SHARED}{file}");
            let id = self.define(&name, artifact, []);
            shared.push((Slot::Owned(name), id));
        }
        shared
    }

    /// The image for an architecture, as the lock or the user pins it.
    fn image(&mut self, machines: &Machines, arch: Arch) -> Option<Download> {
        match &machines.image {
            Image::Published(image) => {
                let (name, version) = (image.as_str(), image.version());
                let pin = self.lock.pin(name, &version, OS, arch.as_str()).cloned();
                if pin.is_none() {
                    let (name, arch) = (name.to_owned(), arch.to_string());
                    self.problems.push(PlanProblem::Unpinned { name, version, arch });
                }
                pin.map(|pin| Download { pin, written_in: None })
            }
            Image::Own(files) => {
                let file = files.get(&arch).expect("every architecture in use has an image");
                let field = match arch {
                    Arch::Amd64 => "machines.image.amd64",
                    Arch::Arm64 => "machines.image.arm64",
                };
                Some(Download { pin: own_pin(file, arch), written_in: Some(field) })
            }
        }
    }

    /// Everything of one machine.
    pub(super) fn define_machine(&mut self, machines: &Machines, files: &HostFiles<'_>) -> (Slot, NodeId) {
        let host = files.host;
        self.refuse_taken(machines, files);
        let machine = &machines.each[&host.name];
        let of = |file: &str| format!("{OWN}{}/{file}", host.name);
        let meta_data = MetaData { cluster: self.lock.cluster.clone(), host: host.name.clone() };
        let meta_data = self.define(&of("meta-data"), meta_data, []);
        let network_config =
            self.define(&of("network-config"), network_config(self.cluster, machines, host), []);
        let user_data = self.define_user_data(&of("user-data"), machines, files);
        let seed = [meta_data, network_config, user_data];
        let seed = SEED_FILES.into_iter().zip(seed).map(|(name, id)| input(name, id));
        let seed = self.define(&of("seed.img"), SeedImage, seed);
        let HypervisorNames { network, folder, .. } = HypervisorNames::of(&self.lock.cluster, machines);
        let domain = LibvirtDomain {
            cluster: self.lock.cluster.clone(),
            host: host.name.clone(),
            arch: host.arch,
            acceleration: machines.acceleration,
            cpus: machine.cpus,
            memory: machine.memory,
            sized_by: [
                sized_by(host, "cpus", machine.cpus == machines.cpus),
                sized_by(host, "memory", machine.memory == machines.memory),
            ],
            mac: machine.mac,
            network,
            folder,
        };
        let domain = self.define(&of("domain.xml"), domain, []);
        let disk = self.disk(machines, host);
        let name = format!("{OWN}{}", host.name);
        let files = [
            ("disk.qcow2", disk),
            ("domain.xml", domain),
            ("meta-data", meta_data),
            ("network-config", network_config),
            ("seed.img", seed),
            ("user-data", user_data),
        ];
        let files = files.map(|(file, id)| input(file, id));
        let id = self.define(&name, Machine { host: host.name.clone() }, files);
        (Slot::Owned(name), id)
    }

    /// What the user has a machine write where its bundle has a file. Of many hosts the first is named.
    fn refuse_taken(&mut self, machines: &Machines, files: &HostFiles<'_>) {
        let written = machines.user_data.get("write_files").and_then(|files| files.as_array());
        for (i, file) in written.into_iter().flatten().enumerate() {
            let Some(path) = file["path"].as_str().filter(|path| files.holds(path)) else { continue };
            let field = format!("machines.userData.write_files[{i}].path");
            if !self.problems.iter().any(|problem| problem.field() == Some(&field)) {
                let (path, host) = (path.to_owned(), files.host.name.clone());
                self.problems.push(PlanProblem::Taken { field, path, host });
            }
        }
    }

    /// The disk, which machines of the same architecture and size begin with alike.
    fn disk(&mut self, machines: &Machines, host: &Host) -> NodeId {
        let (image, size) = (image_file(machines, host.arch), machines.each[&host.name].disk);
        let name = format!("disk/{image}/{size}");
        if let Some(disk) = self.disks.get(&name) {
            return *disk;
        }
        // Each machine's files are in a folder below one that is beside the images.
        let disk = self.define(&name, DiskOverlay { backing_file: format!("../../{image}"), size }, []);
        self.disks.insert(name, disk);
        disk
    }

    fn define_user_data(&mut self, name: &str, machines: &Machines, files: &HostFiles<'_>) -> NodeId {
        let host = files.host;
        let carried: Vec<(Slot, NodeId, Permissions)> = match machines.carry {
            Carry::None => Vec::new(),
            // A seed is for a first start: what changes with every worker would change every seed, and comes later.
            Carry::Public => files.lasting().filter(|(_, id, _)| self.is_public(*id)).collect(),
        };
        let is_below = |folder: &str| carried.iter().any(|(path, ..)| path.starts_with(folder));
        let steps = [
            ("/etc/modules-load.d/", vec!["systemctl", "restart", "systemd-modules-load.service"]),
            ("/etc/sysctl.d/", vec!["sysctl", "--system"]),
            ("/etc/systemd/", vec!["systemctl", "daemon-reload"]),
        ];
        let commands =
            steps.into_iter().filter(|(folder, _)| is_below(folder)).map(|(_, step)| step).collect();
        let inputs: Vec<(Slot, NodeId)> = carried.iter().map(|(path, id, _)| (path.clone(), *id)).collect();
        let user_data = UserData {
            host: host.name.clone(),
            domain: machines.network.domain.clone(),
            user: machines.user.clone(),
            packages: packages(self.cluster, host),
            files: carried.into_iter().map(|(path, _, permissions)| (path, permissions)).collect(),
            commands,
            more: machines.user_data.clone(),
        };
        self.define(name, user_data, inputs)
    }

    /// Whether a node yields bytes that anyone may see and that are made here.
    fn is_public(&self, id: NodeId) -> bool {
        let kind = self.graph.kind(id).expect("what a host holds is defined before its machine");
        matches!(kind.yields, Yields::Public | Yields::Derived | Yields::Declassified)
    }
}

/// The field that says how large a machine is: that of all machines, unless the host has its own.
fn sized_by(host: &Host, field: &str, alike: bool) -> String {
    match alike {
        true => format!("machines.{field}"),
        false => format!("hosts[{}].machine.{field}", host.name),
    }
}

/// What a host's roles need of its distribution.
fn packages(cluster: &Cluster, host: &Host) -> Vec<&'static str> {
    let mut packages = Vec::new();
    match &cluster.api.load_balancer {
        Some(LoadBalancer::Haproxy { .. }) if host.is(Role::LoadBalancer) => packages.push("haproxy"),
        Some(LoadBalancer::Ipvs { .. }) if host.is(Role::LoadBalancer) => {
            packages.extend(["ipvsadm", "ldirectord"]);
        }
        Some(LoadBalancer::Keepalived { .. }) if host.is(Role::ControlPlane) => {
            packages.extend(["curl", "keepalived"]);
        }
        _ => {}
    }
    if host.is(Role::Worker) {
        packages.extend(["conntrack", "iptables"]);
        // For the rules that the bridge plugin's pods leave by, or those of kube-proxy.
        if cluster.network.cni == Cni::Bridge || cluster.kube_proxy_mode() == Some("nftables") {
            packages.push("nftables");
        }
        if cluster.kube_proxy_mode() == Some("ipvs") {
            packages.push("ipset");
        }
    }
    packages
}

/// What the image below the disks of an architecture is called.
pub fn image_file(machines: &Machines, arch: Arch) -> String {
    let name = match &machines.image {
        Image::Published(image) => image.as_str(),
        Image::Own(_) => "image",
    };
    format!("{name}-{arch}.qcow2")
}

fn own_pin(file: &ImageFile, arch: Arch) -> Pin {
    let algorithm: Algorithm =
        file.algorithm.parse().expect("the cluster's checksums are of known algorithms");
    let checksum = Checksum::new(algorithm, &file.digest).expect("the cluster's checksums are whole");
    Pin {
        name: "image".to_owned(),
        version: Version::new(0, 0, 0),
        os: OS.to_owned(),
        arch: arch.to_string(),
        url: file.url.clone(),
        checksum,
        published: None,
        measured: false,
    }
}

fn network_config(cluster: &Cluster, machines: &Machines, host: &Host) -> NetworkConfig {
    let network = &machines.network;
    let prefix = cluster.network.hosts.prefix_len();
    let addressing = match network.addressing {
        Addressing::Dhcp => HostAddressing::Dhcp,
        Addressing::Static => HostAddressing::Static {
            address: IpNet::new(host.address, prefix).expect("hosts and their range are of one family"),
            gateway: network.gateway,
        },
    };
    NetworkConfig {
        host: host.name.clone(),
        interface: network.interface.clone(),
        mac: machines.each[&host.name].mac,
        addressing,
        // A control plane must not answer for the address: its unit adds it once its settings of ARP keep it silent.
        loopback: cluster.loopback_address(host).filter(|_| host.is(Role::LoadBalancer)),
        nameservers: network.nameservers.clone(),
        domain: network.domain.clone(),
    }
}

fn reservations(cluster: &Cluster, machines: &Machines) -> Vec<(Mac, String, IpAddr)> {
    let hosts = cluster.hosts.iter().filter(|host| host.address.is_ipv4());
    hosts.map(|host| (machines.each[&host.name].mac, host.name.clone(), host.address)).collect()
}

/// Every host by its full and its short name, and the API by its own where it has one.
fn names(cluster: &Cluster, machines: &Machines) -> Vec<HostsEntry> {
    let both = |name: &str, address: IpAddr, decided_by: DecidedBy| {
        let full = format!("{name}.{}", machines.network.domain);
        let names = if name.contains('.') { vec![name.to_owned()] } else { vec![full, name.to_owned()] };
        names.into_iter().map(move |name| HostsEntry { address, name, decided_by: decided_by.clone() })
    };
    let hosts = cluster.hosts.iter().flat_map(|host| {
        both(&host.name, host.address, DecidedBy::Spec(format!("hosts[{}].address", host.name)))
    });
    let mut names: Vec<HostsEntry> = hosts.collect();
    if cluster.api.endpoint.ip().is_none() {
        for address in api_addresses(cluster) {
            names.extend(both(&cluster.api.endpoint.host, address, api_address(cluster, address)));
        }
    }
    names
}

/// Where the API's name leads: to the load balancer, or to the control planes where there is none.
fn api_addresses(cluster: &Cluster) -> Vec<IpAddr> {
    match cluster.balanced_addresses() {
        none if none.is_empty() => cluster.control_planes().map(|host| host.address).collect(),
        some => some,
    }
}
