//! `kthw why`: what an output is made of, and why it changed.

mod key_path;
mod line;
mod reach;

use std::collections::{BTreeSet, HashSet};

use kthw_graph::{Action, Goal, NodeId};
use kthw_store::{ActionDigest, Output, Store};

use super::origins::place_of;
use super::target;
use crate::cli::Why;
use crate::comparison::{Comparison, Name};
use crate::diff::{Causes, Param, ParamChange, params, shortened, told_apart};
use crate::failure::Failure;
use crate::opened::{ClusterSession, Opened, realise};
use crate::side::Side;
use crate::sources::Folder;
use crate::spec::Positions;
use crate::ui::{Diagnostic, Ui};

use reach::Reach;

pub fn run(folder: Folder, args: Why, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder.clone(), ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    let positions = Positions::new(&bound.spec);
    let wanted = match args.line {
        // A line is of its text.
        Some(_) => vec![id],
        // What it is made from is known of every node, what it yields not without its keys.
        None => bound.makeable(session.graph().made_from([id])),
    };
    realise(&session, &bound, Goal::Identify, &wanted, ui)?;
    if let Some(line) = args.line {
        return line::answer(&session, id, line, &positions, ui);
    }
    let answer = Answer { session: &session, positions: &positions, ui };
    let node = session.graph().node(id);
    let unknown = || "and follows from the root secret, which is not here".to_owned();
    let output = session.realised(id).map_or_else(unknown, |realised| realised.output.to_string());
    ui.result(format_args!("{} is a {}, {output}", node.name, node.action.kind()));
    answer.changed(&folder, &bound.root_name, id)?;
    answer.made_of(id);
    Ok(())
}

/// Of how many fields it is said how far they reach: a list of all hosts has one for each.
const REACHES: usize = 30;

/// What an answer is drawn from, and where it goes.
struct Answer<'a> {
    session: &'a ClusterSession,
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
        for Param { name, value, decided_by, .. } in params(&node.action) {
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
            let output =
                self.session.realised(*input).map_or_else(String::new, |r| format!(" {}", r.output.short()));
            let files = reach.of_node(*input);
            self.ui.result(format_args!("  {slot} ← {}{output}  in {files}", self.name(*input)));
        }
    }

    /// Says why the node is not what some earlier build made, or that it never was anything else.
    fn changed(&self, folder: &Folder, root_name: &str, id: NodeId) -> Result<(), Failure> {
        let now = self.session.realised(id).map(|realised| realised.action);
        let number = match Earlier::find(self.session.store(), root_name, self.name(id), now)? {
            Earlier::Other(number) => number,
            Earlier::Same => {
                self.ui.result("unchanged: no recorded build knows it otherwise");
                return Ok(());
            }
            Earlier::Nothing => {
                self.ui.result("unchanged: no build is recorded yet");
                return Ok(());
            }
        };
        match Comparison::of(folder, &Name::Build(Some(number)), &Name::Folder, self.ui) {
            Ok(comparison) => {
                comparison.explain(|mut causes| self.because(&mut causes, self.name(id), number))
            }
            Err(failure) => {
                // What the build was made from is not kept for ever, and what made it may have planned otherwise.
                let why: Vec<&str> = failure.diagnostics.iter().map(Diagnostic::message).collect();
                let why = why.join("; ");
                self.ui
                    .result(format_args!("changed since build {number}; what changed cannot be told: {why}"));
            }
        }
        Ok(())
    }

    /// Says what of a node is another, which changes that follows from, and by which way.
    fn because(&self, causes: &mut Causes<'_>, name: &str, build: u64) {
        let Some(change) = causes.change(name) else {
            self.ui.result(format_args!("unchanged since build {build}"));
            return;
        };
        let role = if change.kind || !change.params.is_empty() { "cause" } else { "cascade" };
        self.ui.result(format_args!("changed since build {build} ({role})"));
        for (ParamChange { name, before, after }, _) in &change.params {
            let side = |values: &[String]| match values {
                [] => "nothing".to_owned(),
                values => values.join(", "),
            };
            let (from, to) = told_apart(&side(before), &side(after));
            self.ui.result(format_args!("  {name}: {from} → {to}"));
        }
        for slot in &change.slots {
            let input = |side: Side<'_>| {
                side.input(side.graph.find(name)?, slot)
                    .map(|id| (side.name(id).to_owned(), side.known(id).output))
            };
            let (old, new) = (input(causes.before), input(causes.after));
            let output = |side: &Option<(String, Output)>| {
                side.as_ref().map_or_else(|| "nothing".to_owned(), |(_, output)| output.short())
            };
            let (from, to) = (output(&old), output(&new));
            let read = new.or(old).map(|(read, _)| read).unwrap_or_default();
            self.ui.result(format_args!("  {slot}: {from} → {to}  {read}"));
        }
        let found = causes.of(name);
        let way = causes.way(name, &found);
        if !way.is_empty() {
            self.ui.result(format_args!("through {}", way.join(" → ")));
        }
        let inputs = causes.inputs.all();
        let listed = |set: &BTreeSet<usize>| {
            let lines: Vec<String> = set.iter().map(|index| inputs[*index].to_string()).collect();
            lines.join("\n  and ")
        };
        self.ui.lines(format_args!("because of {}", found.words(listed)));
    }
}

/// What the recorded builds of a cluster know of a node.
enum Earlier {
    /// The newest build in which it did something else.
    Other(u64),
    Same,
    /// There is no build.
    Nothing,
}

impl Earlier {
    /// Asks the newest builds first, and no more of them than it takes.
    fn find(store: &Store, root_name: &str, name: &str, now: Option<ActionDigest>) -> Result<Self, Failure> {
        let mut earlier = Self::Nothing;
        for row in store.roots(Some(root_name))? {
            let then = store.recorded(&row.record, name)?.map(|entry| entry.action);
            // Of what cannot be made here only a comparison tells whether it is another.
            if then.is_some() && then != now {
                return Ok(Self::Other(row.number));
            }
            earlier = Self::Same;
        }
        Ok(earlier)
    }
}

/// Where something was decided, in brackets.
pub fn shown(place: Option<String>) -> String {
    place.map(|place| format!("  ({place})")).unwrap_or_default()
}
