//! `kthw completions`: print a shell's completions.

use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::failure::Failure;
use crate::ui::Ui;

pub fn run(args: Completions, ui: &Ui) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "kthw", &mut script);
    ui.bytes(&script);
    Ok(())
}
