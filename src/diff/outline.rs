//! What is asked of a state that is planned to see what changes do: what each node says and reads, and which node a path is of.

use std::collections::{BTreeMap, HashMap, HashSet};

use kthw_graph::{Action as _, Encoder, Graph, Manifest, NodeId, Origin, Value};
use kthw_store::Digest;

use crate::artifact::Artifact;
use crate::plan;
use crate::side::Side;
use crate::tree::Permissions;

/// A place in each outline of the same questions.
pub type Question = usize;

/// Everything that tells two sides apart. Only that is ever asked, so that a plan need not be kept.
pub struct Questions {
    nodes: HashMap<String, Question>,
    /// Of a host and a path.
    held: HashMap<(String, String), Question>,
}

/// The answers of one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline(Vec<Option<Digest>>);

impl Questions {
    pub fn new(before: Side<'_>, after: Side<'_>) -> Self {
        let action = |side: Side<'_>, name: &str| Some(side.known(side.graph.find(name)?).action);
        let mut nodes = HashMap::new();
        let mut hosts = HashSet::new();
        for side in [before, after] {
            for id in side.graph.order() {
                let name = side.name(*id);
                if !nodes.contains_key(name) && action(before, name) != action(after, name) {
                    nodes.insert(name.to_owned(), nodes.len());
                    hosts.extend(plan::bundle_host(name));
                }
            }
        }
        let mut held = HashMap::new();
        for host in hosts {
            let [old, new] = [before, after].map(|side| files(side.graph, host));
            for path in old.keys().chain(new.keys()).filter(|path| old.get(*path) != new.get(*path)) {
                let next = nodes.len() + held.len();
                held.entry((host.to_owned(), (*path).to_owned())).or_insert(next);
            }
        }
        Self { nodes, held }
    }

    pub fn node(&self, name: &str) -> Option<Question> {
        self.nodes.get(name).copied()
    }

    pub fn held(&self, host: &str, path: &str) -> Option<Question> {
        self.held.get(&(host.to_owned(), path.to_owned())).copied()
    }
}

impl Outline {
    pub fn of(graph: &Graph<Artifact>, questions: &Questions) -> Self {
        let mut answers = vec![None; questions.nodes.len() + questions.held.len()];
        let mut encoder = Encoder::default();
        for (name, question) in &questions.nodes {
            answers[*question] = graph.find(name).map(|id| said(graph, id, &mut encoder));
        }
        let mut hosts: HashMap<&str, BTreeMap<&str, (&str, Option<Permissions>)>> = HashMap::new();
        for ((host, path), question) in &questions.held {
            let files = hosts.entry(host).or_insert_with(|| files(graph, host));
            answers[*question] = files.get(path.as_str()).map(|(name, permissions)| {
                let permissions = permissions.map(|permissions| permissions.to_string()).unwrap_or_default();
                Digest::of(format!("{name} {permissions}").as_bytes())
            });
        }
        Self(answers)
    }

    pub fn answer(&self, question: Question) -> Option<Digest> {
        self.0[question]
    }
}

/// The parameters of a node and the names of what it reads.
fn said(graph: &Graph<Artifact>, id: NodeId, encoder: &mut Encoder) -> Digest {
    let node = graph.node(id);
    encoder.begin(&node.action.kind());
    node.action.describe(encoder);
    for (slot, input) in &node.inputs {
        encoder.param(slot, Value::Text(graph.node(*input).name.as_str()), Origin::Program);
    }
    Digest::of(encoder.bytes())
}

/// The names and permissions of a host's files, by their paths.
fn files<'g>(graph: &'g Graph<Artifact>, host: &str) -> BTreeMap<&'g str, (&'g str, Option<Permissions>)> {
    let Some(bundle) = graph.find(&plan::bundle_name(host)).map(|id| graph.node(id)) else {
        return BTreeMap::new();
    };
    let Artifact::Bundle(held) = &bundle.action else { return BTreeMap::new() };
    let file = |(path, id): &'g (kthw_graph::Slot, NodeId)| {
        (&**path, (graph.node(*id).name.as_str(), held.files.get(path).copied()))
    };
    bundle.inputs.iter().map(file).collect()
}
