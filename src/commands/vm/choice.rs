//! Who runs machines: libvirt where it answers, otherwise QEMU itself.

use super::fleet::Fleet;
use super::hypervisor::Hypervisor;
use super::libvirt::Libvirt;
use super::qemu::Qemu;
use crate::failure::Failure;
use crate::ui::Ui;

/// Whoever runs this cluster's machines already, or may.
pub fn hypervisor(fleet: &Fleet, emulate: bool, ui: &Ui) -> Result<Box<dyn Hypervisor>, Failure> {
    let qemu = Qemu::new(fleet, emulate);
    if qemu.is_in_use()? {
        return Ok(Box::new(qemu));
    }
    match Libvirt::find(fleet, emulate)? {
        Ok(libvirt) => Ok(Box::new(libvirt)),
        Err(reason) => {
            ui.message(format!("libvirt is not used: {reason}"));
            Ok(Box::new(qemu))
        }
    }
}
