//! What a person calls a node: its name, a host, or a path on a host.

use std::collections::BTreeSet;

use kthw_graph::{Graph, NodeId};

use crate::artifact::Artifact;
use crate::failure::Failure;
use crate::meant::{AMONG_FEW, meant, meant_path};
use crate::plan;
use crate::ui::Diagnostic;

/// The node that is meant.
pub fn find(graph: &Graph<Artifact>, target: &str) -> Result<NodeId, Failure> {
    if let Some(id) = graph.find(target) {
        return Ok(id);
    }
    let (host, path) = match target.split_once(':') {
        Some((host, path)) => (host, Some(path)),
        None => (target, None),
    };
    let Some(bundle) = graph.find(&plan::bundle_name(host)) else {
        return Err(Failure::wrong_input(vec![unknown(target, hosts_and_nodes(graph, target))]));
    };
    let Some(path) = path else { return Ok(bundle) };
    let files = &graph.node(bundle).inputs;
    match files.iter().find(|(slot, _)| slot == path) {
        Some((_, id)) => Ok(*id),
        None => {
            let known = files.iter().map(|(slot, _)| format!("{host}:{slot}")).collect();
            Err(Failure::wrong_input(vec![unknown(target, known)]))
        }
    }
}

/// Refuses what is neither a host of one of these graphs, nor a file that one of its hosts or their machines has there.
pub fn check(graphs: [&Graph<Artifact>; 2], targets: &[String]) -> Result<(), Failure> {
    let hosts: BTreeSet<String> = graphs.iter().flat_map(|graph| plan::hosts(graph)).collect();
    let refused = targets.iter().filter_map(|target| match target.split_once(':') {
        None if hosts.contains(target) => None,
        None => Some(unknown(target, hosts.iter().cloned().collect())),
        Some((host, path)) if !hosts.contains(host) => {
            Some(unknown(target, hosts.iter().map(|host| format!("{host}:{path}")).collect()))
        }
        Some((host, _)) => {
            let known: Vec<String> = graphs
                .iter()
                .flat_map(|graph| paths(graph, host))
                .map(|path| format!("{host}:{path}"))
                .collect();
            (!known.contains(target)).then(|| unknown(target, known))
        }
    });
    let refused: Vec<Diagnostic> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(Failure::wrong_input(refused)) }
}

/// The files of a host, and of its machine.
fn paths(graph: &Graph<Artifact>, host: &str) -> Vec<String> {
    let bundle = graph.find(&plan::bundle_name(host)).map(|id| &graph.node(id).inputs);
    let own = bundle.into_iter().flatten().map(|(slot, _)| slot.to_string());
    let machines = plan::machine_files(graph).filter_map(|(path, _)| {
        let (found, file) = path.strip_prefix("hosts/")?.split_once('/')?;
        (found == host).then(|| file.to_owned())
    });
    own.chain(machines).collect()
}

/// What the target may have been meant to be.
fn hosts_and_nodes(graph: &Graph<Artifact>, target: &str) -> Vec<String> {
    let hosts = plan::hosts(graph).into_iter();
    match target.split_once(':') {
        // Only the host can be wrong, so only hosts are worth suggesting.
        Some((_, path)) => hosts.map(|host| format!("{host}:{path}")).collect(),
        None => hosts.chain(graph.order().iter().map(|id| graph.node(*id).name.to_string())).collect(),
    }
}

/// Where the host is one, its path is wrong; where it is none, only that.
fn suggestion(target: &str, known: &[&str]) -> Option<String> {
    let host_of = |known: &&str| known.split_once(':').map(|(host, _)| host.to_owned());
    match target.split_once(':') {
        Some((host, path)) if !known.iter().any(|known| host_of(known).as_deref() == Some(host)) => {
            let hosts: Vec<String> = known.iter().filter_map(host_of).collect();
            let meant = meant(host, hosts.iter().map(String::as_str), AMONG_FEW)?;
            Some(format!("{meant}:{path}"))
        }
        _ if target.contains('/') => meant_path(target, known).map(str::to_owned),
        _ => meant(target, known.iter().copied(), AMONG_FEW).map(str::to_owned),
    }
}

fn unknown(target: &str, known: Vec<String>) -> Diagnostic {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = suggestion(target, &known)
        .map(|meant| format!("did you mean `{meant}`?"))
        .unwrap_or_else(|| "`kthw graph` lists hosts, paths and nodes".to_owned());
    Diagnostic::error(format!("there is no `{target}`")).help(Some(help))
}
