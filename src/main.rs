//! The `kthw` program: parse, run, exit.

use std::process::ExitCode;

use kthw::cli;
use kthw::commands::{self, Failure};
use kthw::sys::memory;
use kthw::ui::Ui;

/// Thousands of hosts are millions of small allocations on a few threads, for which the C library asks the kernel in steps
/// of a page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    memory::keep_off_disks();
    let cli = cli::parse();
    let ui = Ui::new();
    let lost = |error: &_| Failure::undelivered(error, "the result to stdout");
    match commands::run(cli, &ui).and_then(|()| ui.delivered().map_err(lost)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.diagnostics(&failure.diagnostics);
            ExitCode::from(failure.exit as u8)
        }
    }
}
