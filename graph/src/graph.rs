//! The graph: named actions, each with its inputs, proven to be complete and free of cycles.

use std::collections::HashMap;
use std::fmt;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::action::{Action, Kind, Reads, Yields};
use crate::name::{NodeName, Slot};

/// A node of one graph in memory. Never stored: names and digests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    fn petgraph(self) -> NodeIndex {
        NodeIndex::new(self.index())
    }

    fn from_petgraph(index: NodeIndex) -> Self {
        Self(u32::try_from(index.index()).expect("petgraph indexes with 32 bits"))
    }
}

/// A vertex: what it is called, what it does, what it is made from.
pub struct Node<A> {
    pub name: NodeName,
    pub action: A,
    /// Sorted by slot.
    pub inputs: Vec<(Slot, NodeId)>,
}

impl<A> Node<A> {
    /// The input in a slot.
    pub fn input(&self, slot: &str) -> Option<NodeId> {
        let index = self.inputs.binary_search_by(|(found, _)| (**found).cmp(slot)).ok()?;
        Some(self.inputs[index].1)
    }
}

/// Nodes by their names.
type Names = HashMap<NodeName, NodeId, foldhash::fast::RandomState>;

/// A directed graph of actions without cycles.
pub struct Graph<A> {
    /// An edge runs from an input to the node that is made from it.
    vertices: DiGraph<Node<A>, ()>,
    by_name: Names,
    order: Vec<NodeId>,
}

impl<A: Action> Graph<A> {
    pub fn len(&self) -> usize {
        self.vertices.node_count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn node(&self, id: NodeId) -> &Node<A> {
        &self.vertices[id.petgraph()]
    }

    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// Every node after all of its inputs; the same order for the same graph.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// The nodes that are made from this one.
    pub fn dependents(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.vertices.neighbors_directed(id.petgraph(), Direction::Outgoing).map(NodeId::from_petgraph)
    }

    /// These nodes and everything that they are made from, inputs first.
    pub fn made_from(&self, targets: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
        let within = self.closure(targets);
        self.order.iter().copied().filter(|id| within[id.index()]).collect()
    }

    /// For each node, whether it is one of these or an input of one, however far.
    pub fn closure(&self, targets: impl IntoIterator<Item = NodeId>) -> Vec<bool> {
        let mut within = vec![false; self.len()];
        let mut stack: Vec<NodeId> = targets.into_iter().collect();
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut within[id.index()], true) {
                stack.extend(self.node(id).inputs.iter().map(|(_, input)| *input));
            }
        }
        within
    }
}

/// What keeps a set of definitions from being a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphProblem {
    #[error("node `{0}` is defined twice")]
    Duplicate(NodeName),
    #[error("node `{node}` takes `{input}` as its {slot}, and nothing defines `{input}`")]
    Dangling { node: NodeName, slot: String, input: NodeName },
    #[error("node `{node}` has two inputs in the slot `{slot}`")]
    DuplicateSlot { node: NodeName, slot: String },
    #[error(
        "node `{node}` is public and is made from the secret `{input}`; its kind is not among those that may be"
    )]
    Leak { node: NodeName, input: NodeName },
    #[error("these nodes need each other: {0}")]
    Cycle(CyclePath),
}

/// The nodes of a cycle in order, the first one repeated at the end when printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CyclePath(pub Vec<NodeName>);

impl fmt::Display for CyclePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.0 {
            write!(f, "{name} → ")?;
        }
        self.0.first().map_or(Ok(()), |first| first.fmt(f))
    }
}

/// What a node does and what it is made from.
type Definition<A> = (A, Vec<(Slot, NodeId)>);

/// Gathers definitions, in any order, into a [`Graph`].
pub struct GraphBuilder<A> {
    names: Vec<NodeName>,
    by_name: Names,
    definitions: Vec<Option<Definition<A>>>,
    problems: Vec<GraphProblem>,
}

impl<A> Default for GraphBuilder<A> {
    fn default() -> Self {
        Self { names: Vec::new(), by_name: Names::default(), definitions: Vec::new(), problems: Vec::new() }
    }
}

impl<A: Action> GraphBuilder<A> {
    /// The node of this name, if it was named already.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The node of this name, whether or not it is defined yet.
    pub fn name(&mut self, name: NodeName) -> NodeId {
        if let Some(id) = self.find(name.as_str()) {
            return id;
        }
        let id = NodeId(u32::try_from(self.names.len()).expect("a graph has fewer than 2^32 nodes"));
        self.names.push(name.clone());
        self.definitions.push(None);
        self.by_name.insert(name, id);
        id
    }

