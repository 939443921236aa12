//! What nodes of a plan are called, and what is found of it by their names.

use std::collections::BTreeSet;

use kthw_graph::{Graph, NodeId};

use super::machine;
use crate::artifact::Artifact;
use crate::cluster::machine_folder;
use crate::tree::Permissions;

/// The name of a host's bundle.
pub fn bundle_name(host: &str) -> String {
    format!("host/{host}/bundle")
}

/// The host that a bundle's name is for.
pub fn bundle_host(name: &str) -> Option<&str> {
    name.strip_prefix("host/")?.strip_suffix("/bundle")
}

/// The host that alone has a node of this name.
pub fn host_of(name: &str) -> Option<&str> {
    let own = name.strip_prefix("host/").or_else(|| name.strip_prefix(machine::OWN))?;
    Some(own.split_once('/').map_or(own, |(host, _)| host))
}

/// Whether a node is for whoever watches the cluster, and for no host.
pub fn is_for_monitoring(name: &str) -> bool {
    name.starts_with("monitoring/")
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

/// The node that lists all that makes a host's machine.
pub fn machine_name(host: &str) -> String {
    format!("{}{host}", machine::OWN)
}

/// The node of a file that all machines share.
pub fn shared_name(file: &str) -> String {
    format!("{}{file}", machine::SHARED)
}

/// Every file of every machine, and those that they share: where it goes below the machines' folder, and its node.
pub fn machine_files(graph: &Graph<Artifact>) -> impl Iterator<Item = (String, NodeId)> {
    graph.order().iter().flat_map(|id| {
        let node = graph.node(*id);
        let name = node.name.as_str();
        let shared = name.strip_prefix(machine::SHARED).map(|file| (file.to_owned(), *id));
        let host = name.strip_prefix(machine::OWN).filter(|host| !host.contains('/'));
        let own = host.into_iter().flat_map(|host| {
            node.inputs.iter().map(move |(file, id)| (format!("{}/{file}", machine_folder(host)), *id))
        });
        shared.into_iter().chain(own)
    })
}
