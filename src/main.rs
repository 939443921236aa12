//! The `kthw` program: parse, run, exit.

use std::process::ExitCode;

use clap::Parser;
use kthw::cli::Cli;
use kthw::commands;
use kthw::ui::Ui;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui::new();
    match commands::run(cli, &ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.diagnostics(&failure.diagnostics);
            ExitCode::from(failure.exit as u8)
        }
    }
}
