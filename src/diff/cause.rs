//! Why a node is not what it was: the changes of inputs that it follows from.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use kthw_graph::{Action, Graph, NodeId};

use super::bisect::{Trial, bisect};
use super::cause_set::CauseSet;
use super::input::{Input, Inputs};
use super::outline::{Outline, Question, Questions};
use super::param::{Decider, Param, params};
use super::undo::Undo;
use crate::artifact::Artifact;
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
    /// With all that each item follows from that came or went.
    pub params: Vec<(ParamChange, Vec<Vec<Decider>>)>,
    /// Slots whose inputs yield something else, or that are on one side alone.
    pub slots: Vec<String>,
}

/// So many nodes are planned to see what undone changes do, and in so many plans: of five thousand workers few, of a small
/// cluster as many as it takes. What is asked of them is kept, because the same are asked about every file.
const PLANNED_NODES: usize = 1_000_000;
const PLANS: usize = 200;

/// Answers for every node of two sides, remembering what it has found.
pub struct Causes<'a> {
    pub before: Side<'a>,
    pub after: Side<'a>,
    pub inputs: Inputs,
    undo: Undo<'a>,
    questions: OnceCell<Questions>,
    /// What was planned without some of the inputs, once it was asked.
    undone: HashMap<Vec<usize>, Option<Outline>>,
    /// So many plans it may take.
    plans: usize,
    changes: RefCell<HashMap<String, Option<Rc<NodeChange>>>>,
    known: HashMap<String, Rc<CauseSet>>,
}

