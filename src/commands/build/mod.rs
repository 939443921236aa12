//! `kthw build`: make whatever is stale.

mod expiry;
mod out;
mod summary;

use kthw_graph::Goal;
use kthw_store::{Digest, Output, RecordEntry, Store};

use super::target;
use crate::cli::Build;
use crate::failure::Failure;
use crate::last_build::{self, LastBuild};
use crate::opened::{Bound, ClusterSession, Opened, input_entry, is_input, realise, warn_of_public_root};
use crate::plan;
use crate::sources::{Folder, LOCK, Origin, SPEC, Sources};
use crate::spec;
use crate::sys::clock;
use crate::sys::files::{self, FileError};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};
use crate::validity;

use summary::Summary;

pub fn run(folder: Folder, args: Build, ui: &Ui) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        Territory::of(&folder).check_folder(out)?;
    }
    let sources = Sources::read(folder, Origin::Folder)?;
    if let Some(summary) = nothing_to_do(&sources, &args)? {
        warn_of_public_root(&sources, ui);
        report(&summary, args.json, ui);
        return Ok(());
    }
    let opened = Opened::decide(sources, ui)?;
    if let Some(within) = &args.fail_if_expiring {
        expiry::check(&opened, within)?;
    }
    warn_of_terms(&opened, ui);
    let graph = &opened.plan.graph;
    let actions = graph.order().iter().map(|id| &graph.node(*id).action);
    let quiet = validity::quiet(actions, &opened.cluster.pki);
    let (session, bound) = opened.session(ui)?;
    let whole = args.targets.is_empty();
    let targets = match whole {
        true => bound.makeable(session.graph().order().iter().copied()),
        false => args.targets.iter().map(|t| target::find(session.graph(), t)).collect::<Result<_, _>>()?,
    };
    let goal = match (args.check, args.fetch) {
        (true, _) => Goal::Check,
        (_, true) => Goal::Fetch,
        _ => Goal::Identify,
    };
    let outcome = realise(&session, &bound, goal, &targets, ui)?;
    let summary = Summary::of(
        &session.record().entries,
        outcome.executed.len(),
        outcome.reused,
        if whole { bound.unmakeable() } else { 0 },
    );
    // What is not known of every node is no record of a build.
    if whole && !args.check && bound.unmakeable() == 0 {
        let root = keep(&session, &bound, summary.executed)?;
        if let Err(error) = note(&bound, root, quiet) {
            ui.diagnostics(&[Diagnostic::warning(format!(
                "{error}; the next build looks at everything again"
            ))]);
        }
    }
    if let Some(out) = &args.out {
        out::write(&session, &bound, out, ui)?;
    }
    report(&summary, args.json, ui);
    if whole {
        warn_of_what_is_not_made(&bound, ui);
    }
    if whole && !args.json {
        advise(&session, &bound.folder, args.fetch, ui);
    }
    Ok(())
}

/// The summary of the last build as its record has it, if nothing has changed since and the record is still the store's
/// last one. The note beside the store only says where to look.
fn nothing_to_do(sources: &Sources, args: &Build) -> Result<Option<Summary>, Failure> {
    let Build { targets, json: _, check, fetch, out, fail_if_expiring } = args;
    if !targets.is_empty() || *check || *fetch || out.is_some() || fail_if_expiring.is_some() {
        return Ok(None);
    }
    let Some(root) = &sources.root else { return Ok(None) };
    // A note that cannot be read is as good as none.
    let note = files::read_text(&sources.folder.last_build()).ok().flatten();
    let last = note.and_then(|text| LastBuild::parse(&text));
    // The same cluster's file names the same files. One that cannot be read is another day's problem.
    let unchanged = |last: &LastBuild| {
        let named: Result<Vec<_>, _> = last.files.iter().map(|path| sources.named(path)).collect();
        named.is_ok_and(|named| {
            last.fingerprint == last_build::sealed(&sources.fingerprint(root, &named), last.quiet)
        })
    };
    let now = clock::now().unsigned_abs();
    let is_quiet = |last: &LastBuild| (last.quiet[0]..last.quiet[1]).contains(&now);
    let Some(last) = last.filter(is_quiet).filter(unchanged) else { return Ok(None) };
    let store = Store::open(&sources.folder.store())?;
    let kept = |row: &(u64, Digest)| row.0 == last.root && row.1.to_string() == last.record;
    let Some((_, digest)) = store.latest_root(&last.root_name)?.filter(kept) else { return Ok(None) };
    // A damaged record is the next build's to make anew.
    let Ok(Some(record)) = store.record(&digest) else { return Ok(None) };
    let (inputs, nodes): (Vec<RecordEntry>, Vec<RecordEntry>) =
        record.entries.into_iter().partition(is_input);
    let own = [(SPEC, &sources.spec), (LOCK, &sources.lock)];
    let is_of_these = own.into_iter().all(|(path, text)| inputs.contains(&input_entry(path, text)));
    // Inputs that the store has lost are kept once more.
    for entry in &inputs {
        if let Output::Public(input) = entry.output
            && !store.contains(&input)?
        {
            return Ok(None);
        }
    }
    Ok(is_of_these.then(|| Summary::of(&nodes, 0, nodes.len(), 0)))
}

