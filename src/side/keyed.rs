//! What follows from keys, and is other bytes wherever the root secret is another.

use std::collections::HashSet;

use kthw_graph::{Action, Graph, NodeId, Yields};

use crate::artifact::Artifact;

/// Every key, and every node that has one among all that it is made from.
pub fn keyed(graph: &Graph<Artifact>) -> HashSet<NodeId> {
    let mut keyed = HashSet::new();
    for id in graph.order() {
        let node = graph.node(*id);
        let is_secret = node.action.kind().yields == Yields::Secret;
        if is_secret || node.inputs.iter().any(|(_, input)| keyed.contains(input)) {
            keyed.insert(*id);
        }
    }
    keyed
}