impl<'a> Causes<'a> {
    pub fn new(before: Side<'a>, after: Side<'a>, inputs: Inputs, undo: Undo<'a>) -> Self {
        let plans = (PLANNED_NODES / after.graph.len().max(1)).min(PLANS);
        let (undone, changes, known) = (HashMap::new(), RefCell::default(), HashMap::new());
        let questions = OnceCell::new();
        Self { before, after, inputs, undo, questions, undone, plans, changes, known }
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
        Some(NodeChange {
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

    /// The changes of inputs by which a host has come to hold a path, or does no more, or holds another node there.
    pub fn of_presence(&mut self, host: &str, path: &str) -> CauseSet {
        let question = self.questions().held(host, path);
        let own = self.inputs.of_host(host);
        self.by_undoing(question, &own.into_iter().collect())
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
        let mut causes = CauseSet::default();
        let mut is_certain = true;
        for (_, items) in &change.params {
            let mut found = BTreeSet::new();
            for item in items {
                let of_item: BTreeSet<usize> =
                    item.iter().flat_map(|decider| self.inputs.of(decider)).collect();
                // Of several changes that a value may follow from, not all need have changed it.
                is_certain &= of_item.len() == 1 || *item == [Decider::Program];
                // Where an item of a list comes may be another's doing.
                is_certain &= items.len() == 1
                    || item.iter().all(|decider| self.inputs.orders_around(decider).is_empty());
                found.extend(of_item);
            }
            is_certain &= !found.is_empty();
            causes.all.extend(found);
        }
        if !is_certain {
            // A pin is never undone.
            causes.all.retain(|index| !self.inputs.all()[*index].is_undone());
            causes.extend(&self.by_undoing_node(name));
        }
        causes
    }

    fn by_undoing_node(&mut self, name: &str) -> CauseSet {
        let change = self.change(name).unwrap_or_default();
        let deciders: BTreeSet<&Decider> =
            change.params.iter().flat_map(|(_, items)| items).flatten().collect();
        let decided = deciders
            .into_iter()
            .flat_map(|decider| [self.inputs.of(decider), self.inputs.orders_around(decider)].concat());
        let decided = decided.collect();
        let question = self.questions().node(name);
        self.by_undoing(question, &decided)
    }

    fn questions(&self) -> &Questions {
        self.questions.get_or_init(|| Questions::new(self.before, self.after))
    }

    /// What may be undone to see what it does: a pin is named by what it decides, exactly.
    fn candidates(&self) -> Vec<usize> {
        (0..self.inputs.all().len()).filter(|index| self.inputs.all()[*index].is_undone()).collect()
    }

    /// The changes without which something of the later plan would be other than it is, of which some are likelier.
    fn by_undoing(&mut self, question: Option<Question>, likely: &BTreeSet<usize>) -> CauseSet {
        let candidates = self.candidates();
        if candidates.len() == 1 {
            return candidates.into_iter().collect();
        }
        if let Some(question) = question {
            let likely: Vec<usize> =
                candidates.iter().copied().filter(|index| likely.contains(index)).collect();
            let Trial::Is(now) = self.without(&[]) else { unreachable!("it is what it is") };
            let now = now.answer(question);
            let causes = bisect(&candidates, &likely, &now, &mut |undone| match self.without(undone) {
                Trial::Is(outline) => Trial::Is(outline.answer(question)),
                Trial::Impossible => Trial::Impossible,
                Trial::Unknown => Trial::Unknown,
            });
            if !causes.is_empty() {
                return causes;
            }
        }
        let all = 0..self.inputs.all().len();
        let others: Vec<usize> = all.clone().filter(|index| !candidates.contains(index)).collect();
        if others.is_empty() { CauseSet::any_of(all) } else { CauseSet::any_of(others) }
    }

    /// The later plan without these changes.
    fn without(&mut self, indices: &[usize]) -> Trial<&Outline> {
        if !self.undone.contains_key(indices) {
            let all = self.inputs.all();
            let outline = |graph: &Graph<Artifact>| Outline::of(graph, self.questions());
            let undone = match indices.len() {
                0 => Some(outline(self.after.graph)),
                len if len == all.len() => Some(outline(self.before.graph)),
                _ if self.undone.len() >= self.plans => return Trial::Unknown,
                _ => {
                    let inputs: Vec<&Input> = indices.iter().map(|index| &all[*index]).collect();
                    self.undo.without(&inputs).as_ref().map(outline)
                }
            };
            self.undone.insert(indices.to_vec(), undone);
        }
        self.undone[indices].as_ref().map_or(Trial::Impossible, Trial::Is)
    }
}

fn param_changes(before: &[Param], after: &[Param]) -> Vec<(ParamChange, Vec<Vec<Decider>>)> {
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
        let ((kept_old, mut gone), (kept_new, mut come)) = (parted(old, new), parted(new, old));
        // Those that stay may come in another order besides.
        let (moved_old, moved_new) = reordered(&kept_old, &kept_new);
        let deciders = |param: &&Param| param.deciders().cloned().collect();
        let items = [&gone, &come, &moved_old, &moved_new].into_iter().flatten().map(deciders).collect();
        if gone.is_empty() && come.is_empty() {
            (gone, come) = (moved_old, moved_new);
        }
        let values = |params: &[&Param]| params.iter().map(|param| param.value.clone()).collect::<Vec<_>>();
        let change = ParamChange { name: name.to_owned(), before: values(&gone), after: values(&come) };
        changes.push((change, items));
    }
    changes
}

/// The items of a list that another has too, and those that it lacks.
fn parted<'p>(side: &[&'p Param], other: &[&Param]) -> (Vec<&'p Param>, Vec<&'p Param>) {
    let others: BTreeSet<&str> = other.iter().map(|param| param.value.as_str()).collect();
    side.iter().copied().partition(|param| others.contains(param.value.as_str()))
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
    fn what_nobody_is_known_to_have_decided_follows_from_changes_that_cannot_be_undone_apart() {
        let (before, after): (&[Node<'_>], &[Node<'_>]) =
            (&[("/a", &[("x", "elsewhere")], &[])], &[("/a", &[("y", "elsewhere")], &[])]);
        // No cluster is without either of them, and what is without both is what was before.
        compared(before, after, &["name", "network.pods"], |causes| {
            assert_eq!(*causes.of("a"), [0, 1].into_iter().collect());
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
