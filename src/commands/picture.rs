//! A realised cluster as a page: which groups its nodes are drawn in, and which texts are on it.

use std::collections::HashMap;

use kthw_graph::{Action, Content, Graph, NodeId};
use kthw_store::Output;

use super::origins::place_of;
use crate::artifact::Artifact;
use crate::diff::{Param, params};
use crate::failure::Failure;
use crate::opened::ClusterSession;
use crate::page::{Group, Home, NodeState, Page, PageHost, PageNode, Parameter, Text};
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

pub const SECRET: &str = "It is a secret.";
pub const KEYED: &str = "It is a secret, or follows from one that is not here.";
const NO_TEXT: &str = "It is no text.";
const NOT_HERE: &str = "It is a download, known by its checksum.";
const TOO_MUCH: &str = "It is left out, so that the page stays small.";

/// What the nodes of a graph yield, as far as a page shows it.
pub trait Outputs {
    /// Why a secret is not on the page.
    fn secret(&self) -> &'static str;
    fn graph(&self) -> &Graph<Artifact>;
    fn output(&self, id: NodeId) -> Option<Output>;
    /// The bytes of a public output, where there are any to read.
    fn bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure>;
}

impl Outputs for ClusterSession {
    fn secret(&self) -> &'static str {
        SECRET
    }

    fn graph(&self) -> &Graph<Artifact> {
        self.graph()
    }

    fn output(&self, id: NodeId) -> Option<Output> {
        self.realised(id).map(|realised| realised.output)
    }

    fn bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure> {
        if self.realised(id).is_none() {
            return Ok(None);
        }
        match self.content(id)? {
            Content::Public(bytes) => Ok(Some(bytes.to_vec())),
            _ => Ok(None),
        }
    }
}

/// The page of a graph, with every output that is known; its nodes are in the graph's order. No secret is on it.
pub fn page(outputs: &impl Outputs, title: String, positions: &Positions<'_>) -> Result<Page, Failure> {
    let graph = outputs.graph();
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
        let output = outputs.output(*id);
        PageNode {
            name: node.name.to_string(),
            kind: node.action.kind().name,
            home: home(node.name.as_str(), &by_name),
            inputs: node.inputs.iter().map(|(slot, input)| (slot.to_string(), index[input])).collect(),
            output: output.map_or_else(String::new, |output| output.to_string()),
            parameters: parameters(&node.action, positions),
            text: Text::Withheld(match output {
                Some(Output::Secret(_)) => outputs.secret(),
                Some(Output::Public(_)) => TOO_MUCH,
                Some(Output::Pinned(_)) => NOT_HERE,
                None => KEYED,
            }),
            state: NodeState::Same,
        }
    });
    let nodes = nodes.collect();
    let mut page = Page { title, hosts, nodes, changes: None };
    add_texts(&mut page, ALL_TEXTS, |node| outputs.bytes(order[node]))?;
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

