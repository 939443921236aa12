//! The `kthw` program: parse, run, exit.

use std::process::ExitCode;

use clap::Parser;
use kthw::cli::Cli;
use kthw::commands::{self, Failure};
use kthw::ui::Ui;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui::new();
    match commands::run(cli, &ui).and_then(|()| ui.delivered().map_err(Failure::failed)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.diagnostics(&failure.diagnostics);
            ExitCode::from(failure.exit as u8)
        }
    }
}