    /// Says what a node does and what it is made from.
    pub fn define(&mut self, id: NodeId, action: A, mut inputs: Vec<(Slot, NodeId)>) {
        inputs.sort();
        let name = &self.names[id.index()];
        for pair in inputs.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let slot = pair[0].0.to_string();
            self.problems.push(GraphProblem::DuplicateSlot { node: name.clone(), slot });
        }
        let definition = &mut self.definitions[id.index()];
        if definition.is_some() {
            self.problems.push(GraphProblem::Duplicate(name.clone()));
        }
        *definition = Some((action, inputs));
    }

    /// The kind of a node that is defined already.
    pub fn kind(&self, id: NodeId) -> Option<Kind> {
        self.definitions[id.index()].as_ref().map(|(action, _)| action.kind())
    }

    /// Checks everything at once.
    pub fn seal(mut self) -> Result<Graph<A>, Vec<GraphProblem>> {
        self.find_leaks_and_gaps();
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut vertices = DiGraph::with_capacity(self.names.len(), self.names.len() * 4);
        for (name, definition) in self.names.into_iter().zip(self.definitions) {
            let (action, inputs) = definition.expect("gaps were refused above");
            vertices.add_node(Node { name, action, inputs });
        }
        for index in vertices.node_indices() {
            for edge in 0..vertices[index].inputs.len() {
                let input = vertices[index].inputs[edge].1;
                vertices.add_edge(input.petgraph(), index, ());
            }
        }
        let order = topological(&vertices);
        if order.len() < vertices.node_count() {
            return Err(cycles(&vertices));
        }
        Ok(Graph { vertices, by_name: self.by_name, order })
    }

    fn find_leaks_and_gaps(&mut self) {
        let yields =
            |id: NodeId| self.definitions[id.index()].as_ref().map(|(action, _)| action.kind().yields);
        for (name, definition) in self.names.iter().zip(&self.definitions) {
            let Some((action, inputs)) = definition else { continue };
            let kind = action.kind();
            let public = matches!(kind.yields, Yields::Public | Yields::Derived | Yields::Pinned);
            let may_leak = public && kind.reads == Reads::Contents;
            for (slot, input) in inputs {
                let names = || (name.clone(), self.names[input.index()].clone());
                match yields(*input) {
                    None => {
                        let ((node, input), slot) = (names(), slot.to_string());
                        self.problems.push(GraphProblem::Dangling { node, slot, input });
                    }
                    Some(Yields::Secret) if may_leak => {
                        let (node, input) = names();
                        self.problems.push(GraphProblem::Leak { node, input });
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// Kahn's algorithm, first come first served. Shorter than the graph if there is a cycle.
fn topological<A>(vertices: &DiGraph<Node<A>, ()>) -> Vec<NodeId> {
    let mut missing: Vec<usize> = vertices.node_weights().map(|node| node.inputs.len()).collect();
    let mut order: Vec<NodeIndex> = vertices.node_indices().filter(|i| missing[i.index()] == 0).collect();
    let mut next = 0;
    while let Some(&index) = order.get(next) {
        next += 1;
        for dependent in vertices.neighbors_directed(index, Direction::Outgoing) {
            missing[dependent.index()] -= 1;
            if missing[dependent.index()] == 0 {
                order.push(dependent);
            }
        }
    }
    order.into_iter().map(NodeId::from_petgraph).collect()
}

/// One whole path for each knot of nodes that need each other.
fn cycles<A>(vertices: &DiGraph<Node<A>, ()>) -> Vec<GraphProblem> {
    let knots = petgraph::algo::tarjan_scc(vertices).into_iter();
    let knotted = knots.filter(|knot| knot.len() > 1 || vertices.contains_edge(knot[0], knot[0]));
    let mut paths: Vec<CyclePath> = knotted.map(|knot| shortest_cycle(vertices, &knot)).collect();
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    paths.into_iter().map(GraphProblem::Cycle).collect()
}

/// The shortest way from a knot's first name back to itself, found breadth first.
fn shortest_cycle<A>(vertices: &DiGraph<Node<A>, ()>, knot: &[NodeIndex]) -> CyclePath {
    let start = *knot.iter().min_by_key(|index| &vertices[**index].name).expect("a knot has nodes");
    let mut reached_from: HashMap<NodeIndex, NodeIndex> = HashMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    'search: while let Some(index) = queue.pop_front() {
        for (_, input) in &vertices[index].inputs {
            let input = input.petgraph();
            if knot.contains(&input) && !reached_from.contains_key(&input) {
                reached_from.insert(input, index);
                if input == start {
                    break 'search;
                }
                queue.push_back(input);
            }
        }
    }
    let mut path = vec![];
    let mut at = reached_from[&start];
    while at != start {
        path.push(vertices[at].name.clone());
        at = reached_from[&at];
    }
    path.push(vertices[start].name.clone());
    path.reverse();
    CyclePath(path)
}
