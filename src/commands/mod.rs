//! One file or folder per subcommand: it wires and reports, and decides nothing.

mod build;
mod completions;
mod diff;
mod fetch;
mod gc;
mod graph;
mod init;
mod kubeconfig;
mod lock;
mod man;
mod origins;
mod output;
mod picture;
mod plan;
mod schema;
mod show;
mod snapshot;
mod store;
mod target;
mod vm;
mod why;

pub use crate::failure::{Exit, Failure};

use crate::cli::{Cli, Command, StoreCommand};
use crate::sources::Folder;
use crate::ui::Ui;

/// Runs the command that was asked for.
pub fn run(cli: Cli, ui: &Ui) -> Result<(), Failure> {
    let folder = Folder::new(&cli.place.folder, cli.place.store.as_deref());
    match cli.command {
        Command::Init(args) => init::run(&folder, args, ui),
        Command::Lock(args) => lock::run(folder, args, ui),
        Command::Build(args) => build::run(folder, args, ui),
        Command::Fetch(args) => fetch::run(folder, args, ui),
        Command::Show(args) => show::run(folder, args, ui),
        Command::Kubeconfig(args) => kubeconfig::run(folder, args, ui),
        Command::Why(args) => why::run(folder, args, ui),
        Command::Graph(args) => graph::run(folder, args, ui),
        Command::Diff(args) => diff::run(&folder, &args, ui),
        Command::Plan(args) => plan::run(&folder, &args, ui),
        Command::Snapshot(args) => snapshot::run(folder, args, ui),
        Command::Gc(args) => gc::run(&folder, args, ui),
        Command::Store(StoreCommand::Verify) => store::verify(&folder, ui),
        Command::Store(StoreCommand::Repair) => store::repair(folder, ui),
        Command::Vm(command) => vm::run(folder, command, ui),
        Command::Schema => schema::run(ui),
        Command::Completions(args) => completions::run(args, ui),
        Command::Man => man::run(ui),
    }
}
