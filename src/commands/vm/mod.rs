//! `kthw vm`: run the cluster's virtual machines.

mod choice;
mod console;
mod down;
mod fleet;
mod hypervisor;
mod libvirt;
mod network;
mod noted;
mod qemu;
mod shelf;
mod started;
mod status;
mod up;

use crate::cli::VmCommand;
use crate::failure::Failure;
use crate::sources::Folder;
use crate::sys::switch;
use crate::ui::Ui;
use crate::vm;

pub fn run(folder: Folder, command: VmCommand, ui: &Ui) -> Result<(), Failure> {
    match command {
        VmCommand::Up(args) => up::run(folder, &args, ui),
        VmCommand::Down(args) => down::run(folder, &args, ui),
        VmCommand::Status(args) => status::run(folder, &args, ui),
        VmCommand::Console(args) => console::run(folder, &args, ui),
        VmCommand::Switch => {
            switch::run(vm::SWITCH).map_err(|error| Failure::failed(format!("the switch failed: {error}")))
        }
    }
}
