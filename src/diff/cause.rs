//! Why a node is not what it was: the changes of inputs that it follows from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use kthw_graph::{Action, Graph, NodeId};

use super::input::{Input, Inputs};
use super::param::{Decider, Param, params};
use super::undo::Undo;
use crate::artifact::Artifact;
use crate::plan;
use crate::side::Side;

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
    /// What was planned without some of the inputs, once it was asked.
    undone: HashMap<Vec<usize>, Option<Graph<Artifact>>>,
    changes: RefCell<HashMap<String, Option<Rc<NodeChange>>>>,
    known: HashMap<String, CauseSet>,
}

impl<'a> Causes<'a> {
    pub fn new(before: Side<'a>, after: Side<'a>, inputs: Inputs, undo: Undo<'a>) -> Self {
        let (undone, changes, known) = (HashMap::new(), RefCell::default(), HashMap::new());
        Self { before, after, inputs, undo, undone, changes, known }
    }

    /// What tells the nodes of a name apart; none if nothing does.
    pub fn change(&self, name: &str) -> Option<Rc<NodeChange>> {
        if let Some(known) = self.changes.borrow().get(name) {
            return known.clone();
        }
        let change = self.compare(name).map(Rc::new);
        self.changes.borrow_mut().insert(name.to_owned(), change.clone());
        change
    }

    fn compare(&self, name: &str) -> Option<NodeChange> {
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
        // Each of the graphs is acyclic, and both together need not be.
        self.known.insert(name.to_owned(), CauseSet::default());
        let mut causes = BTreeSet::new();
        if let Some(change) = self.change(name) {
            causes = self.own(name, &change);
            for input in self.changed_inputs(name, &change) {
                causes.extend(self.of(&input).iter());
            }
            if causes.is_empty() {
                causes = self.by_undoing_node(name);
            }
        }
        let causes = Rc::new(causes);
        self.known.insert(name.to_owned(), Rc::clone(&causes));
        causes
    }

    /// The changes of inputs by which a host has come to hold a path, or does no more.
    pub fn of_presence(&mut self, host: &str, path: &str) -> BTreeSet<usize> {
        let bundle = plan::bundle_name(host);
        let held = |graph: &Graph<Artifact>| {
            let file = graph.node(graph.find(&bundle)?).input(path)?;
            Some(graph.node(file).name.to_string())
        };
        self.by_undoing(&held)
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

    /// The causes of a node's own parameters, or of its being there.
    fn own(&mut self, name: &str, change: &NodeChange) -> BTreeSet<usize> {
        let (old, new) = (self.before.graph.find(name), self.after.graph.find(name));
        let everywhere = old.is_some() && new.is_some();
        if everywhere && !change.kind && change.params.is_empty() && change.slots.is_empty() {
            // Nothing that a person wrote tells the sides apart.
            let kind = new.map_or("", |id| self.after.action(id).kind().name);
            return BTreeSet::from([self.inputs.program(kind)]);
        }
        let mut causes = BTreeSet::new();
        let mut unexplained = false;
        for (_, deciders) in &change.params {
            let found: Vec<usize> = deciders.iter().flat_map(|decider| self.inputs.of(decider)).collect();
            unexplained |= found.is_empty();
            causes.extend(found);
        }
        match everywhere {
            true if unexplained => causes.extend(self.by_undoing_node(name)),
            // What decided its parameters need not be what it is there for.
            false if causes.is_empty() || self.candidates().len() <= UNDONE => {
                causes = self.by_undoing_node(name)
            }
            _ => {}
        }
        causes
    }

    fn by_undoing_node(&mut self, name: &str) -> BTreeSet<usize> {
        let description = |graph: &Graph<Artifact>| {
            let node = graph.node(graph.find(name)?);
            let inputs = node.inputs.iter();
            let inputs = inputs.map(|(slot, input)| (slot.to_string(), graph.node(*input).name.to_string()));
            Some((params(&node.action), inputs.collect::<Vec<_>>()))
        };
        self.by_undoing(&description)
    }

    /// What may be undone to see what it does: a pin is named by what it decides, exactly.
    fn candidates(&self) -> Vec<usize> {
        let is_pin =
            |input: &Input| matches!(input, Input::Entry(change) if change.entry.starts_with("pin "));
        (0..self.inputs.all().len()).filter(|index| !is_pin(&self.inputs.all()[*index])).collect()
    }

    /// The changes without which something of the later plan would be other than it is.
    fn by_undoing<T: PartialEq>(&mut self, something: &dyn Fn(&Graph<Artifact>) -> T) -> BTreeSet<usize> {
        let candidates = self.candidates();
        if candidates.is_empty() {
            return (0..self.inputs.all().len()).collect();
        }
        if candidates.len() == 1 || candidates.len() > UNDONE {
            return candidates.into_iter().collect();
        }
        let now = something(self.after.graph);
        let (mut causes, mut unknown) = (BTreeSet::new(), Vec::new());
        for index in &candidates {
            match self.without(&[*index]) {
                Some(then) if something(then) != now => _ = causes.insert(*index),
                Some(_) => {}
                None => unknown.push(*index),
            }
        }
        // What needs each other is undone together: a range, and an address in it.
        let together = self.without(&unknown).map(|then| something(then) != now);
        if together.unwrap_or(causes.is_empty()) {
            causes.extend(unknown);
        }
        // What none of them does alone, they do together.
        if causes.is_empty() { candidates.into_iter().collect() } else { causes }
    }

    /// The later plan without these changes; none where that is no cluster.
    fn without(&mut self, indices: &[usize]) -> Option<&Graph<Artifact>> {
        if indices.is_empty() {
            return None;
        }
        let (undo, inputs) = (&self.undo, &self.inputs);
        let plan = || undo.without(&indices.iter().map(|index| &inputs.all()[*index]).collect::<Vec<_>>());
        self.undone.entry(indices.to_vec()).or_insert_with(plan).as_ref()
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
            (gone, come) = reordered(old, new);
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

/// Where only the order is another: what is between the items that begin and end both alike.
fn reordered<'p>(old: &[&'p Param], new: &[&'p Param]) -> (Vec<&'p Param>, Vec<&'p Param>) {
    let is_same = |(a, b): &(&&Param, &&Param)| a.value == b.value;
    let begin = old.iter().zip(new).take_while(is_same).count();
    let (old, new) = (&old[begin..], &new[begin..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(is_same).count();
    (old[..old.len() - end].to_vec(), new[..new.len() - end].to_vec())
}

fn by_name(params: &[Param]) -> BTreeMap<&str, Vec<&Param>> {
    let mut named: BTreeMap<&str, Vec<&Param>> = BTreeMap::new();
    for param in params {
        named.entry(&param.name).or_default().push(param);
    }
    named
}
