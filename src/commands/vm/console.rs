//! `kthw vm console`: talk to a machine through its serial console.

use super::choice::hypervisor;
use super::fleet::Fleet;
use crate::cli::VmConsole;
use crate::failure::Failure;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: &VmConsole, ui: &Ui) -> Result<(), Failure> {
    let fleet = Fleet::open(folder, ui)?;
    let hosts = fleet.choose(std::slice::from_ref(&args.host))?;
    let hypervisor = hypervisor(&fleet, false, ui)?;
    for host in hosts {
        if hypervisor.running(&host.name)?.is_none() {
            let failure = Failure::failed(format!("{} does not run", host.name));
            return Err(failure.help(format!("`kthw vm up {}` starts it", host.name)));
        }
        hypervisor.console(host, ui)?;
    }
    Ok(())
}
