//! The planner: what exists, what it is made from, and where it goes. It decides everything and does nothing.

mod control_plane;
mod flags;
mod host;
mod pki;
mod planner;
mod releases;
mod worker;

use std::collections::BTreeSet;

use kthw_graph::{Graph, GraphBuilder, GraphProblem, NodeId};
use semver::Version;

use crate::artifact::{Artifact, ClusterIndex, Permissions};
use crate::cluster::{Cluster, Role};
use crate::lock::Lock;
use crate::root::RootFingerprint;

use planner::{HostFiles, Planner};

pub use pki::{Authority, Identity};
pub use releases::needs;

/// The node that stands for everything.
pub const CLUSTER: &str = "cluster";

/// Everything that will be made for a cluster.
pub struct Plan {
    pub graph: Graph<Artifact>,
}

/// Why a decided cluster cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    #[error("kthw.lock does not pin {name} {version} for linux/{arch}; run `kthw lock`")]
    Unpinned { name: String, version: Version, arch: String },
    #[error(transparent)]
    Graph(#[from] GraphProblem),
}

/// Plans a cluster: a pure function of what is decided and what is locked.
pub fn plan(cluster: &Cluster, lock: &Lock, root: RootFingerprint) -> Result<Plan, Vec<PlanProblem>> {
    let graph = GraphBuilder::default();
    let mut planner = Planner { cluster, lock, root, graph, problems: Vec::new() };
    planner.define_authorities();
    planner.define_identities(pki::cluster_identities());
    planner.define_service_account_keys();
    planner.define_releases();
    planner.define_control_plane();
    planner.define_workers();
    let mut bundles = Vec::with_capacity(cluster.hosts.len());
    for host in &cluster.hosts {
        let mut files = HostFiles::new(host);
        planner.place_common(&mut files);
        if host.is(Role::ControlPlane) {
            planner.place_control_plane(&mut files);
        }
        if host.is(Role::Worker) {
            planner.place_worker(&mut files);
        }
        bundles.push(planner.define_bundle(files));
    }
    planner.define(CLUSTER, ClusterIndex { name: cluster.name.clone() }, bundles);
    let Planner { graph, mut problems, .. } = planner;
    match graph.seal() {
        Ok(graph) if problems.is_empty() => Ok(Plan { graph }),
        Ok(_) => Err(problems),
        Err(broken) => {
            problems.extend(broken.into_iter().map(PlanProblem::Graph));
            Err(problems)
        }
    }
}

/// The name of a host's bundle.
pub fn bundle_name(host: &str) -> String {
    format!("host/{host}/bundle")
}

/// The host that a bundle's name is for.
pub fn bundle_host(name: &str) -> Option<&str> {
    name.strip_prefix("host/")?.strip_suffix("/bundle")
}

/// The name of a user's kubeconfig.
pub fn kubeconfig_name(user: &str) -> String {
    format!("kubeconfig/{user}")
}

/// The user that a kubeconfig's name is for.
pub fn kubeconfig_user(name: &str) -> Option<&str> {
    name.strip_prefix("kubeconfig/")
}

/// The hosts, by name.
pub fn hosts(graph: &Graph<Artifact>) -> BTreeSet<String> {
    let names = graph.order().iter().map(|id| graph.node(*id).name.as_str());
    names.filter_map(bundle_host).map(str::to_owned).collect()
}

/// Who may do what with a file of a host.
pub fn permissions(graph: &Graph<Artifact>, host: &str, path: &str) -> Option<Permissions> {
    match &graph.node(graph.find(&bundle_name(host))?).action {
        Artifact::Bundle(bundle) => bundle.files.get(path).copied(),
        _ => None,
    }
}

/// Every file of every host: host, path and the node that belongs there.
pub fn files(graph: &Graph<Artifact>) -> impl Iterator<Item = (&str, &str, NodeId)> {
    let bundles = graph.order().iter().filter_map(|id| {
        let node = graph.node(*id);
        Some((bundle_host(node.name.as_str())?, node))
    });
    bundles.flat_map(|(host, bundle)| bundle.inputs.iter().map(move |(path, id)| (host, &**path, *id)))
}
