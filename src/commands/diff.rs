//! `kthw diff`: what a change does, before it is done.

use std::io::IsTerminal;

use super::failure::{Exit, Failure};
use super::state::{Name, State, sides};
use crate::cli::{Diff, DiffFormat};
use crate::diff::{self, Causes, Detail, Differences, Group, Holder, Input, Inputs, Side, TextChange, Undo};
use crate::report::{self, Change, Entry, Report};
use crate::sources::Folder;
use crate::spec::{self, Positions};
use crate::sys::files;
use crate::sys::git;
use crate::ui::Ui;

pub fn run(folder: &Folder, args: &Diff, ui: &Ui) -> Result<(), Failure> {
    let (before, after) = states(folder, args.before.as_deref(), args.after.as_deref(), ui)?;
    let report = compare(&before, &after, &args.only)?;
    let text = match args.format {
        DiffFormat::Text => report::text(&report, args.output.is_none() && std::io::stdout().is_terminal()),
        DiffFormat::Markdown => report::markdown(&report),
        DiffFormat::Json => report::json(&report),
    };
    match &args.output {
        Some(path) => files::write(path, text.as_bytes(), 0o644)?,
        None => ui.bytes(text.as_bytes()),
    }
    match args.exit_code && !report.is_empty() {
        true => Err(Failure { exit: Exit::Differences, diagnostics: Vec::new() }),
        false => Ok(()),
    }
}

/// The two states of a comparison: by default what is committed, or was built last, and the folder as it is.
pub fn states(
    folder: &Folder,
    before: Option<&str>,
    after: Option<&str>,
    ui: &Ui,
) -> Result<(State, State), Failure> {
    let before = match before {
        Some(before) => Name::parse(before)?,
        None if git::is_repository(folder.path()).unwrap_or(false) => Name::Revision("HEAD".to_owned()),
        None => Name::Build(None),
    };
    let after = after.map_or(Ok(Name::Folder), Name::parse)?;
    // Neither needs anything of the other.
    let (before, after) = std::thread::scope(|scope| {
        let before = scope.spawn(|| State::open(folder, &before, ui));
        let after = State::open(folder, &after, ui);
        (before.join().expect("opening a state ends without a panic"), after)
    });
    Ok((before?, after?))
}

fn compare(before: &State, after: &State, only: &[String]) -> Result<Report, Failure> {
    let undo = Undo {
        spec: [&before.bound.spec, &after.bound.spec],
        lock: [&before.bound.lock, &after.bound.lock],
        imported: [&before.bound.imported, &after.bound.imported],
        root: after.bound.root,
    };
    let inputs = Inputs::new(changes(before, after));
    sides(before, after, |old, new| {
        let mut causes = Causes::new(old, new, inputs, undo);
        let Differences { mut added, mut removed, groups } = diff::compare(&mut causes);
        let wanted = |host: &str, path: Option<&str>| {
            only.is_empty()
                || only.iter().any(|target| match target.split_once(':') {
                    Some((name, file)) => name == host && path.is_none_or(|path| path == file),
                    None => target == host,
                })
        };
        added.retain(|host| wanted(&host.name, None));
        removed.retain(|host| wanted(&host.name, None));
        let mut entries = Vec::new();
        for mut group in groups {
            group.holders.retain(|holder| wanted(&holder.host, Some(&group.path)));
            if !group.holders.is_empty() {
                entries.push(entry(before, after, old, new, group)?);
            }
        }
        Ok(Report {
            before: before.label.clone(),
            after: after.label.clone(),
            stand_in: before.bound.is_stand_in || after.bound.is_stand_in,
            inputs: causes.inputs.all().to_vec(),
            added,
            removed,
            entries,
        })
    })
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
    let change = match (was, is) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        _ => Change::Changed,
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
    let causes = causes.into_iter().collect();
    let hosts = holders.into_iter().map(|holder| holder.host).filter(|host| !host.is_empty()).collect();
    Ok(Entry { area, path, hosts, own, change, permissions, causes, through, detail })
}

/// The changes of inputs from one state to another.
fn changes(before: &State, after: &State) -> Vec<Input> {
    let fields = spec::changes(&Positions::new(&before.bound.spec), &Positions::new(&after.bound.spec));
    let entries = before.bound.lock.changes(&after.bound.lock);
    let files = after.bound.imported.iter().filter_map(|(authority, now)| {
        let then = before.bound.imported.get(authority)?;
        let files = after.bound.cluster.pki.authorities.get(authority)?;
        let field = format!("pki.authorities.{authority}.certificate");
        (then != now).then(|| Input::File { field, path: files.certificate.clone() })
    });
    let fields = fields.into_iter().map(Input::Field);
    fields.chain(entries.into_iter().map(Input::Entry)).chain(files).collect()
}
