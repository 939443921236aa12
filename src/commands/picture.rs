//! A realised cluster as a page: which groups its nodes are drawn in, and which texts are on it.

use std::collections::HashMap;

use kthw_graph::{Action, Content, NodeId};
use kthw_store::Output;

use super::failure::Failure;
use super::opened::ClusterSession;
use super::origins::place_of;
use crate::artifact::Artifact;
use crate::diff::{Param, params};
use crate::page::{Group, Home, Page, PageHost, PageNode, Parameter, State, Text};
use crate::plan;
use crate::spec::Positions;

/// How much text is on a page; a browser opens that much at once.
const ALL_TEXTS: usize = 4 << 20;
/// What is longer is nothing to read on a page.
const ONE_TEXT: usize = 256 << 10;

static AUTHORITIES: Group =
    Group { name: "Authorities", about: "Certificate authorities: whoever they vouch for is trusted." };
static IDENTITIES: Group =
    Group { name: "Identities", about: "Keys and certificates by which components know each other." };
static KUBECONFIGS: Group =
    Group { name: "Kubeconfigs", about: "How users and components reach the API server." };
static RELEASES: Group = Group { name: "Releases", about: "Pinned downloads, and the programs in them." };
static CONFIGURATION: Group =
    Group { name: "Configuration", about: "Files and units that are the same on every host that has them." };
static MACHINES: Group = Group { name: "Machines", about: "What all virtual machines share." };
static MONITORING: Group = Group { name: "Monitoring", about: "For whoever watches the cluster." };
static CLUSTER: Group = Group { name: "Cluster", about: "All hosts, and what belongs to none of them." };

const SECRET: &str = "It is a secret.";
const NO_TEXT: &str = "It is no text.";
const NOT_HERE: &str = "It is a download, known by its checksum.";
const TOO_MUCH: &str = "It is left out, so that the page stays small.";

/// The page of a session in which every node is realised; its nodes are in the graph's order. No secret is on it.
pub fn page(session: &ClusterSession, title: String, positions: &Positions<'_>) -> Result<Page, Failure> {
    let graph = session.graph();
    let order = graph.order();
    let index: HashMap<NodeId, usize> = order.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let bundles = plan::hosts(graph).into_iter().map(|host| {
        let bundle = graph.find(&plan::bundle_name(&host)).expect("every host has a bundle");
        PageHost { bundle: index[&bundle], name: host }
    });
    let hosts: Vec<PageHost> = bundles.collect();
    let by_name: HashMap<&str, usize> = hosts.iter().enumerate().map(|(n, host)| (&*host.name, n)).collect();
    let nodes = order.iter().map(|id| {
        let node = graph.node(*id);
        let output = session.realised(*id).map_or_else(String::new, |realised| realised.output.to_string());
        PageNode {
            name: node.name.to_string(),
            kind: node.action.kind().name,
            home: home(node.name.as_str(), &by_name),
            inputs: node.inputs.iter().map(|(slot, input)| (slot.to_string(), index[input])).collect(),
            output,
            parameters: parameters(&node.action, positions),
            text: Text::Withheld(TOO_MUCH),
            state: State::Same,
        }
    });
    let nodes = nodes.collect();
    let mut page = Page { title, hosts, nodes, changes: None };
    add_texts(session, &mut page)?;
    Ok(page)
}

/// The parameters of an action, each with the place that decided it.
pub fn parameters(action: &Artifact, positions: &Positions<'_>) -> Vec<Parameter> {
    let parameter = |Param { name, value, decided_by, .. }| {
        let place = place_of(&decided_by, positions);
        Parameter { name, value, place }
    };
    params(action).into_iter().map(parameter).collect()
}

/// The host that a node is for, or the group of what hosts share.
pub fn home(name: &str, hosts: &HashMap<&str, usize>) -> Home {
    let mut steps = name.split('/');
    let (first, second) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    let is_authority = || name.rsplit('/').nth(1).is_some_and(|who| who == "ca" || who.ends_with("-ca"));
    Home::Shared(match first {
        "host" | "machine" if hosts.contains_key(second) => return Home::Host(hosts[second]),
        "pki" if is_authority() => &AUTHORITIES,
        "pki" => &IDENTITIES,
        "kubeconfig" => &KUBECONFIGS,
        "config" => &CONFIGURATION,
        "release" => &RELEASES,
        "machines" | "disk" => &MACHINES,
        "monitoring" => &MONITORING,
        _ => &CLUSTER,
    })
}

/// Fills in texts until there are enough: first what hosts share and one host of each fold, then the other hosts.
fn add_texts(session: &ClusterSession, page: &mut Page) -> Result<(), Failure> {
    let mut rank = vec![0; page.hosts.len()];
    for fold in page.folds() {
        for (place, host) in fold.into_iter().enumerate() {
            rank[host] = place;
        }
    }
    let mut nodes: Vec<usize> = (0..page.nodes.len()).collect();
    nodes.sort_by_key(|node| match page.nodes[*node].home {
        Home::Shared(_) => 0,
        Home::Host(host) => rank[host],
    });
    let mut room = ALL_TEXTS;
    let mut known: HashMap<String, Text> = HashMap::new();
    for node in nodes {
        let output = page.nodes[node].output.clone();
        if let Some(text) = known.get(&output) {
            page.nodes[node].text = text.clone();
            continue;
        }
        let text = text(session, session.graph().order()[node], &mut room)?;
        known.insert(output, text.clone());
        page.nodes[node].text = text;
    }
    Ok(())
}

/// The text of a node's output, if it is one that may be shown and there is room for it.
fn text(session: &ClusterSession, id: NodeId, room: &mut usize) -> Result<Text, Failure> {
    match session.realised(id).map(|realised| realised.output) {
        Some(Output::Secret(_)) => return Ok(Text::Withheld(SECRET)),
        Some(Output::Pinned(_)) | None => return Ok(Text::Withheld(NOT_HERE)),
        // Nothing is read, or made again, for a page that is full.
        Some(Output::Public(_)) if *room == 0 => return Ok(Text::Withheld(TOO_MUCH)),
        Some(Output::Public(_)) => {}
    }
    let Content::Public(bytes) = session.content(id)? else { return Ok(Text::Withheld(NO_TEXT)) };
    let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(Text::Withheld(NO_TEXT)) };
    if text.len() > ONE_TEXT {
        return Ok(Text::Withheld(TOO_MUCH));
    }
    let Some(left) = room.checked_sub(text.len()) else {
        *room = 0;
        return Ok(Text::Withheld(TOO_MUCH));
    };
    *room = left;
    Ok(Text::Shown(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_of_the_examples_has_a_group_that_says_what_it_is() {
        let hosts = HashMap::from([("worker-1", 0)]);
        for golden in [
            include_str!("../../snapshots/ha-ipvs/graph.txt"),
            include_str!("../../snapshots/production/graph.txt"),
        ] {
            for name in golden.lines().filter_map(|line| line.split(' ').next()) {
                let is_rest = home(name, &hosts) == Home::Shared(&CLUSTER);
                let is_of_host = name.starts_with("host/") || name.starts_with("machine/");
                assert!(!is_rest || name == plan::CLUSTER || is_of_host, "{name}");
            }
        }
        assert_eq!(home("host/worker-1/pki/ca/cert", &hosts), Home::Host(0));
        assert_eq!(home("pki/etcd/ca/key", &hosts), Home::Shared(&AUTHORITIES));
        assert_eq!(home("pki/admin/key", &hosts), Home::Shared(&IDENTITIES));
    }
}
