//! `kthw plan`: what a change leads to on hosts, in which order, before it is done.

use super::output;
use crate::cli::{Plan, PlanFormat};
use crate::comparison::Comparison;
use crate::failure::{Exit, Failure};
use crate::rollout;
use crate::sources::Folder;
use crate::ui::{Diagnostic, Ui};

pub fn run(folder: &Folder, args: &Plan, ui: &Ui) -> Result<(), Failure> {
    output::check(folder, args.output.as_deref())?;
    let comparison = Comparison::open(folder, args.before.as_deref(), args.after.as_deref(), ui)?;
    let Comparison { before, after, begins_bare } = &comparison;
    let (rollout, inputs) = comparison.read(|causes, differences| {
        let rollout = comparison.rollout(&differences, causes);
        (rollout, std::mem::take(&mut causes.inputs))
    });
    let states = [if *begins_bare { "nothing" } else { &before.label }, &after.label];
    let text = match args.format {
        PlanFormat::Text => rollout::text(&rollout, &inputs, states),
        PlanFormat::Json => rollout::json(&rollout, &inputs, states) + "\n",
    };
    output::deliver(folder, args.output.as_deref(), &text, ui)?;
    let refusals: Vec<Diagnostic> = rollout
        .refusals()
        .map(|finding| Diagnostic::error(finding.what.as_str()).help(Some(&*finding.advice)))
        .collect();
    if !refusals.is_empty() {
        return Err(Failure { exit: Exit::Refused, diagnostics: refusals });
    }
    match args.exit_code && !rollout.is_empty() {
        true => Err(Failure::differences(Vec::new())),
        false => Ok(()),
    }
}
