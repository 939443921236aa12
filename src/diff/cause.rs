//! Why a node is not what it was: the changes of inputs that it follows from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use kthw_graph::{Action, Graph, NodeId};

use super::bisect::{Trial, bisect};
use super::cause_set::CauseSet;
use super::input::{Input, Inputs};
use super::param::{Decider, Param, params};
use super::undo::Undo;
use crate::artifact::Artifact;
use crate::plan;
use crate::side::Side;

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
    /// What else its parameters follow from, changed or not.
    pub also: BTreeSet<Decider>,
    /// Slots whose inputs yield something else, or that are on one side alone.
    pub slots: Vec<String>,
}

/// So many nodes are planned to see what undone changes do, and in so many plans: of five thousand workers few, of a small
/// cluster as many as it takes. All are kept, because the same are asked about every file.
const PLANNED_NODES: usize = 1_000_000;
const PLANS: usize = 200;

/// Answers for every node of two sides, remembering what it has found.
pub struct Causes<'a> {
    pub before: Side<'a>,
    pub after: Side<'a>,
    pub inputs: Inputs,
    undo: Undo<'a>,
    /// What was planned without some of the inputs, once it was asked.
    undone: HashMap<Vec<usize>, Option<Graph<Artifact>>>,
    /// So many plans it may take.
    plans: usize,
    changes: RefCell<HashMap<String, Option<Rc<NodeChange>>>>,
    known: HashMap<String, Rc<CauseSet>>,
}

