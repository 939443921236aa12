//! `kthw plan`: what a change leads to on hosts, in which order, before it is done.

use super::diff;
use super::failure::{Exit, Failure};
use super::state::sides;
use crate::cli::{Plan, PlanFormat};
use crate::diff::{Causes, Inputs, compare};
use crate::rollout::{self, Change, Rollout};
use crate::sources::Folder;
use crate::ui::{Diagnostic, Ui};

pub fn run(folder: &Folder, args: &Plan, ui: &Ui) -> Result<(), Failure> {
    let (before, after) = diff::states(folder, args.before.as_deref(), args.after.as_deref(), ui)?;
    let change =
        Change::new([&before.bound.cluster, &after.bound.cluster], [&before.bound.lock, &after.bound.lock]);
    let inputs = Inputs::new(diff::changes(&before, &after));
    let (rollout, inputs) = sides(&before, &after, |old, new| {
        let mut causes = Causes::new(old, new, inputs, diff::undo(&before, &after));
        let differences = compare(&mut causes);
        let rollout = Rollout::of(&change, &differences, &mut causes);
        (rollout, causes.inputs)
    });
    match args.format {
        PlanFormat::Text => ui.bytes(rollout::text(&rollout, &inputs).as_bytes()),
        PlanFormat::Json => ui.result(rollout::json(&rollout, &inputs, [&before.label, &after.label])),
    }
    let refusals: Vec<Diagnostic> = rollout
        .refusals()
        .map(|finding| Diagnostic::error(finding.what.as_str()).help(Some(&finding.advice)))
        .collect();
    if !refusals.is_empty() {
        return Err(Failure { exit: Exit::Failed, diagnostics: refusals });
    }
    match args.exit_code && !rollout.is_empty() {
        true => Err(Failure::differences(Vec::new())),
        false => Ok(()),
    }
}
