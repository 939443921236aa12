//! `kthw why`: what an output is made of, and why it changed.

use std::collections::{HashMap, HashSet, VecDeque};

use kthw_graph::{Action, Description, Explanation, Goal, NodeId, ParamChange, explain};
use kthw_store::{ActionDigest, Output, RecordEntry, Store};

use super::failure::Failure;
use super::opened::{ClusterSession, Opened, realise};
use super::origins::Origins;
use super::target;
use crate::cli::Why;
use crate::page::Parameter;
use crate::sources::Folder;
use crate::spec::Positions;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Why, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    // The record is loaded before anything is made, so that a pending change is seen as one.
    let history = History::read(session.store(), &bound.root_name)?;
    realise(&session, Goal::Identify, &[id], ui)?;
    let positions = Positions::new(&bound.spec);
    let answer = Answer { session: &session, history: &history, positions: &positions, ui };
    let node = session.graph().node(id);
    let output = session.realised(id).map_or_else(String::new, |realised| realised.output.to_string());
    ui.result(format_args!("{} is a {}, {output}", node.name, node.action.kind()));
    answer.changed(id)?;
    answer.made_of(id);
    Ok(())
}

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
        for Parameter { name, value, place } in Origins::read(self.session, id, self.positions).parameters {
            self.ui.result(format_args!("  {name} = {}{}", shortened(&value), shown(place.as_deref())));
        }
        for (slot, input) in &self.session.graph().node(id).inputs {
            let output = self.session.realised(*input).map_or_else(String::new, |r| short(r.output));
            self.ui.result(format_args!("  {slot} ← {} {output}", self.name(*input)));
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
        let origins = Origins::read(self.session, id, self.positions);
        if let Some((from, to)) = &explanation.kind {
            self.ui.result(format_args!("{indent}kind: {from} → {to} (kthw itself changed)"));
        }
        for ParamChange { name, from, to } in &explanation.params {
            let (from, to) = (from.as_deref().unwrap_or("nothing"), to.as_deref().unwrap_or("nothing"));
            let place = shown(origins.place(name, to));
            self.ui.result(format_args!("{indent}{name}: {} → {}{place}", shortened(from), shortened(to)));
        }
        for change in &explanation.inputs {
            let input = self.input(id, &change.slot).map_or("", |input| self.name(input));
            let side = |output: Option<Output>| output.map_or_else(|| "nothing".to_owned(), short);
            let (from, to) = (side(change.from), side(change.to));
            self.ui.result(format_args!("{indent}{}: {from} → {to}  {input}", change.slot));
        }
    }

    fn input(&self, id: NodeId, slot: &str) -> Option<NodeId> {
        let inputs = &self.session.graph().node(id).inputs;
        inputs.iter().find(|(found, _)| found == slot).map(|(_, input)| *input)
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

/// Long values are cut for reading.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 100;
    let mut line: String = value.chars().take(LONGEST).map(|c| if c == '\n' { '⏎' } else { c }).collect();
    if value.chars().count() > LONGEST {
        line.push('…');
    }
    line
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

fn shown(place: Option<&str>) -> String {
    place.map(|place| format!("  ({place})")).unwrap_or_default()
}
