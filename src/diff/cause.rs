//! Why a node is not what it was: the changes of inputs that it follows from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use kthw_graph::{Action, Graph, NodeId};

use super::input::Inputs;
use super::param::{Decider, Param, params};
use super::side::Side;
use super::undo::Undo;
use crate::artifact::Artifact;

/// Indices into [`Inputs::all`].
pub type CauseSet = Rc<BTreeSet<usize>>;

/// A parameter that was added, removed or changed; of a list, the items that came and went.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ParamChange {
    pub name: String,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// What tells a node from the one of its name on the other side.
#[derive(Debug, Clone, Default)]
pub struct NodeChange {
    /// The kind itself, or its version.
    pub kind: bool,
    pub params: Vec<(ParamChange, BTreeSet<Decider>)>,
    /// Slots whose inputs yield something else, or that are on one side alone.
    pub slots: Vec<String>,
}

/// With more changes than these, undoing each in turn takes too long: any of them may be the cause.
const UNDONE: usize = 12;

/// Answers for every node of two sides, remembering what it has found.
pub struct Causes<'a> {
    pub before: Side<'a>,
    pub after: Side<'a>,
    pub inputs: Inputs,
    undo: Undo<'a>,
    /// What was planned without each input, once it was asked.
    undone: Vec<Option<Option<Graph<Artifact>>>>,
    known: HashMap<String, CauseSet>,
}

impl<'a> Causes<'a> {
    pub fn new(before: Side<'a>, after: Side<'a>, inputs: Inputs, undo: Undo<'a>) -> Self {
        let undone = inputs.all().iter().map(|_| None).collect();
        Self { before, after, inputs, undo, undone, known: HashMap::new() }
    }

    /// What tells the nodes of a name apart; none if nothing does.
    pub fn change(&self, name: &str) -> Option<NodeChange> {
        let (old, new) = (self.before.graph.find(name), self.after.graph.find(name));
        let action =
            |side: Side<'_>, id: Option<NodeId>| id.and_then(|id| (side.realised)(id)).map(|r| r.action);
        if action(self.before, old) == action(self.after, new) {
            return None;
        }
        let read =
            |side: Side<'_>, id: Option<NodeId>| id.map(|id| params(side.action(id))).unwrap_or_default();
        let kind = |side: Side<'a>, id: NodeId| {
            let kind = side.action(id).kind();
            (kind.name, kind.version)
        };
        Some(NodeChange {
            kind: matches!((old, new), (Some(old), Some(new)) if kind(self.before, old) != kind(self.after, new)),
            params: param_changes(&read(self.before, old), &read(self.after, new)),
            slots: self.slot_changes(old, new),
        })
    }

    /// The slots of a node that tell its sides apart.
    fn slot_changes(&self, old: Option<NodeId>, new: Option<NodeId>) -> Vec<String> {
        let outputs = |side: Side<'a>, id: Option<NodeId>| -> BTreeMap<&'a str, _> {
            let inputs = id.map(|id| side.graph.node(id).inputs.as_slice()).unwrap_or_default();
            inputs.iter().map(|(slot, input)| (&**slot, side.output(*input))).collect()
        };
        let (old, new) = (outputs(self.before, old), outputs(self.after, new));
        let slots: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        slots.into_iter().filter(|slot| old.get(slot) != new.get(slot)).map(str::to_owned).collect()
    }

    /// The changes of inputs that a node's own change follows from.
    pub fn of(&mut self, name: &str) -> CauseSet {
        if let Some(known) = self.known.get(name) {
            return Rc::clone(known);
        }
        let mut causes = BTreeSet::new();
        if let Some(change) = self.change(name) {
            causes = self.own(name, &change);
            for input in self.changed_inputs(name, &change) {
                causes.extend(self.of(&input).iter());
            }
            if causes.is_empty() {
                causes = self.by_undoing(name);
            }
        }
        let causes = Rc::new(causes);
        self.known.insert(name.to_owned(), Rc::clone(&causes));
        causes
    }

    /// The names of the inputs of a node that changed themselves, or are new or gone.
    pub fn changed_inputs(&self, name: &str, change: &NodeChange) -> Vec<String> {
        let mut names = BTreeSet::new();
        for slot in &change.slots {
            for side in [self.before, self.after] {
                let input = side.graph.find(name).and_then(|id| side.input(id, slot));
                names.extend(input.map(|input| side.name(input).to_owned()));
            }
        }
        names.into_iter().collect()
    }

    /// The causes of a node's own parameters.
    fn own(&mut self, name: &str, change: &NodeChange) -> BTreeSet<usize> {
        let mut causes = BTreeSet::new();
        let (old, new) = (self.before.graph.find(name), self.after.graph.find(name));
        if change.kind || (old.is_some() && new.is_some() && self.is_of_the_program(name, change)) {
            let id = new.or(old).expect("a change has a side");
            let side = if new.is_some() { self.after } else { self.before };
            let kind = side.action(id).kind().name;
            return BTreeSet::from([self.inputs.program(kind)]);
        }
        let mut unexplained = false;
        for (_, deciders) in &change.params {
            let found: Vec<usize> = deciders.iter().flat_map(|decider| self.inputs.of(decider)).collect();
            unexplained |= found.is_empty();
            causes.extend(found);
        }
        // What is there on one side alone has many parameters that are as they always were.
        let everywhere = old.is_some() && new.is_some();
        if unexplained && (everywhere || causes.is_empty()) {
            causes.extend(self.by_undoing(name));
        }
        causes
    }

    /// Whether nothing that a person wrote tells the sides apart, although the action is another.
    fn is_of_the_program(&self, _name: &str, change: &NodeChange) -> bool {
        change.params.is_empty() && change.slots.is_empty()
    }

    /// The changes without which the node would not be what it is now.
    fn by_undoing(&mut self, name: &str) -> BTreeSet<usize> {
        let count = self.undone.len();
        if count <= 1 || count > UNDONE {
            return (0..count).collect();
        }
        let now = self.after.graph.find(name).map(|id| self.description(self.after.graph, id));
        let mut causes = BTreeSet::new();
        for index in 0..count {
            if self.undone[index].is_none() {
                self.undone[index] = Some(self.undo.without(&self.inputs.all()[index]));
            }
            let without = self.undone[index].as_ref().and_then(Option::as_ref);
            let then = without.map(|graph| graph.find(name).map(|id| self.description(graph, id)));
            // What cannot be undone by itself cannot be ruled out.
            if then.is_none_or(|then| then != now) {
                causes.insert(index);
            }
        }
        // What none of them does alone, they do together.
        if causes.is_empty() { (0..count).collect() } else { causes }
    }

    /// What a node is as planned: its parameters, and what its inputs are called.
    fn description(&self, graph: &Graph<Artifact>, id: NodeId) -> (Vec<Param>, Vec<(String, String)>) {
        let node = graph.node(id);
        let inputs = node.inputs.iter();
        let inputs = inputs.map(|(slot, input)| (slot.to_string(), graph.node(*input).name.to_string()));
        (params(&node.action), inputs.collect())
    }
}