/// Fills in what is left out so far until there is enough: first what hosts share and one host of each fold, then the other hosts.
fn add_texts(
    page: &mut Page,
    mut room: usize,
    bytes: impl Fn(usize) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<(), Failure> {
    let mut rank = vec![0; page.hosts.len()];
    for fold in page.folds() {
        for (place, host) in fold.into_iter().enumerate() {
            rank[host] = place;
        }
    }
    let is_left_out = |node: &usize| page.nodes[*node].text == Text::Withheld(TOO_MUCH);
    let mut nodes: Vec<usize> = (0..page.nodes.len()).filter(is_left_out).collect();
    nodes.sort_by_key(|node| match page.nodes[*node].home {
        Home::Shared(_) => 0,
        Home::Host(host) => rank[host],
    });
    let mut known: HashMap<String, Text> = HashMap::new();
    for node in nodes {
        let output = page.nodes[node].output.clone();
        page.nodes[node].text = match known.get(&output) {
            Some(text) => text.clone(),
            // Nothing is read, or made again, for a page that is full.
            None if room == 0 => Text::Withheld(TOO_MUCH),
            None => text(bytes(node)?, &mut room),
        };
        known.insert(output, page.nodes[node].text.clone());
    }
    Ok(())
}

/// The text that these bytes are, if there is room for it.
fn text(bytes: Option<Vec<u8>>, room: &mut usize) -> Text {
    let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Text::Withheld(NO_TEXT);
    };
    if text.len() > ONE_TEXT {
        return Text::Withheld(TOO_MUCH);
    }
    let left = room.checked_sub(text.len());
    *room = left.unwrap_or_default();
    match left {
        Some(_) => Text::Shown(text.into()),
        None => Text::Withheld(TOO_MUCH),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn every_node_of_the_examples_has_a_group_that_says_what_it_is() {
        let hosts = HashMap::from([("worker-1", 0)]);
        for golden in [
            include_str!("../../snapshots/ha-ipvs/graph.txt"),
            include_str!("../../snapshots/production/graph.txt"),
        ] {
            let names = golden.lines().filter_map(|line| line.split(' ').next());
            for name in names.filter(|name| !name.is_empty()) {
                let is_rest = home(name, &hosts) == Home::Shared(&CLUSTER);
                let is_of_host = name.starts_with("host/") || name.starts_with("machine/");
                assert!(!is_rest || name == plan::CLUSTER || is_of_host, "{name}");
            }
        }
        assert_eq!(home("host/worker-1/pki/ca/cert", &hosts), Home::Host(0));
        assert_eq!(home("pki/etcd/ca/key", &hosts), Home::Shared(&AUTHORITIES));
        assert_eq!(home("pki/admin/key", &hosts), Home::Shared(&IDENTITIES));
    }
    #[test]
    fn texts_are_shared_out_until_the_page_is_full() {
        let node = |name: &str, home, output: &str, text| PageNode {
            name: name.to_owned(),
            kind: "unit",
            home,
            inputs: Vec::new(),
            output: output.to_owned(),
            parameters: Vec::new(),
            text: Text::Withheld(text),
            state: NodeState::Same,
        };
        let read = RefCell::new(Vec::new());
        let bytes = |node: usize| {
            read.borrow_mut().push(node);
            Ok(Some(match node {
                5 => vec![0xff],
                _ => vec![b'x'; 40],
            }))
        };
        let host = |bundle| PageHost { name: format!("worker-{bundle}"), bundle };
        let mut page = Page {
            title: String::new(),
            hosts: vec![host(0), host(1)],
            nodes: vec![
                node("host/worker-0/bundle", Home::Host(0), "b3:0", TOO_MUCH),
                node("host/worker-1/bundle", Home::Host(1), "b3:1", TOO_MUCH),
                node("config/a", Home::Shared(&CONFIGURATION), "b3:2", TOO_MUCH),
                node("config/same-as-a", Home::Shared(&CONFIGURATION), "b3:2", TOO_MUCH),
                node("pki/a/key", Home::Shared(&IDENTITIES), "mac:0", SECRET),
                node("config/binary", Home::Shared(&CONFIGURATION), "b3:3", TOO_MUCH),
                node("host/worker-1/hosts", Home::Host(1), "b3:4", TOO_MUCH),
            ],
            changes: None,
        };
        add_texts(&mut page, 100, bytes).expect("it reads");
        let shown: Vec<bool> = page.nodes.iter().map(|node| matches!(node.text, Text::Shown(_))).collect();
        assert_eq!(shown, [true, false, true, true, false, false, false]);
        let why = |node: usize| &page.nodes[node].text;
        assert_eq!(why(1), &Text::Withheld(TOO_MUCH));
        assert_eq!(why(4), &Text::Withheld(SECRET));
        assert_eq!(why(5), &Text::Withheld(NO_TEXT));
        assert_eq!(why(6), &Text::Withheld(TOO_MUCH));
        assert_eq!(read.into_inner(), [0, 2, 5, 1], "what is known is not read again, nor what has no room");
    }
}
