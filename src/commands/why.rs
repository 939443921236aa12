//! `kthw why`: what an output is made of, and why it changed.

use std::collections::HashMap;

use kthw_graph::{
    Action, Description, Explanation, Goal, Manifest, NodeId, Origin, ParamChange, Value, explain,
};
use kthw_store::{ActionDigest, Output, RecordEntry, Store};

use super::failure::Failure;
use super::opened::{Bound, ClusterSession, Opened, realise};
use super::target;
use crate::cli::Why;
use crate::sources::{Folder, LOCK, SPEC};
use crate::spec::Positions;
use crate::sys::files;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Why, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    // The record is loaded before anything is made, so that a pending change is seen as one.
    let history = History::read(session.store(), &bound.root_name)?;
    realise(&session, Goal::Identify, &[id], ui)?;
    let origins = Origins::read(&session, id, &bound)?;
    let node = session.graph().node(id);
    let output = session.realised(id).map_or_else(String::new, |realised| realised.output.to_string());
    ui.result(format_args!("{} is a {}, {output}", node.name, node.action.kind()));
    changed(&session, id, &history, &origins, ui)?;
    made_of(&session, id, &origins, ui);
    Ok(())
}

/// Says what goes into the node.
fn made_of(session: &ClusterSession, id: NodeId, origins: &Origins, ui: &Ui) {
    let node = session.graph().node(id);
    ui.result("made of");
    for (name, value) in &origins.params {
        let place = origins.place(name);
        ui.result(format_args!("  {name} = {}{place}", shortened(value)));
    }
    for (slot, input) in &node.inputs {
        let output = session.realised(*input).map_or_else(String::new, |realised| short(realised.output));
        ui.result(format_args!("  {slot} ← {} {output}", session.graph().node(*input).name));
    }
}

/// Says why the node is not what some earlier build made, or that it never was anything else.
fn changed(
    session: &ClusterSession,
    id: NodeId,
    history: &History,
    origins: &Origins,
    ui: &Ui,
) -> Result<(), Failure> {
    let name = session.graph().node(id).name.as_str();
    let now = session.realised(id).map(|realised| realised.action);
    let Some((number, before)) = history.last_other(name, now) else {
        let text = if history.is_empty() {
            "no build is recorded yet"
        } else {
            "no recorded build knows it otherwise"
        };
        ui.result(format_args!("unchanged: {text}"));
        return Ok(());
    };
    let (Some(now), store) = (now, session.store()) else { return Ok(()) };
    let (Some(old), Some(new)) = (store.description(&before)?, store.description(&now)?) else {
        ui.result(format_args!("changed since build {number}, whose description is no longer kept"));
        return Ok(());
    };
    let (Some(old), Some(new)) = (Description::decode(&old), Description::decode(&new)) else {
        return Err(Failure::failed(format!("the store's description of {name} is damaged")));
    };
    let explanation = explain(&old, &new);
    let role = if explanation.is_cause() { "cause" } else { "cascade" };
    ui.result(format_args!("changed since build {number} ({role})"));
    report(&explanation, session, id, origins, ui);
    Ok(())
}

fn report(explanation: &Explanation, session: &ClusterSession, id: NodeId, origins: &Origins, ui: &Ui) {
    if let Some((from, to)) = &explanation.kind {
        ui.result(format_args!("  kind: {from} → {to} (kthw itself changed)"));
    }
    for ParamChange { name, from, to } in &explanation.params {
        let (from, to) = (from.as_deref().unwrap_or("nothing"), to.as_deref().unwrap_or("nothing"));
        ui.result(format_args!("  {name}: {} → {}{}", shortened(from), shortened(to), origins.place(name)));
    }
    for change in &explanation.inputs {
        let inputs = &session.graph().node(id).inputs;
        let input = inputs.iter().find(|(slot, _)| *slot == change.slot);
        let input = input.map_or(String::new(), |(_, input)| session.graph().node(*input).name.to_string());
        let side = |output: Option<Output>| output.map_or_else(|| "nothing".to_owned(), short);
        ui.result(format_args!("  {}: {} → {}  {input}", change.slot, side(change.from), side(change.to)));
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

    /// The newest build in which the node did something else.
    fn last_other(&self, name: &str, now: Option<ActionDigest>) -> Option<(u64, ActionDigest)> {
        let known = self.0.iter().filter_map(|(number, actions)| Some((*number, *actions.get(name)?)));
        known.into_iter().find(|(_, action)| Some(*action) != now)
    }
}

/// Each parameter with its value and the place that decided it.
struct Origins {
    params: Vec<(String, String)>,
    places: HashMap<String, String>,
}

impl Origins {
    fn read(session: &ClusterSession, id: NodeId, bound: &Bound) -> Result<Self, Failure> {
        let spec = files::read_text(&bound.folder.join(SPEC))?.unwrap_or_default();
        let positions = Positions::new(&spec);
        let mut reader = OriginReader { positions, params: Vec::new(), places: HashMap::new() };
        session.graph().node(id).action.describe(&mut reader);
        Ok(Self { params: reader.params, places: reader.places })
    }

    fn place(&self, param: &str) -> String {
        self.places.get(param).map(|place| format!("  ({place})")).unwrap_or_default()
    }
}

/// The second reader of a description: it keeps what the hash leaves out.
struct OriginReader<'a> {
    positions: Positions<'a>,
    params: Vec<(String, String)>,
    places: HashMap<String, String>,
}

impl Manifest for OriginReader<'_> {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        self.params.push((name.to_owned(), value.to_string()));
        let place = match origin {
            Origin::Spec(path) => {
                let path = path.to_string();
                match self.positions.exact(&path) {
                    Some(place) => format!("{SPEC}:{} {path}", place.line),
                    None => format!("default of {path}"),
                }
            }
            Origin::Lock(entry) => format!("{LOCK} {entry}"),
            Origin::Program => return,
        };
        self.places.insert(name.to_owned(), place);
    }
}
