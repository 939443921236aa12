//! What every part of the plan writes into: the graph, and each host's files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use kthw_graph::{GraphBuilder, NodeId, NodeName, Slot};

use crate::artifact::{Artifact, Bundle, DecidedBy, Unfit};
use crate::cluster::{Arch, Cluster, Host};
use crate::lock::Lock;
use crate::root::RootFingerprint;
use crate::tree::{OnChange, Permissions, Service, Stage, UNITS};

use super::PlanProblem;

/// The operating system of every host, as pins name it.
pub const OS: &str = "linux";

/// The plan in the making.
pub struct Planner<'a> {
    pub cluster: &'a Cluster,
    pub lock: &'a Lock,
    pub root: RootFingerprint,
    pub graph: GraphBuilder<Artifact>,
    pub problems: Vec<PlanProblem>,
    /// Asked for by every host, so looked for once.
    pub control_planes: Vec<&'a Host>,
    /// Where the load balancer is reached, looked for once as well.
    pub balanced_addresses: Vec<IpAddr>,
    /// The programs of each release and architecture: path and node.
    pub programs: BTreeMap<(&'static str, Arch), Vec<(&'static str, NodeId)>>,
    /// The disks of machines by the names of their nodes.
    pub disks: BTreeMap<String, NodeId>,
}

/// One host's files in the making.
pub struct HostFiles<'a> {
    pub host: &'a Host,
    files: BTreeMap<Cow<'static, str>, Placed>,
    services: Vec<Service>,
}

/// One file of a host.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Placed {
    id: NodeId,
    permissions: Permissions,
    is_roster: bool,
}

/// An input of a node.
pub fn input(slot: &'static str, id: NodeId) -> (Slot, NodeId) {
    (Slot::Borrowed(slot), id)
}

impl<'a> Planner<'a> {
    pub fn new(cluster: &'a Cluster, lock: &'a Lock, root: RootFingerprint) -> Self {
        Self {
            cluster,
            lock,
            root,
            graph: GraphBuilder::default(),
            problems: Vec::new(),
            control_planes: cluster.control_planes().collect(),
            balanced_addresses: cluster.balanced_addresses(),
            programs: BTreeMap::new(),
            disks: BTreeMap::new(),
        }
    }

    /// The node of this name, whether or not it is defined yet.
    pub fn name(&mut self, name: &str) -> NodeId {
        self.graph.find(name).unwrap_or_else(|| {
            let name = NodeName::new(name).expect("names are made of host names and words of the plan");
            self.graph.name(name)
        })
    }

    pub fn define(
        &mut self,
        name: &str,
        artifact: impl Into<Artifact>,
        inputs: impl IntoIterator<Item = (Slot, NodeId)>,
    ) -> NodeId {
        let id = self.name(name);
        let artifact = artifact.into();
        self.problems.extend(artifact.unfit().into_iter().map(|Unfit { decided_by, message }| {
            let field = match decided_by {
                DecidedBy::Spec(field) => Some(field),
                DecidedBy::Derived(fields) => fields.into_iter().next(),
                DecidedBy::Program => None,
            };
            PlanProblem::Unfit { field, message }
        }));
        self.graph.define(id, artifact, inputs.into_iter().collect());
        id
    }

    /// Turns a host's files into its bundle.
    pub fn define_bundle(&mut self, host: HostFiles<'_>) -> (Slot, NodeId) {
        let name = host.host.name.clone();
        let inputs: Vec<(Slot, NodeId)> =
            host.files.iter().map(|(path, placed)| (path.clone(), placed.id)).collect();
        let files = host.files.into_iter().map(|(path, placed)| (path, placed.permissions)).collect();
        let bundle = Bundle { host: name.clone(), files, services: host.services };
        let id = self.define(&super::bundle_name(&name), bundle, inputs);
        (Slot::Owned(name), id)
    }
}

impl<'a> HostFiles<'a> {
    pub fn new(host: &'a Host) -> Self {
        Self { host, files: BTreeMap::new(), services: Vec::new() }
    }

    /// A file that anyone may read.
    pub fn public(&mut self, path: impl Into<Cow<'static, str>>, id: NodeId) {
        self.put(path.into(), id, 0o644, false);
    }

    /// A file that anyone may read and that has a line for every worker: whoever comes or goes changes it on all hosts.
    pub fn roster(&mut self, path: impl Into<Cow<'static, str>>, id: NodeId) {
        self.put(path.into(), id, 0o644, true);
    }

    /// A file that is no secret, and that only root may read all the same: the CIS benchmark looks at its mode.
    pub fn reserved(&mut self, path: impl Into<Cow<'static, str>>, id: NodeId) {
        self.put(path.into(), id, 0o600, false);
    }

    /// A file that only root may read.
    pub fn secret(&mut self, path: impl Into<Cow<'static, str>>, id: NodeId) {
        self.put(path.into(), id, 0o600, false);
    }

    /// A program.
    pub fn program(&mut self, path: impl Into<Cow<'static, str>>, id: NodeId) {
        self.put(path.into(), id, 0o755, false);
    }

    /// A unit, which is started, and restarted when it or one of the files that it reads changes.
    pub fn service(
        &mut self,
        stage: Stage,
        unit: &'static str,
        id: NodeId,
        reads: impl IntoIterator<Item = &'static str>,
    ) {
        self.service_that_wants(OnChange::Restart, stage, unit, id, reads);
    }

    /// A unit that wants something else than a restart when one of the files that it reads changes.
    pub fn service_that_wants(
        &mut self,
        on_change: OnChange,
        stage: Stage,
        unit: &'static str,
        id: NodeId,
        reads: impl IntoIterator<Item = &'static str>,
    ) {
        self.public(format!("{UNITS}{unit}"), id);
        let reads = reads.into_iter().map(Cow::Borrowed).collect();
        self.services.push(Service { unit: Cow::Borrowed(unit), stage, reads, on_change });
    }

    /// Every file that is the same whoever else is a worker, with its node, by path.
    pub fn lasting(&self) -> impl Iterator<Item = (Slot, NodeId, Permissions)> {
        let lasting = self.files.iter().filter(|(_, placed)| !placed.is_roster);
        lasting.map(|(path, placed)| (path.clone(), placed.id, placed.permissions))
    }

    /// Whether there is a file at this path.
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn put(&mut self, path: Cow<'static, str>, id: NodeId, mode: u32, is_roster: bool) {
        let placed = Placed { id, permissions: Permissions::of_root(mode), is_roster };
        // Two roles of one host may need the same thing.
        let before = self.files.insert(path, placed);
        assert!(before.is_none_or(|before| before == placed), "the plan puts one thing at one path");
    }
}
