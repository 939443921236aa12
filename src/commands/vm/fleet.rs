//! The machines of a cluster folder: which are meant, and what is planned for each.

use std::sync::Arc;

use camino::Utf8Path;
use kthw_graph::{Content, Goal, NodeId};
use kthw_store::{Lock, Output};

use crate::artifact::Artifact;
use crate::cluster::{Acceleration, Cluster, Host, Machine, Machines};
use crate::failure::Failure;
use crate::meant::{AMONG_FEW, did_you_mean};
use crate::opened::{Bound, ClusterSession, Opened, copy_blob, realise};
use crate::plan;
use crate::sources::Folder;
use crate::sys::files;
use crate::ui::{Diagnostic, Ui};
use crate::vm::{Made, name};

/// A cluster that has machines.
pub struct Fleet {
    pub folder: Folder,
    /// The cluster's id, which no other cluster has, whatever it is called.
    pub id: String,
    pub cluster: Cluster,
    pub machines: Machines,
    session: Arc<ClusterSession>,
    bound: Bound,
}

impl Fleet {
    pub fn open(folder: Folder, ui: &Ui) -> Result<Self, Failure> {
        let opened = Opened::read(folder, ui)?;
        let cluster = opened.cluster.clone();
        let Some(machines) = cluster.machines.clone() else {
            let message = format!("the hosts of {} are no virtual machines of kthw's", cluster.name);
            let help = "write the section machines into cluster.yaml to have it make them";
            return Err(Failure::wrong_input(vec![Diagnostic::error(message).help(Some(help))]));
        };
        let id = opened.lock.cluster.clone();
        let (session, bound) = opened.session(ui)?;
        Ok(Self { folder: bound.folder.clone(), id, cluster, machines, session, bound })
    }

    /// Waits for the right to start and to stop machines of this folder.
    pub fn lock(&self, ui: &Ui) -> Result<Lock, Failure> {
        let place = self.folder.machines_lock();
        Ok(Lock::exclusive(&place, |holder| ui.message(format!("waiting for {holder}")))?)
    }

    /// The hosts of these names in the order of the cluster file; all where none is named.
    pub fn choose(&self, names: &[String]) -> Result<Vec<&Host>, Failure> {
        let hosts = &self.cluster.hosts;
        if let Some(name) = names.iter().find(|name| hosts.iter().all(|host| host.name != **name)) {
            let known = hosts.iter().map(|host| &*host.name);
            let help = did_you_mean(name, known, AMONG_FEW)
                .unwrap_or_else(|| "cluster.yaml lists the hosts".to_owned());
            let unknown = Diagnostic::error(format!("there is no host `{name}`")).help(Some(help));
            return Err(Failure::wrong_input(vec![unknown]));
        }
        Ok(hosts.iter().filter(|host| names.is_empty() || names.contains(&host.name)).collect())
    }

    pub fn machine(&self, host: &Host) -> &Machine {
        &self.machines.each[&host.name]
    }

    /// What the image of a host's architecture is called.
    pub fn image_file(&self, host: &Host) -> String {
        plan::image_file(&self.machines, host.arch)
    }

    /// Makes, or identifies, all that these machines are made of.
    pub fn realise(&self, goal: Goal, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        let own = hosts.iter().map(|host| plan::machine_name(&host.name));
        let shared = hosts.iter().map(|host| plan::shared_name(&self.image_file(host)));
        let mut nodes: Vec<NodeId> = own.chain(shared).map(|name| self.node(&name)).collect();
        nodes.push(self.node(&plan::shared_name(plan::NETWORK_FILE)));
        nodes.sort();
        nodes.dedup();
        realise(&self.session, &self.bound, goal, &nodes, ui).map(drop)
    }

    /// What a realised machine would be made as today.
    pub fn planned(&self, host: &Host) -> Made {
        Made {
            cluster: self.id.clone(),
            image: self.planned_image(host),
            image_file: self.image_file(host),
            disk: self.output(self.file(host, name::DISK)).to_string(),
            seed: self.output(self.file(host, name::SEED)).to_string(),
        }
    }

    /// The image that a realised machine's disk would be on today.
    pub fn planned_image(&self, host: &Host) -> String {
        self.output(self.image(host)).to_string()
    }

    /// Writes a realised file of a machine.
    pub fn write(&self, host: &Host, file: &str, place: &Utf8Path, mode: u32) -> Result<(), Failure> {
        self.write_node(self.file(host, file), place, mode)
    }

    /// Writes how libvirt defines a machine: as it is planned, or emulated nevertheless.
    pub fn write_domain(
        &self,
        host: &Host,
        acceleration: Acceleration,
        place: &Utf8Path,
    ) -> Result<(), Failure> {
        let node = self.file(host, name::DOMAIN);
        let Artifact::LibvirtDomain(domain) = &self.session.graph().node(node).action else {
            unreachable!("a machine's domain is a domain");
        };
        if acceleration == domain.acceleration {
            return self.write_node(node, place, 0o644);
        }
        let text = domain.emulated().map_err(|error| Failure::failed(format!("{}: {error}", host.name)))?;
        Ok(files::write(place, text.as_bytes(), 0o644)?)
    }

    /// Writes the realised definition of the network.
    pub fn write_network(&self, place: &Utf8Path) -> Result<(), Failure> {
        self.write_node(self.node(&plan::shared_name(plan::NETWORK_FILE)), place, 0o644)
    }

    /// Copies the fetched image of a host.
    pub fn copy_image(&self, host: &Host, place: &Utf8Path) -> Result<(), Failure> {
        let Output::Pinned(action) = self.output(self.image(host)) else {
            unreachable!("an image is known by its pin");
        };
        let store = self.session.store();
        let missing = || Failure::failed(format!("{} is not in the store", self.image_file(host)));
        let blob = store.pinned_blob(&action)?.ok_or_else(missing)?;
        files::fill(place, 0o644, |file| copy_blob(store, &blob, file, place))
    }

    fn write_node(&self, node: NodeId, place: &Utf8Path, mode: u32) -> Result<(), Failure> {
        match self.session.content(node)? {
            Content::Public(bytes) => Ok(files::write(place, &bytes, mode)?),
            Content::Stored(blob) => {
                files::fill(place, mode, |file| copy_blob(self.session.store(), &blob, file, place))
            }
            Content::Secret(_) => unreachable!("no file of a machine is secret"),
        }
    }

    fn image(&self, host: &Host) -> NodeId {
        self.node(&plan::shared_name(&self.image_file(host)))
    }

    fn file(&self, host: &Host, file: &str) -> NodeId {
        let graph = self.session.graph();
        let inputs = &graph.node(self.node(&plan::machine_name(&host.name))).inputs;
        inputs.iter().find(|(slot, _)| slot == file).expect("every machine has that file").1
    }

    fn node(&self, name: &str) -> NodeId {
        self.session.graph().find(name).expect("every machine's nodes are planned")
    }

    fn output(&self, node: NodeId) -> Output {
        self.session.realised(node).expect("the machine was realised").output
    }
}
