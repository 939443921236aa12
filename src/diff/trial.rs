//! Two small graphs in memory, for tests: what each node says and reads, and which field decided it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use kthw_graph::{Action as _, Encoder, Graph, GraphBuilder, NodeId, NodeName, Realised, Slot};
use kthw_store::{Digest, Output};

use super::cause::Causes;
use super::input::{Input, Inputs};
use super::undo::Undo;
use crate::artifact::{Artifact, Bundle, DecidedBy, HostsEntry, HostsFile};
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::plan;
use crate::root::RootSecret;
use crate::side::Side;
use crate::spec::FieldChange;
use crate::tree::Permissions;

/// The host that holds everything that is a path.
pub const HOST: &str = "a";

/// A node: its name, the names and deciders of what it says, and the names of what it reads.
pub type Node<'n> = (&'n str, &'n [(&'n str, &'n str)], &'n [&'n str]);

struct State {
    graph: Graph<Artifact>,
    realised: HashMap<NodeId, Realised>,
}

impl State {
    /// Files are what has a path for a name; a host holds them.
    fn of(nodes: &[Node<'_>]) -> Self {
        let mut builder = GraphBuilder::default();
        let name = |text: &str| NodeName::new(text.trim_start_matches('/')).expect("a good name");
        let mut held: Vec<(Slot, NodeId)> = Vec::new();
        for (at, says, reads) in nodes {
            let id = builder.name(name(at));
            let entry = |(said, field): &(&str, &str)| HostsEntry {
                address: [192, 0, 2, 1].into(),
                name: (*said).to_owned(),
                decided_by: DecidedBy::Spec((*field).to_owned()),
            };
            let inputs = reads.iter().map(|read| (Cow::Owned((*read).to_owned()), builder.name(name(read))));
            let inputs: Vec<(Slot, NodeId)> = inputs.collect();
            builder.define(id, HostsFile { entries: says.iter().map(entry).collect() }.into(), inputs);
            if at.starts_with('/') {
                held.push((Cow::Owned((*at).to_owned()), id));
            }
        }
        let files: BTreeMap<Slot, Permissions> =
            held.iter().map(|(path, _)| (path.clone(), Permissions::of_root(0o644))).collect();
        let bundle = builder.name(name(&plan::bundle_name(HOST)));
        builder.define(bundle, Bundle { host: HOST.to_owned(), files, services: Vec::new() }.into(), held);
        let Ok(graph) = builder.seal() else { panic!("a good graph") };
        let realised = realised(&graph);
        Self { graph, realised }
    }
}

/// What each node yields is what is described of it.
pub fn realised(graph: &Graph<Artifact>) -> HashMap<NodeId, Realised> {
    let mut realised: HashMap<NodeId, Realised> = HashMap::new();
    let mut encoder = Encoder::default();
    for id in graph.order().iter().copied() {
        let node = graph.node(id);
        encoder.begin(&node.action.kind());
        node.action.describe(&mut encoder);
        for (slot, input) in &node.inputs {
            encoder.input(slot, realised[input].output);
        }
        let output = Output::Public(Digest::of(encoder.bytes()));
        realised.insert(id, Realised { action: encoder.digest(), output });
    }
    realised
}

/// Compares two graphs between which these fields were changed. Nothing of it can be undone: there is no cluster.
pub fn compared<T>(
    before: &[Node<'_>],
    after: &[Node<'_>],
    fields: &[&str],
    use_it: impl FnOnce(&mut Causes<'_>) -> T,
) -> T {
    let [old, new] = [before, after].map(State::of);
    let (known_old, known_new) =
        (|id: NodeId| old.realised.get(&id).copied(), |id: NodeId| new.realised.get(&id).copied());
    let field = |path: &&str| {
        let path = (*path).to_owned();
        Input::Field(FieldChange { path, also: Vec::new(), before: None, after: None, is_order: false })
    };
    let lock = Lock::parse(include_str!("../../examples/single/kthw.lock")).expect("a good lock");
    let imported = ImportedAuthorities::new();
    let root = RootSecret::new([7; 32]).fingerprint();
    let undo = Undo::new(["", ""], [&lock, &lock], [&imported, &imported], root);
    use_it(&mut Causes::new(
        Side { graph: &old.graph, realised: &known_old },
        Side { graph: &new.graph, realised: &known_new },
        Inputs::new(fields.iter().map(field).collect()),
        undo,
    ))
}