/// Says which certificates nobody accepts now, and which end soon.
fn warn_of_terms(opened: &Opened, ui: &Ui) {
    let graph = &opened.plan.graph;
    let nodes = graph.order().iter().map(|id| graph.node(*id)).map(|node| (node.name.as_str(), &node.action));
    let notices = validity::notices(nodes, &opened.cluster.pki, clock::now().unsigned_abs());
    let warning =
        |notice: validity::Notice| Diagnostic::warning(notice.what).help(Some(notice.epoch.renewal()));
    ui.diagnostics(&notices.into_iter().map(warning).collect::<Vec<_>>());
}

/// Leaves a root in the store, unless the last one says the same; returns its number.
fn keep(session: &ClusterSession, bound: &Bound, executed: usize) -> Result<(u64, Digest), Failure> {
    let (store, mut record) = (session.store(), session.record());
    record.entries.extend(bound.texts.iter().map(|(path, text)| input_entry(path, text)));
    for (_, text) in &bound.texts {
        if !store.contains(&Digest::of(text.as_bytes()))? {
            store.put(text.as_bytes())?;
        }
    }
    if executed == 0
        && let Some((number, last)) = store.latest_root(&bound.root_name)?
        && record.encode().is_ok_and(|bytes| Digest::of(&bytes) == last)
        && store.contains(&last)?
    {
        return Ok((number, last));
    }
    Ok(store.append_root(&bound.root_name, &record)?)
}

/// Leaves a note for the next build, which can do without.
fn note(bound: &Bound, (root, record): (u64, Digest), quiet: [u64; 2]) -> Result<(), FileError> {
    let last = LastBuild {
        fingerprint: last_build::sealed(&bound.fingerprint, quiet),
        files: bound.files.clone(),
        root_name: bound.root_name.clone(),
        root,
        record: record.to_string(),
        quiet,
    };
    bound.folder.create_private()?;
    files::write(&bound.folder.last_build(), last.render().as_bytes(), 0o600)?;
    let schema = bound.folder.schema();
    let text = spec::schema();
    if files::read_text(&schema)?.as_ref() != Some(&text) {
        files::write(&schema, text.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// Says what a build without the root secret has left out.
fn warn_of_what_is_not_made(bound: &Bound, ui: &Ui) {
    if bound.unmakeable() > 0 {
        let text = format!(
            "{} keys, certificates and what holds them are not made: the root secret {} is not here",
            bound.unmakeable(),
            bound.folder.private_root()
        );
        let help = "put it back from where you keep it; without it there is no bundle of a host, and all else is as it should be";
        ui.diagnostics(&[Diagnostic::warning(text).help(Some(help))]);
    }
}

fn report(summary: &Summary, json: bool, ui: &Ui) {
    if json {
        ui.json(summary);
        return;
    }
    let Summary { nodes, executed, reused, cluster, bundles, unmade: _ } = summary;
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
    let is_own = |id| plan::host_of(graph.node(id).name.as_str()).is_some();
    let units = plan::files(graph).filter(|(_, path, id)| path.ends_with(".service") && is_own(*id));
    let Some((host, path, _)) = units.min_by_key(|(host, path, _)| (*host, *path)) else { return };
    let kthw = folder.command();
    ui.blank_line();
    ui.message(format!("look at a file    {kthw} show {host}:{path}"));
    ui.message(format!("ask about it      {kthw} why {host}:{path}"));
    ui.message(format!("see everything    {kthw} graph"));
    if !fetched {
        ui.message(format!("get the binaries  {kthw} fetch"));
    }
}
