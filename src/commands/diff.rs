//! `kthw diff`: what a change does, before it is done.

use super::failure::Failure;
use super::state::{Name, State, sides};
use crate::cli::Diff;
use crate::diff::{self, Causes, Input, Inputs, Undo};
use crate::sources::Folder;
use crate::spec::{self, Positions};
use crate::ui::Ui;

pub fn run(folder: &Folder, args: &Diff, ui: &Ui) -> Result<(), Failure> {
    let name = |text: &Option<String>, other: Name| text.as_deref().map_or(Ok(other), Name::parse);
    let before = State::open(folder, &name(&args.before, Name::Revision("HEAD".to_owned()))?, ui)?;
    let after = State::open(folder, &name(&args.after, Name::Folder)?, ui)?;
    let undo = Undo {
        spec: [&before.bound.spec, &after.bound.spec],
        lock: [&before.bound.lock, &after.bound.lock],
        imported: [&before.bound.imported, &after.bound.imported],
        root: after.bound.root,
    };
    let inputs = Inputs::new(changes(&before, &after));
    sides(&before, &after, |old, new| {
        let mut causes = Causes::new(old, new, inputs, undo);
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
