//! `kthw why`: what an output is made of, and why it changed.

use std::collections::{HashMap, HashSet, VecDeque};

use kthw_graph::{Action, Description, Explanation, Goal, NodeId, ParamChange, explain};
use kthw_store::{ActionDigest, Output, RecordEntry, Store};

use super::failure::Failure;
use super::opened::{ClusterSession, Opened, realise};
use super::origins::place_of;
use super::reach::Reach;
use super::{line, target};
use crate::cli::Why;
use crate::diff::{Param, params, shortened, told_apart};
use crate::sources::Folder;
use crate::spec::Positions;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Why, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    // The record is loaded before anything is made, so that a pending change is seen as one.
    let history = History::read(session.store(), &bound.root_name)?;
    realise(&session, &bound.spec, Goal::Identify, &[id], ui)?;
    let positions = Positions::new(&bound.spec);
    if let Some(line) = args.line {
        return line::answer(&session, id, line, &positions, ui);
    }
    let answer = Answer { session: &session, history: &history, positions: &positions, ui };
    let node = session.graph().node(id);
    let output = session.realised(id).map_or_else(String::new, |realised| realised.output.to_string());
    ui.result(format_args!("{} is a {}, {output}", node.name, node.action.kind()));
    answer.changed(id)?;
    answer.made_of(id);
    Ok(())
}

/// Of how many fields it is said how far they reach: a list of all hosts has one for each.
const REACHES: usize = 30;

/// What an answer is drawn from, and where it goes.
struct Answer<'a> {
    session: &'a ClusterSession,
    history: &'a History,
    positions: &'a Positions<'a>,
    ui: &'a Ui,
}

