//! `kthw build`: make whatever is stale.

mod expiry;
mod out;

use std::collections::BTreeMap;

use kthw_graph::{Goal, NodeId, Outcome};
use kthw_store::{Digest, Store};

use super::target;
use crate::cli::Build;
use crate::failure::Failure;
use crate::last_build::{LastBuild, Summary};
use crate::opened::{Bound, ClusterSession, Opened, input_entry, realise, warn_of_public_root};
use crate::plan;
use crate::sources::{Folder, Sources};
use crate::spec;
use crate::sys::files::{self, FileError};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};

pub fn run(folder: Folder, args: Build, ui: &Ui) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        Territory::of(&folder).check_folder(out)?;
    }
    let sources = Sources::read(folder)?;
    if let Some(summary) = nothing_to_do(&sources, &args)? {
        warn_of_public_root(&sources, ui);
        report(&summary, args.json, ui);
        return Ok(());
    }
    let opened = Opened::decide(sources, ui)?;
    if let Some(within) = &args.fail_if_expiring {
        expiry::check(&opened, within)?;
    }
    let (session, bound) = opened.session(ui)?;
    let whole = args.targets.is_empty();
    let targets = match whole {
        true => session.graph().order().to_vec(),
        false => args.targets.iter().map(|t| target::find(session.graph(), t)).collect::<Result<_, _>>()?,
    };
    let goal = match (args.check, args.fetch) {
        (true, _) => Goal::Check,
        (_, true) => Goal::Fetch,
        _ => Goal::Identify,
    };
    let outcome = realise(&session, &bound.spec, goal, &targets, ui)?;
    let summary = summarise(&session, &outcome);
    if whole && !args.check {
        let root = keep(&session, &bound, summary.executed)?;
        if let Err(error) = note(&bound, root, &summary) {
            ui.diagnostics(&[Diagnostic::warning(format!(
                "{error}; the next build looks at everything again"
            ))]);
        }
    }
    if let Some(out) = &args.out {
        out::write(&session, &bound, out, ui)?;
    }
    report(&summary, args.json, ui);
    if whole && !args.json {
        advise(&session, &bound.folder, args.fetch, ui);
    }
    Ok(())
}

/// The last build's summary, if nothing has changed since and its root is still in the store.
fn nothing_to_do(sources: &Sources, args: &Build) -> Result<Option<Summary>, Failure> {
    let Build { targets, json: _, check, fetch, out, fail_if_expiring } = args;
    if !targets.is_empty() || *check || *fetch || out.is_some() || fail_if_expiring.is_some() {
        return Ok(None);
    }
    // A note that cannot be read is as good as none.
    let note = files::read_text(&sources.folder.last_build()).ok().flatten();
    let last = note.and_then(|text| LastBuild::parse(&text));
    // The same cluster's file names the same files. One that cannot be read is another day's problem.
    let unchanged = |last: &LastBuild| {
        let named: Result<Vec<_>, _> = last.files.iter().map(|path| sources.named(path)).collect();
        named.is_ok_and(|named| last.fingerprint == sources.fingerprint(&named))
    };
    let Some(last) = last.filter(unchanged) else { return Ok(None) };
    let store = Store::open(&sources.folder.store())?;
    let root = store.latest_root(&last.root_name)?;
    let kept = root.is_some_and(|(number, record)| number == last.root && record.to_string() == last.record);
    Ok(kept.then(|| last.repeated()))
}

fn summarise(session: &ClusterSession, outcome: &Outcome) -> Summary {
    let graph = session.graph();
    let output = |id: NodeId| session.realised(id).map(|realised| realised.output.to_string());
    let bundles: BTreeMap<String, String> = graph
        .order()
        .iter()
        .filter_map(|id| Some((plan::bundle_host(graph.node(*id).name.as_str())?.to_owned(), output(*id)?)))
        .collect();
    Summary {
        nodes: outcome.executed.len() + outcome.reused,
        executed: outcome.executed.len(),
        reused: outcome.reused,
        cluster: graph.find(plan::CLUSTER).and_then(output).unwrap_or_default(),
        bundles,
    }
}

/// Leaves a root in the store, unless the last one says the same; returns its number.
fn keep(session: &ClusterSession, bound: &Bound, executed: usize) -> Result<(u64, Digest), Failure> {
    let (store, mut record) = (session.store(), session.record());
    record.entries.extend(bound.texts.iter().map(|(path, text)| input_entry(path, text)));
    if executed == 0
        && let Some((number, last)) = store.latest_root(&bound.root_name)?
        && record.encode().is_ok_and(|bytes| Digest::of(&bytes) == last)
        && store.contains(&last)?
    {
        return Ok((number, last));
    }
    for (_, text) in &bound.texts {
        store.put(text.as_bytes())?;
    }
    Ok(store.append_root(&bound.root_name, &record)?)
}

/// Leaves a note for the next build, which can do without.
fn note(bound: &Bound, (root, record): (u64, Digest), summary: &Summary) -> Result<(), FileError> {
    let last = LastBuild {
        fingerprint: bound.fingerprint.clone(),
        files: bound.files.clone(),
        root_name: bound.root_name.clone(),
        root,
        record: record.to_string(),
        summary: summary.clone(),
    };
    files::write(&bound.folder.last_build(), last.render().as_bytes(), 0o600)?;
    let schema = bound.folder.schema();
    let text = spec::schema();
    if files::read_text(&schema)?.as_ref() != Some(&text) {
        files::write(&schema, text.as_bytes(), 0o644)?;
    }
    Ok(())
}

fn report(summary: &Summary, json: bool, ui: &Ui) {
    if json {
        ui.result(serde_json::to_string(summary).expect("strings and numbers serialise"));
        return;
    }
    let Summary { nodes, executed, reused, cluster, bundles } = summary;
    match executed {
        0 => ui.result(format_args!("nothing to do: {nodes} nodes are as they should be")),
        _ => ui.result(format_args!("{nodes} nodes: {executed} made, {reused} as they were")),
    }
    if !cluster.is_empty() {
        ui.result(format_args!("cluster {cluster}"));
    }
    const SHOWN: usize = 12;
    let width = bundles.keys().map(String::len).max().unwrap_or(0);
    for (host, bundle) in bundles.iter().take(SHOWN) {
        ui.result(format_args!("  {host:width$}  {bundle}"));
    }
    if bundles.len() > SHOWN {
        ui.result(format_args!("  and {} more hosts", bundles.len() - SHOWN));
    }
}

/// What one would want to do next.
fn advise(session: &ClusterSession, folder: &Folder, fetched: bool, ui: &Ui) {
    // A unit of the host's own has the most to tell.
    let graph = session.graph();
    let is_own = |id| graph.node(id).name.as_str().starts_with("host/");
    let units = plan::files(graph).filter(|(_, path, id)| path.ends_with(".service") && is_own(*id));
    let Some((host, path, _)) = units.min_by_key(|(host, path, _)| (*host, *path)) else { return };
    let kthw = folder.command();
    ui.message(format!("\nlook at a file    {kthw} show {host}:{path}"));
    ui.message(format!("ask about it      {kthw} why {host}:{path}"));
    ui.message(format!("see everything    {kthw} graph"));
    if !fetched {
        ui.message(format!("get the binaries  {kthw} fetch"));
    }
}
