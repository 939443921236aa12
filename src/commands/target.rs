//! What a person calls a node: its name, a host, or a path on a host.

use kthw_graph::{Graph, NodeId};

use super::failure::Failure;
use crate::artifact::Artifact;
use crate::meant::{AMONG_FEW, meant};
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
        return Err(unknown(target, hosts_and_nodes(graph, target)));
    };
    let Some(path) = path else { return Ok(bundle) };
    let files = &graph.node(bundle).inputs;
    match files.iter().find(|(slot, _)| slot == path) {
        Some((_, id)) => Ok(*id),
        None => Err(unknown(target, files.iter().map(|(slot, _)| format!("{host}:{slot}")).collect())),
    }
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

fn unknown(target: &str, known: Vec<String>) -> Failure {
    let help = match meant(target, known.iter().map(String::as_str), AMONG_FEW) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`kthw graph` lists hosts, paths and nodes".to_owned(),
    };
    Failure::wrong_input(vec![Diagnostic::error(format!("there is no `{target}`")).help(Some(help))])
}
