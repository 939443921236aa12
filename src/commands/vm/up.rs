//! `kthw vm up`: start machines, making those that are not there.

use kthw_graph::Goal;

use super::choice::hypervisor;
use super::fleet::Fleet;
use super::shelf::Shelf;
use crate::cli::VmUp;
use crate::failure::Failure;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: &VmUp, ui: &Ui) -> Result<(), Failure> {
    let fleet = Fleet::open(folder, ui)?;
    let hosts = fleet.choose(&args.hosts)?;
    let _lock = fleet.lock(ui)?;
    let hypervisor = hypervisor(&fleet, args.emulate, ui)?;
    let shelf = Shelf::open(&fleet, hypervisor.folder())?;
    let mut stopped = Vec::new();
    for host in &hosts {
        match hypervisor.running(&host.name)? {
            Some(_) => ui.message(format!("{} runs already", host.name)),
            None => stopped.push(*host),
        }
    }
    if !stopped.is_empty() {
        hypervisor.check(&fleet, &stopped)?;
        fleet.realise(Goal::Identify, &stopped, ui)?;
        shelf.check(&stopped, args.recreate)?;
        fleet.realise(Goal::Fetch, &stopped, ui)?;
        shelf.fill(&stopped)?;
        hypervisor.start(&fleet, &stopped, ui)?;
    }
    let width = hosts.iter().map(|host| host.name.len()).max().unwrap_or(0);
    for host in &hosts {
        if hypervisor.running(&host.name)?.is_some()
            && let Some(ssh) = hypervisor.ssh(host)?
        {
            ui.result(format_args!("{:width$}  ssh {ssh}", host.name));
        }
    }
    Ok(())
}
