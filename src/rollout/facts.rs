//! What the order follows from besides what each host has to do.

use std::collections::{BTreeSet, HashMap};

use crate::cluster::{Cluster, Cni, Host};
use crate::inventory::Sighting;
use crate::steps::{Action, Condition, Debt, Errand};
use crate::tree::Stage;

pub const ETCD: &str = "etcd.service";
pub const KUBELET: &str = "kubelet.service";

pub struct Facts<'a> {
    /// As it is to be.
    pub cluster: &'a Cluster,
    /// The hosts whose members of etcd vote.
    pub members: BTreeSet<&'a str>,
    /// Why the pods of a node have to leave before its host is changed.
    pub drains: HashMap<&'a str, Vec<String>>,
    /// When hosts follow other routes to pods.
    pub routes: Stage,
}

impl<'a> Facts<'a> {
    /// Whether a member of etcd on this host votes.
    #[cfg_attr(not(test), expect(dead_code, reason = "apply looks at hosts; a plan compares states"))]
    pub fn votes(sighting: &Sighting) -> bool {
        let votes = |state: &crate::inventory::HostState| {
            let is_whole = !state.owes(Debt::Founding) && !state.owes(Debt::Joining);
            is_whole && state.started_with.contains_key(ETCD)
        };
        sighting.state().is_some_and(votes)
    }

    pub fn host(&self, name: &str) -> Option<&'a Host> {
        self.cluster.host(name)
    }

    pub fn reasons(&self, host: &str) -> &[String] {
        self.drains.get(host).map_or(&[], Vec::as_slice)
    }

    /// Done by a control plane for a host, by itself last of all.
    pub fn of_kubernetes(&self, host: &str, what: Errand) -> Action {
        Action::Lead { through: self.control_planes(host), what }
    }

    /// Whether Kubernetes knows when a node is ready: without a network of pods none ever is.
    pub fn node_ready(&self, version: &str, host: &str) -> Condition {
        match self.cluster.network.cni {
            Cni::None => Condition::KubeletHealthy,
            Cni::Bridge | Cni::Cilium => {
                Condition::NodeReady { version: version.to_owned(), through: self.control_planes(host) }
            }
        }
    }

    fn control_planes(&self, host: &str) -> Vec<String> {
        let planes = || self.cluster.control_planes().map(|host| host.name.as_str());
        let (own, others) = (planes().filter(|name| *name == host), planes().filter(|name| *name != host));
        others.chain(own).map(str::to_owned).collect()
    }
}
