//! A host: one machine of the cluster, with its place, its parts and how to reach it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::choice::choice;

/// Of the labels under Kubernetes' own names those that a kubelet gives its node, and sets anew whenever it starts.
pub const KUBELET_LABELS: [&str; 9] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// A machine of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A DNS name in lower case; also the name of the Kubernetes node.
    pub name: String,
    pub address: IpAddr,
    /// Never empty.
    pub roles: BTreeSet<Role>,
    pub arch: Arch,
    pub ssh: Ssh,
    /// Labels that the kubelet registers its node with.
    pub labels: BTreeMap<String, String>,
    /// Taints that the kubelet registers its node with.
    pub taints: Vec<Taint>,
    /// The addresses of the pods here: every worker has a range where kthw allocates
    /// them, any other host has none.
    pub pod_cidr: Option<IpNet>,
}

impl Host {
    /// Whether the host has that role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

choice! {
    /// What a host is for.
    Role {
        /// Runs the API server, the controller manager and the scheduler.
        ControlPlane = "control-plane",
        /// Runs a member of etcd; every control plane does where no host is written to.
        Etcd = "etcd",
        /// Leads clients of the API to a control plane.
        LoadBalancer = "load-balancer",
        /// Runs pods.
        Worker = "worker",
    }
}

choice! {
    /// The processor architecture of a host, in the words of upstream release files.
    Arch { Amd64 = "amd64", Arm64 = "arm64" }
}

/// How ssh reaches a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    pub user: String,
    pub port: u16,
}

/// A taint of a node; its value may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    pub key: String,
    pub value: String,
    pub effect: Effect,
}

choice! {
    /// What a taint does to pods that do not tolerate it.
    Effect {
        NoSchedule = "NoSchedule",
        PreferNoSchedule = "PreferNoSchedule",
        NoExecute = "NoExecute",
    }
}
