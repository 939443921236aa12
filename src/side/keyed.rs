//! What follows from keys, and is other bytes wherever these are others.

use std::collections::HashSet;

use kthw_graph::{Action, Graph, NodeId, Yields};

use crate::artifact::Artifact;

/// Every key, and every node that has one among all that it is made from.
pub fn keyed(graph: &Graph<Artifact>) -> HashSet<NodeId> {
    following(graph, |action| action.kind().yields == Yields::Secret)
}

/// Every node of such an action, and every node that has one among all that it is made from.
pub fn following(graph: &Graph<Artifact>, is_such: impl Fn(&Artifact) -> bool) -> HashSet<NodeId> {
    let mut found = HashSet::new();
    for id in graph.order() {
        let node = graph.node(*id);
        if is_such(&node.action) || node.inputs.iter().any(|(_, input)| found.contains(input)) {
            found.insert(*id);
        }
    }
    found
}
