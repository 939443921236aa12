//! What runs machines: libvirt where it answers, otherwise QEMU itself.

use camino::Utf8Path;

use super::super::failure::Failure;
use super::fleet::Fleet;
use super::libvirt::Libvirt;
use super::qemu::Qemu;
use crate::cluster::{Acceleration, Host};
use crate::sys::process::ProcessError;
use crate::ui::Ui;

/// How the machines of one cluster are started, found and stopped.
pub trait Hypervisor {
    /// Where their files are, and who may enter that folder.
    fn folder(&self) -> (&Utf8Path, u32);
    /// A running machine.
    fn running(&self, host: &Host) -> Result<Option<Running>, Failure>;
    /// Starts machines whose files are there.
    fn start(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure>;
    /// Shuts running machines down, and insists after a while.
    fn stop(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure>;
    /// Forgets a stopped machine whose files are to be deleted.
    fn forget(&self, host: &Host) -> Result<(), Failure>;
    /// Connects the user with a running machine.
    fn console(&self, host: &Host, ui: &Ui) -> Result<(), Failure>;
}

/// A machine that runs.
pub struct Running {
    /// Its process, where that is ours to know.
    pub pid: Option<u32>,
    /// Where its ssh is reached from here.
    pub ssh: String,
}

/// Whoever runs this cluster's machines already, or may.
pub fn hypervisor(fleet: &Fleet, emulate: bool, ui: &Ui) -> Result<Box<dyn Hypervisor>, Failure> {
    let qemu = Qemu::new(fleet, emulate);
    if qemu.is_in_use(fleet) {
        return Ok(Box::new(qemu));
    }
    match Libvirt::find(fleet)? {
        Ok(libvirt) if !emulate || fleet.machines.acceleration == Acceleration::Emulation => {
            Ok(Box::new(libvirt))
        }
        Ok(_) => {
            let failure =
                Failure::failed("libvirt runs the machines as they are defined, whatever --emulate says");
            Err(failure.help("write `acceleration: emulation` into the section machines of cluster.yaml"))
        }
        Err(reason) => {
            ui.message(format!("libvirt is not used: {reason}"));
            Ok(Box::new(qemu))
        }
    }
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        Self::failed(error)
    }
}