impl<'a> Causes<'a> {
    pub fn new(before: Side<'a>, after: Side<'a>, inputs: Inputs, undo: Undo<'a>) -> Self {
        let plans = (PLANNED_NODES / after.graph.len().max(1)).min(PLANS);
        let (undone, changes, known) = (HashMap::new(), RefCell::default(), HashMap::new());
        Self { before, after, inputs, undo, undone, plans, changes, known }
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
        let action = |side: Side<'_>, id: Option<NodeId>| id.map(|id| side.known(id).action);
        if action(self.before, old) == action(self.after, new) {
            return None;
        }
        let read =
            |side: Side<'_>, id: Option<NodeId>| id.map(|id| params(side.action(id))).unwrap_or_default();
        let kind = |side: Side<'a>, id: NodeId| {
            let kind = side.action(id).kind();
            (kind.name, kind.version)
        };
        let (old_params, new_params) = (read(self.before, old), read(self.after, new));
        let also = old_params.iter().chain(&new_params).flat_map(|param| param.also.clone()).collect();
        Some(NodeChange {
            also,
            kind: matches!((old, new), (Some(old), Some(new)) if kind(self.before, old) != kind(self.after, new)),
            params: param_changes(&old_params, &new_params),
            slots: self.slot_changes(old, new),
        })
    }

    /// The slots of a node that tell its sides apart.
    fn slot_changes(&self, old: Option<NodeId>, new: Option<NodeId>) -> Vec<String> {
        let outputs = |side: Side<'a>, id: Option<NodeId>| -> BTreeMap<&'a str, _> {
            let inputs = id.map(|id| side.graph.node(id).inputs.as_slice()).unwrap_or_default();
            inputs.iter().map(|(slot, input)| (&**slot, side.known(*input).output)).collect()
        };
        let (old, new) = (outputs(self.before, old), outputs(self.after, new));
        let slots: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        slots.into_iter().filter(|slot| old.get(slot) != new.get(slot)).map(str::to_owned).collect()
    }

    /// The changes of inputs that a node's own change follows from.
    pub fn of(&mut self, name: &str) -> Rc<CauseSet> {
        if let Some(known) = self.known.get(name) {
            return Rc::clone(known);
        }
        // Each of the graphs is acyclic, and both together need not be.
        self.known.insert(name.to_owned(), Rc::default());
        let mut causes = CauseSet::default();
        if let Some(change) = self.change(name) {
            causes = self.own(name, &change);
            for input in self.changed_inputs(name, &change) {
                causes.extend(&self.of(&input));
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
    pub fn of_presence(&mut self, host: &str, path: &str) -> CauseSet {
        let bundle = plan::bundle_name(host);
        let held = |graph: &Graph<Artifact>| {
            let file = graph.node(graph.find(&bundle)?).input(path)?;
            Some(graph.node(file).name.to_string())
        };
        self.by_undoing(&held)
    }

    /// The names of the inputs of a node that changed themselves, or are new or gone.
    fn changed_inputs(&self, name: &str, change: &NodeChange) -> Vec<String> {
        let mut names = BTreeSet::new();
        for slot in &change.slots {
            for side in [self.before, self.after] {
                let input = side.graph.find(name).and_then(|id| side.input(id, slot));
                names.extend(input.map(|input| side.name(input).to_owned()));
            }
        }
        names.into_iter().collect()
    }

    /// The shortest way from a node to one that follows from these causes by itself; of several the first by name.
    pub fn way(&mut self, name: &str, found: &CauseSet) -> Vec<String> {
        let mut ways = VecDeque::from([vec![name.to_owned()]]);
        let mut seen = BTreeSet::from([name.to_owned()]);
        while let Some(way) = ways.pop_front() {
            let Some(at) = way.last() else { continue };
            let Some(change) = self.change(at) else { continue };
            if change.kind || !self.own(at, &change).all.is_disjoint(&found.all) {
                return way.into_iter().skip(1).collect();
            }
            for input in self.changed_inputs(at, &change) {
                if seen.insert(input.clone()) {
                    ways.push_back([way.as_slice(), &[input]].concat());
                }
            }
        }
        Vec::new()
    }

    /// The causes of a node's own parameters, or of its being there.
    fn own(&mut self, name: &str, change: &NodeChange) -> CauseSet {
        let (old, new) = (self.before.graph.find(name), self.after.graph.find(name));
        let (Some(_), Some(new)) = (old, new) else {
            // What decided its parameters need not be what it is there for.
            return self.by_undoing_node(name);
        };
        if !change.kind && change.params.is_empty() && change.slots.is_empty() {
            // Nothing that a person wrote tells the sides apart.
            let kind = self.after.action(new).kind().name;
            return std::iter::once(self.inputs.program(kind)).collect();
        }
        if !change.params.is_empty() && change.also.iter().any(|decider| !self.inputs.of(decider).is_empty())
        {
            // Of several fields from which a value follows, not all that changed need have changed it.
            return self.by_undoing_node(name);
        }
        let decided = |(_, deciders): &(_, BTreeSet<Decider>)| -> Vec<usize> {
            deciders.iter().flat_map(|decider| self.inputs.of(decider)).collect()
        };
        let decided: Vec<Vec<usize>> = change.params.iter().map(decided).collect();
        let mut causes: CauseSet = decided.iter().flatten().copied().collect();
        if decided.iter().any(Vec::is_empty) {
            causes.extend(&self.by_undoing_node(name));
        }
        causes
    }

    fn by_undoing_node(&mut self, name: &str) -> CauseSet {
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
        let is_undone = |input: &Input| match input {
            Input::Entry(change) => !change.entry.starts_with("pin "),
            Input::Field(_) | Input::File { .. } => true,
            Input::Program { .. } => false,
        };
        (0..self.inputs.all().len()).filter(|index| is_undone(&self.inputs.all()[*index])).collect()
    }

    /// The changes without which something of the later plan would be other than it is.
    fn by_undoing<T: PartialEq>(&mut self, something: &dyn Fn(&Graph<Artifact>) -> T) -> CauseSet {
        let candidates = self.candidates();
        if candidates.len() == 1 {
            return candidates.into_iter().collect();
        }
        let now = something(self.after.graph);
        let causes = bisect(&candidates, &now, &mut |undone| match self.without(undone) {
            Trial::Is(graph) => Trial::Is(something(graph)),
            Trial::Impossible => Trial::Impossible,
            Trial::Unknown => Trial::Unknown,
        });
        if !causes.is_empty() {
            return causes;
        }
        let all = 0..self.inputs.all().len();
        let others: Vec<usize> = all.clone().filter(|index| !candidates.contains(index)).collect();
        if others.is_empty() { CauseSet::any_of(all) } else { CauseSet::any_of(others) }
    }

    /// The later plan without these changes.
    fn without(&mut self, indices: &[usize]) -> Trial<&Graph<Artifact>> {
        if !self.undone.contains_key(indices) {
            if self.undone.len() >= self.plans {
                return Trial::Unknown;
            }
            let inputs: Vec<&Input> = indices.iter().map(|index| &self.inputs.all()[*index]).collect();
            self.undone.insert(indices.to_vec(), self.undo.without(&inputs));
        }
        self.undone[indices].as_ref().map_or(Trial::Impossible, Trial::Is)
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

#[cfg(test)]
mod tests {
    use super::super::trial::{Node, compared};
    use super::*;

    #[test]
    fn a_node_follows_from_what_decided_it_and_what_it_reads() {
        let before: &[Node<'_>] = &[
            ("/a", &[("x", "name")], &["mid"]),
            ("mid", &[("y", "fixed")], &["leaf"]),
            ("leaf", &[("z", "network.pods")], &[]),
            ("/b", &[("x", "name")], &[]),
        ];
        let after: &[Node<'_>] = &[
            ("/a", &[("x2", "name")], &["mid"]),
            ("mid", &[("y", "fixed")], &["leaf"]),
            ("leaf", &[("z2", "network.pods")], &[]),
            ("/b", &[("x2", "name")], &[]),
        ];
        compared(before, after, &["name", "network.pods", "versions"], |causes| {
            for (node, expected) in [("a", &[0, 1][..]), ("mid", &[1]), ("leaf", &[1]), ("b", &[0])] {
                assert_eq!(*causes.of(node), expected.iter().copied().collect(), "{node}");
            }
            let cascade = causes.change("mid").expect("another node");
            assert!(cascade.params.is_empty() && cascade.slots == ["leaf"], "{cascade:?}");
        });
    }

    #[test]
    fn what_did_not_change_follows_from_nothing() {
        let same: &[Node<'_>] = &[("/a", &[("x", "name")], &[])];
        compared(same, same, &["versions"], |causes| {
            assert!(causes.change("a").is_none() && causes.of("a").is_empty());
        });
    }

    #[test]
    fn what_nobody_is_known_to_have_decided_may_follow_from_any_change() {
        let (before, after): (&[Node<'_>], &[Node<'_>]) =
            (&[("/a", &[("x", "elsewhere")], &[])], &[("/a", &[("y", "elsewhere")], &[])]);
        // No cluster is without either of them, so that no more can be found out.
        compared(before, after, &["name", "network.pods"], |causes| {
            assert_eq!(*causes.of("a"), CauseSet::any_of([0, 1]));
        });
        compared(before, after, &["name"], |causes| assert_eq!(*causes.of("a"), CauseSet::any_of([0])));
    }

    #[test]
    fn an_item_of_a_list_is_decided_by_its_own_field() {
        let before: &[Node<'_>] = &[("/a", &[("x", "hosts[x].address"), ("y", "hosts[y].address")], &[])];
        let after: &[Node<'_>] = &[("/a", &[("x", "hosts[x].address"), ("y2", "hosts[y].address")], &[])];
        compared(before, after, &["hosts[x]", "hosts[y]"], |causes| {
            let change = causes.change("a").expect("another node");
            assert_eq!(
                (&change.params[0].0.before, &change.params[0].0.after),
                (&vec!["192.0.2.1 y".to_owned()], &vec!["192.0.2.1 y2".to_owned()])
            );
            assert_eq!(*causes.of("a"), [1].into_iter().collect());
        });
    }
}
