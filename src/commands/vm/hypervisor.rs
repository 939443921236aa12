//! What runs machines, and what all that do have in common.

use camino::Utf8Path;

use super::fleet::Fleet;
use crate::cluster::{Acceleration, Host};
use crate::failure::Failure;
use crate::sys::process::ProcessError;
use crate::ui::Ui;
use crate::vm;

/// How the machines of one cluster are started, found and stopped. A machine may be there still whose host is not.
pub trait Hypervisor {
    /// Where their files are, and who may enter that folder.
    fn folder(&self) -> (&Utf8Path, u32);
    /// A running machine.
    fn running(&self, host: &str) -> Result<Option<Running>, Failure>;
    /// Where the ssh of a running machine is reached from here.
    fn ssh(&self, host: &Host) -> Result<Option<String>, Failure>;
    /// Refuses machines that could not be started, before anything is done for them.
    fn check(&self, fleet: &Fleet, hosts: &[&Host]) -> Result<(), Failure>;
    /// Starts machines whose files are there.
    fn start(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure>;
    /// Shuts running machines down, and insists after a while.
    fn stop(&self, hosts: &[&str], ui: &Ui) -> Result<(), Failure>;
    /// Forgets a stopped machine whose files are to be deleted.
    fn forget(&self, host: &str) -> Result<(), Failure>;
    /// Connects the user with a running machine.
    fn console(&self, host: &Host, ui: &Ui) -> Result<(), Failure>;
}

/// A machine that runs.
pub struct Running {
    /// Its process, where that is ours to know.
    pub pid: Option<u32>,
}

/// Who executes a machine's instructions on this computer, whose processor knows no architecture but its own. That is
/// not known before: what is planned is the same wherever it is planned.
pub fn acceleration(fleet: &Fleet, host: &Host, emulate: bool, ui: &Ui) -> Acceleration {
    if emulate || fleet.machines.acceleration == Acceleration::Emulation {
        return Acceleration::Emulation;
    }
    match vm::native() == Some(host.arch) {
        true => Acceleration::Kvm,
        false => emulated(host, &format!("this computer is not {}", host.arch), ui),
    }
}

/// Says why a machine is emulated though nobody asked for it.
pub fn emulated(host: &Host, why: &str, ui: &Ui) -> Acceleration {
    ui.message(format!("{} is emulated, which is slow: {why}", host.name));
    Acceleration::Emulation
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        Self::failed(error)
    }
}