impl Answer<'_> {
    fn name(&self, id: NodeId) -> &str {
        self.session.graph().node(id).name.as_str()
    }

    /// Says what goes into the node.
    fn made_of(&self, id: NodeId) {
        self.ui.result("made of");
        let graph = self.session.graph();
        let node = graph.node(id);
        let reach = Reach::new(graph);
        let mut told = HashSet::new();
        for Param { name, value, decided_by } in params(&node.action) {
            let place = shown(place_of(&decided_by, self.positions));
            // Once for each field, however many values it decides.
            let also = match told.len() < REACHES && told.insert(decided_by.clone()) {
                true => {
                    reach.of_decider(&decided_by).map_or_else(String::new, |files| format!("  in {files}"))
                }
                false => String::new(),
            };
            self.ui.result(format_args!("  {name} = {}{place}{also}", shortened(&value)));
        }
        for (slot, input) in &node.inputs {
            let output = self.session.realised(*input).map_or_else(String::new, |r| short(r.output));
            let files = reach.of_node(*input);
            self.ui.result(format_args!("  {slot} ← {} {output}  in {files}", self.name(*input)));
        }
    }

    /// Says why the node is not what some earlier build made, or that it never was anything else.
    fn changed(&self, id: NodeId) -> Result<(), Failure> {
        let now = self.session.realised(id).map(|realised| realised.action);
        let Some((number, before)) = self.history.last_other(self.name(id), now) else {
            let reason = match self.history.is_empty() {
                true => "no build is recorded yet",
                false => "no recorded build knows it otherwise",
            };
            self.ui.result(format_args!("unchanged: {reason}"));
            return Ok(());
        };
        let Some(explanation) = self.explain(id, before)? else {
            self.ui.result(format_args!("changed since build {number}, whose description is no longer kept"));
            return Ok(());
        };
        let role = if explanation.is_cause() { "cause" } else { "cascade" };
        self.ui.result(format_args!("changed since build {number} ({role})"));
        self.report(&explanation, id, "  ");
        self.causes(id, &explanation, number)
    }

    /// What tells a node's action from an earlier one, where both descriptions are kept.
    fn explain(&self, id: NodeId, before: ActionDigest) -> Result<Option<Explanation>, Failure> {
        let (Some(now), store) = (self.session.realised(id), self.session.store()) else { return Ok(None) };
        let (old, new) = (store.description(&before)?, store.description(&now.action)?);
        let (Some(old), Some(new)) = (&old, &new) else { return Ok(None) };
        match (Description::decode(old), Description::decode(new)) {
            (Some(old), Some(new)) => Ok(Some(explain(&old, &new))),
            _ => Err(Failure::failed(format!("the store's description of {} is damaged", self.name(id)))),
        }
    }

    fn report(&self, explanation: &Explanation, id: NodeId, indent: &str) {
        let now = params(&self.session.graph().node(id).action);
        if let Some((from, to)) = &explanation.kind {
            self.ui.result(format_args!("{indent}kind: {from} → {to} (kthw itself changed)"));
        }
        for ParamChange { name, from, to } in &explanation.params {
            let (from, to) = (from.as_deref().unwrap_or("nothing"), to.as_deref().unwrap_or("nothing"));
            let named = || now.iter().filter(|param| param.name == *name);
            let param = named().find(|param| param.value == to).or_else(|| named().next_back());
            let place =
                param.map_or_else(String::new, |param| shown(place_of(&param.decided_by, self.positions)));
            let (from, to) = told_apart(from, to);
            self.ui.result(format_args!("{indent}{name}: {from} → {to}{place}"));
        }
        for change in &explanation.inputs {
            let input = self.input(id, &change.slot).map_or("", |input| self.name(input));
            let side = |output: Option<Output>| output.map_or_else(|| "nothing".to_owned(), short);
            let (from, to) = (side(change.from), side(change.to));
            self.ui.result(format_args!("{indent}{}: {from} → {to}  {input}", change.slot));
        }
    }

    fn input(&self, id: NodeId, slot: &str) -> Option<NodeId> {
        self.session.graph().node(id).input(slot)
    }

    /// Follows a cascade to the nodes that were changed themselves.
    fn causes(&self, id: NodeId, explanation: &Explanation, build: u64) -> Result<(), Failure> {
        let changed = |id: NodeId, explanation: &Explanation| -> Vec<NodeId> {
            explanation.inputs.iter().filter_map(|change| self.input(id, &change.slot)).collect()
        };
        let mut seen = HashSet::new();
        let mut next = VecDeque::from(changed(id, explanation));
        while let Some(id) = next.pop_front() {
            let Some(before) = self.history.action(build, self.name(id)).filter(|_| seen.insert(id)) else {
                continue;
            };
            let Some(explanation) = self.explain(id, before)? else { continue };
            if explanation.is_cause() {
                self.ui.result(format_args!("because of {}", self.name(id)));
                let own = Explanation { inputs: Vec::new(), ..explanation.clone() };
                self.report(&own, id, "  ");
            }
            next.extend(changed(id, &explanation));
        }
        Ok(())
    }
}

fn short(output: Output) -> String {
    let text = output.to_string();
    text.split_at_checked(text.find(':').map_or(12, |colon| colon + 13))
        .map_or(text.clone(), |(head, _)| head.to_owned())
}

/// The recorded builds of one cluster, newest first.
struct History(Vec<(u64, HashMap<String, ActionDigest>)>);

impl History {
    fn read(store: &Store, root_name: &str) -> Result<Self, Failure> {
        let mut builds = Vec::new();
        for row in store.roots(Some(root_name))? {
            let Some(record) = store.record(&row.record)? else { continue };
            let entry = |RecordEntry { name, action, .. }: RecordEntry| (name, action);
            builds.push((row.number, record.entries.into_iter().map(entry).collect()));
        }
        Ok(Self(builds))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a node did in one build.
    fn action(&self, build: u64, name: &str) -> Option<ActionDigest> {
        let (_, actions) = self.0.iter().find(|(number, _)| *number == build)?;
        actions.get(name).copied()
    }

    /// The newest build in which the node did something else.
    fn last_other(&self, name: &str, now: Option<ActionDigest>) -> Option<(u64, ActionDigest)> {
        let known = self.0.iter().filter_map(|(number, actions)| Some((*number, *actions.get(name)?)));
        known.into_iter().find(|(_, action)| Some(*action) != now)
    }
}

/// Where something was decided, in brackets.
pub fn shown(place: Option<String>) -> String {
    place.map(|place| format!("  ({place})")).unwrap_or_default()
}
