//! The cluster as decided: complete, checked, and free of files and graphs.

mod addons;
mod api;
mod audit;
mod authentication;
mod choice;
mod cloud_provider;
mod component;
pub mod configuration;
mod control_plane;
mod downloads;
pub mod duration;
mod encryption;
mod etcd;
pub mod fields;
pub mod flags;
mod host;
mod input_path;
mod load_balancer;
mod machine;
mod monitoring;
mod network;
mod pki;
pub mod ports;
mod priority_class;
mod quantity;
pub mod resources;
mod versions;

use std::net::IpAddr;

pub use addons::{Addons, CoreDns};
pub use api::{Api, Endpoint};
pub use audit::Audit;
pub use authentication::{Anonymous, Authentication};
pub use cloud_provider::{CloudControllerManager, CloudDownload, CloudProvider};
pub use component::{Component, Components, FlagValue, Program};
pub use control_plane::{ControlPlane, LeaderElection};
pub use downloads::Downloads;
pub use encryption::{Encryption, Provider};
pub use etcd::{AutoCompaction, Backup, CompactionMode, Etcd, Layer, LayerKind, OffSite};
pub use host::{Arch, Effect, Host, KUBELET_LABELS, Role, Ssh, Taint};
pub use input_path::InputPath;
pub use load_balancer::{Balancer, LoadBalancer};
pub use machine::{
    Acceleration, Addressing, BaseImage, Carry, Image, ImageFile, MACHINE_FOLDERS, Mac, Machine,
    MachineNetwork, Machines, Size, User, machine_folder,
};
pub use monitoring::Monitoring;
pub use network::{Allocation, Cni, Network, nth_address};
pub use pki::{Authority, AuthorityFiles, Pki};
pub use ports::Listener;
pub use priority_class::{PreemptionPolicy, PriorityClass};
pub use quantity::Quantity;
pub use versions::Versions;

/// Everything that is decided about a cluster before anything is planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub name: String,
    pub versions: Versions,
    pub network: Network,
    pub api: Api,
    /// By name, `worker-2` before `worker-10`; names and addresses are unique.
    pub hosts: Vec<Host>,
    pub components: Components,
    pub pki: Pki,
    pub etcd: Etcd,
    pub encryption: Encryption,
    pub audit: Audit,
    pub control_plane: ControlPlane,
    pub authentication: Authentication,
    pub cloud_provider: Option<CloudProvider>,
    pub monitoring: Option<Monitoring>,
    pub priority_classes: Vec<PriorityClass>,
    pub addons: Addons,
    pub downloads: Downloads,
    /// The machines that are made for the hosts; `None` where they are there already.
    pub machines: Option<Machines>,
}

impl Cluster {
    /// The hosts of the control plane; at least one.
    pub fn control_planes(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.is(Role::ControlPlane))
    }

    /// Whether this is the control plane that applies what a new cluster needs: the first by name.
    pub fn bootstraps(&self, host: &Host) -> bool {
        self.control_planes().next().is_some_and(|first| first.name == host.name)
    }

    /// The hosts that run etcd; at least one.
    pub fn etcd_members(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.is(Role::Etcd))
    }

    /// The hosts that lead clients to the control planes.
    pub fn load_balancers(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.is(Role::LoadBalancer))
    }

    /// Where the endpoint leads, if a load balancer of the cluster stands there.
    pub fn balanced_addresses(&self) -> Vec<IpAddr> {
        match &self.api.load_balancer {
            None => Vec::new(),
            Some(balancer) => match balancer.virtual_address() {
                Some(address) => vec![address],
                None => self.load_balancers().map(|host| host.address).collect(),
            },
        }
    }

    /// The virtual address of the API, if this host has it for good: on its loopback interface, so that no name of
    /// another has to be known. A load balancer answers for it there; control planes only accept its packets.
    pub fn loopback_address(&self, host: &Host) -> Option<IpAddr> {
        match self.api.load_balancer.as_ref()? {
            LoadBalancer::Haproxy { address } if host.is(Role::LoadBalancer) => *address,
            LoadBalancer::Ipvs { address } if host.is(Role::LoadBalancer) || host.is(Role::ControlPlane) => {
                Some(*address)
            }
            _ => None,
        }
    }

    /// The hosts that run pods.
    pub fn workers(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.is(Role::Worker))
    }

    /// What kube-proxy leads traffic with, if the user chose and it runs at all.
    pub fn kube_proxy_mode(&self) -> Option<&str> {
        let mode = self.components.kube_proxy.config.get("mode").and_then(|mode| mode.as_str());
        mode.filter(|_| self.network.kube_proxy)
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name)
    }
}
