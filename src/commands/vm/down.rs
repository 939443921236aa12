//! `kthw vm down`: shut machines down, and delete their disks if that is said.

use super::choice::hypervisor;
use super::fleet::Fleet;
use super::shelf::Shelf;
use crate::cli::VmDown;
use crate::failure::Failure;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: &VmDown, ui: &Ui) -> Result<(), Failure> {
    let fleet = Fleet::open(folder, ui)?;
    let _lock = fleet.lock(ui)?;
    let hypervisor = hypervisor(&fleet, false, ui)?;
    let shelf = Shelf::open(&fleet, hypervisor.folder())?;
    let (hosts, left) = shelf.choose(&args.hosts)?;
    let machines: Vec<&str> =
        hosts.iter().map(|host| &*host.name).chain(left.iter().map(String::as_str)).collect();
    if args.destroy {
        machines.iter().try_for_each(|host| shelf.claim(host))?;
    }
    let mut running = Vec::new();
    for host in &machines {
        if hypervisor.running(host)?.is_some() {
            running.push(*host);
        }
    }
    hypervisor.stop(&running, ui)?;
    for host in machines {
        let was = if running.contains(&host) { "shut down" } else { "not running" };
        if args.destroy {
            hypervisor.forget(host)?;
            shelf.remove(host)?;
            ui.result(format_args!("{host}: {was}, disk deleted"));
        } else {
            ui.result(format_args!("{host}: {was}"));
        }
    }
    Ok(())
}