fn param_changes(before: &[Param], after: &[Param]) -> Vec<(ParamChange, BTreeSet<Decider>)> {
    let mut names: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for param in after.iter().chain(before) {
        if seen.insert(param.name.as_str()) {
            names.push(&param.name);
        }
    }
    let (before, after) = (by_name(before), by_name(after));
    let mut changes = Vec::new();
    for name in names {
        let old = before.get(name).map_or(&[][..], Vec::as_slice);
        let new = after.get(name).map_or(&[][..], Vec::as_slice);
        if old.iter().map(|param| &param.value).eq(new.iter().map(|param| &param.value)) {
            continue;
        }
        let (mut gone, mut come) = (lone(old, new), lone(new, old));
        if gone.is_empty() && come.is_empty() {
            // Only their order is another.
            (gone, come) = (old.to_vec(), new.to_vec());
        }
        let values = |params: &[&Param]| params.iter().map(|param| param.value.clone()).collect::<Vec<_>>();
        let change = ParamChange { name: name.to_owned(), before: values(&gone), after: values(&come) };
        let deciders = gone.iter().chain(&come).map(|param| param.decided_by.clone()).collect();
        changes.push((change, deciders));
    }
    changes
}

/// The items of a list that another lacks.
fn lone<'p>(side: &[&'p Param], other: &[&Param]) -> Vec<&'p Param> {
    let others: BTreeSet<&str> = other.iter().map(|param| param.value.as_str()).collect();
    side.iter().copied().filter(|param| !others.contains(param.value.as_str())).collect()
}

fn by_name(params: &[Param]) -> BTreeMap<&str, Vec<&Param>> {
    let mut named: BTreeMap<&str, Vec<&Param>> = BTreeMap::new();
    for param in params {
        named.entry(&param.name).or_default().push(param);
    }
    named
}
