//! How far a change of something would reach.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use kthw_graph::{Graph, NodeId};

use crate::artifact::Artifact;
use crate::diff::{Decider, params};
use crate::names::counted;
use crate::plan;

/// Answers for one graph.
pub struct Reach<'g> {
    graph: &'g Graph<Artifact>,
    /// The hosts and how many of their files each node is.
    held: HashMap<NodeId, Vec<&'g str>>,
    decided: HashMap<Decider, Vec<NodeId>>,
}

/// Files that would change, and the hosts that hold them.
pub struct Files {
    files: usize,
    hosts: usize,
}

impl<'g> Reach<'g> {
    pub fn new(graph: &'g Graph<Artifact>) -> Self {
        let mut held: HashMap<NodeId, Vec<&str>> = HashMap::new();
        for (host, _, id) in plan::files(graph) {
            held.entry(id).or_default().push(host);
        }
        let mut decided: HashMap<Decider, Vec<NodeId>> = HashMap::new();
        for id in graph.order() {
            let deciders: BTreeSet<Decider> =
                params(&graph.node(*id).action).into_iter().map(|param| param.decided_by).collect();
            for decider in deciders {
                decided.entry(decider).or_default().push(*id);
            }
        }
        Self { graph, held, decided }
    }

    /// What depends on a field or an entry; none for what the program decides.
    pub fn of_decider(&self, decider: &Decider) -> Option<Files> {
        match decider {
            Decider::Program => None,
            _ => Some(self.of(self.decided.get(decider).cloned().unwrap_or_default())),
        }
    }

    /// What is made from a node.
    pub fn of_node(&self, id: NodeId) -> Files {
        self.of(vec![id])
    }

    fn of(&self, mut next: Vec<NodeId>) -> Files {
        let mut seen: BTreeSet<NodeId> = next.iter().copied().collect();
        while let Some(id) = next.pop() {
            next.extend(self.graph.dependents(id).filter(|id| seen.insert(*id)));
        }
        let holders = seen.iter().filter_map(|id| self.held.get(id));
        let hosts: BTreeSet<&str> = holders.clone().flatten().copied().collect();
        Files { files: holders.map(Vec::len).sum(), hosts: hosts.len() }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", counted(self.files, "file"), counted(self.hosts, "host"))
    }
}
