//! `kthw vm down`: shut machines down, and delete their disks if that is said.

use super::super::failure::Failure;
use super::fleet::Fleet;
use super::hypervisor::hypervisor;
use super::shelf::Shelf;
use crate::cli::VmDown;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: &VmDown, ui: &Ui) -> Result<(), Failure> {
    let fleet = Fleet::open(folder, ui)?;
    let hosts = fleet.choose(&args.hosts)?;
    let hypervisor = hypervisor(&fleet, false, ui)?;
    let shelf = Shelf::new(&fleet, hypervisor.folder());
    if args.destroy {
        hosts.iter().try_for_each(|host| shelf.claim(host))?;
    }
    let mut running = Vec::new();
    for host in &hosts {
        if hypervisor.running(host)?.is_some() {
            running.push(*host);
        }
    }
    hypervisor.stop(&fleet, &running, ui)?;
    for host in hosts {
        let was =
            if running.iter().any(|other| other.name == host.name) { "shut down" } else { "not running" };
        if args.destroy {
            hypervisor.forget(host)?;
            shelf.remove(host)?;
            ui.result(format_args!("{}: {was}, disk deleted", host.name));
        } else {
            ui.result(format_args!("{}: {was}", host.name));
        }
    }
    Ok(())
}
