//! `kthw diff`: what a change does, before it is done.

use super::failure::Failure;
use super::state::{Name, State, sides};
use crate::cli::Diff;
use crate::diff::{self, Causes, Input, Inputs, Undo};
use crate::sources::Folder;
use crate::spec::{self, Positions};
use crate::sys::git;
use crate::ui::Ui;

pub fn run(folder: &Folder, args: &Diff, ui: &Ui) -> Result<(), Failure> {
    let (before, after) = states(folder, args.before.as_deref(), args.after.as_deref(), ui)?;
    let inputs = Inputs::new(changes(&before, &after));
    sides(&before, &after, |old, new| {
        let mut causes = Causes::new(old, new, inputs, undo(&before, &after));
        let differences = diff::compare(&mut causes);
        for input in causes.inputs.all() {
            ui.result(input);
        }
        for group in &differences.groups {
            ui.result(format!(
                "{:?} {} {:?} own={} causes={:?} through={:?}",
                group.area, group.path, group.hosts, group.own, group.causes, group.through
            ));
        }
    });
    Ok(())
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
    Ok((State::open(folder, &before, ui)?, State::open(folder, &after, ui)?))
}

/// The texts and files of both states.
pub fn undo<'a>(before: &'a State, after: &'a State) -> Undo<'a> {
    Undo {
        spec: [&before.bound.spec, &after.bound.spec],
        lock: [&before.bound.lock, &after.bound.lock],
        imported: [&before.bound.imported, &after.bound.imported],
        root: after.bound.root,
    }
}

/// The changes of inputs from one state to another.
pub fn changes(before: &State, after: &State) -> Vec<Input> {
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
