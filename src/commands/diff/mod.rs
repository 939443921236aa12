//! `kthw diff`: what a change does, before it is done.

mod overlay;

use std::io::IsTerminal;

use super::{output, target};
use crate::cli::{Diff, DiffFormat};
use crate::comparison::{Comparison, State};
use crate::diff::{self, Detail, Differences, Group, Holder, TextChange};
use crate::failure::Failure;
use crate::page::ChangeKind;
use crate::report::{self, Effects, Entry, Report};
use crate::side::Side;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: &Folder, args: &Diff, ui: &Ui) -> Result<(), Failure> {
    output::check(folder, args.output.as_deref())?;
    let comparison = Comparison::open(folder, args.before.as_deref(), args.after.as_deref(), ui)?;
    let graphs = [&comparison.before, &comparison.after].map(|state| state.session.graph());
    target::check(graphs, &args.only)?;
    let report = report(&comparison, &args.only)?;
    let text = match args.format {
        DiffFormat::Text => report::text(&report, args.output.is_none() && std::io::stdout().is_terminal()),
        DiffFormat::Markdown => report::markdown(&report),
        DiffFormat::Json => report::json(&report),
        DiffFormat::Html => overlay::page(&comparison, &report)?.render(),
    };
    output::deliver(folder, args.output.as_deref(), &text, ui)?;
    match args.exit_code && !report.is_empty() {
        true => Err(Failure::differences(Vec::new())),
        false => Ok(()),
    }
}

fn report(comparison: &Comparison, only: &[String]) -> Result<Report, Failure> {
    let Comparison { before, after, begins_bare } = comparison;
    if *begins_bare {
        let message = "everything of a first rollout is new";
        return Err(Failure::failed(message).help("`kthw plan nothing` tells its steps"));
    }
    comparison.read(|causes, mut differences| {
        let (old, new) = (causes.before, causes.after);
        let mut rollout = comparison.rollout(&differences, causes);
        if !only.is_empty() {
            keep(&mut differences, only);
            rollout.only(&differences, |host| is_wanted(only, host, None));
        }
        let Differences { added, removed, groups } = differences;
        let entries = groups.into_iter().map(|group| entry(before, after, old, new, group));
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(Report {
            cluster: after.bound.cluster.name.clone(),
            before: before.label.clone(),
            after: after.label.clone(),
            stand_in: before.bound.is_stand_in || after.bound.is_stand_in,
            inputs: causes.inputs.all().to_vec(),
            effects: Effects::of(&rollout),
            added,
            removed,
            entries,
        })
    })
}

/// Whether a host, or a file of it, is among these targets.
fn is_wanted(only: &[String], host: &str, path: Option<&str>) -> bool {
    only.iter().any(|target| match target.split_once(':') {
        Some((name, file)) => name == host && path.is_none_or(|path| path == file),
        None => target == host,
    })
}

fn keep(differences: &mut Differences, only: &[String]) {
    differences.added.retain(|host| is_wanted(only, &host.name, None));
    differences.removed.retain(|host| is_wanted(only, &host.name, None));
    for group in &mut differences.groups {
        group.holders.retain(|holder| is_wanted(only, &holder.host, Some(&group.path)));
    }
    differences.groups.retain(|group| !group.holders.is_empty());
}

/// A group with what its first host's file looks like on both sides.
fn entry(
    before: &State,
    after: &State,
    old: Side<'_>,
    new: Side<'_>,
    group: Group,
) -> Result<Entry, Failure> {
    let Group { area, path, holders, own, causes, through } = group;
    let Holder { before: was, after: is, .. } = holders[0];
    let permissions = match (was.and_then(|file| file.permissions), is.and_then(|file| file.permissions)) {
        (Some(was), Some(is)) if was != is => Some((was.to_string(), is.to_string())),
        _ => None,
    };
    let kind = match (was, is) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let same = was.zip(is).is_some_and(|(was, is)| was.output == is.output);
    let described = [(old, was), (new, is)]
        .iter()
        .any(|(side, file)| file.is_some_and(|file| diff::is_described(side.action(file.node))));
    let text = |state: &State, file: Option<diff::File>| -> Result<Option<Option<String>>, Failure> {
        let Some(file) = file else { return Ok(Some(None)) };
        let bytes = state.text(file.node)?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Some))
    };
    let detail = if same {
        Detail::Permissions
    } else if described {
        diff::fields(old, was, new, is)
    } else {
        match (text(before, was)?, text(after, is)?) {
            (Some(was), Some(is)) => Detail::Text(TextChange::new(&path, was.as_deref(), is.as_deref())),
            _ => diff::fields(old, was, new, is),
        }
    };
    let file = is.map(|file| new.name(file.node)).or_else(|| was.map(|file| old.name(file.node)));
    let node = file.unwrap_or_default().to_owned();
    let hosts = holders.into_iter().map(|holder| holder.host).filter(|host| !host.is_empty()).collect();
    Ok(Entry { area, path, node, hosts, own, kind, permissions, causes, through, detail })
}
