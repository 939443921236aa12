//! `kthw vm status`: which machines run, and whether they are what is planned.

use std::net::IpAddr;

use kthw_graph::Goal;
use serde::Serialize;

use super::choice::hypervisor;
use super::fleet::Fleet;
use super::hypervisor::Hypervisor;
use super::shelf::Shelf;
use crate::cli::VmStatus;
use crate::cluster::Host;
use crate::failure::Failure;
use crate::sources::Folder;
use crate::ui::Ui;
use crate::vm::Made;

/// One machine, as `--json` prints it.
#[derive(Serialize)]
struct Status<'a> {
    host: &'a str,
    state: MachineState,
    pid: Option<u32>,
    address: Option<IpAddr>,
    /// What to give to ssh.
    ssh: Option<String>,
    /// What is there and is not what is planned.
    stale: Vec<&'static str>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum MachineState {
    Running,
    Stopped,
    Absent,
}

impl MachineState {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Absent => "absent",
        }
    }
}

pub fn run(folder: Folder, args: &VmStatus, ui: &Ui) -> Result<(), Failure> {
    let fleet = Fleet::open(folder, ui)?;
    let hypervisor = hypervisor(&fleet, false, ui)?;
    let shelf = Shelf::open(&fleet, hypervisor.folder())?;
    let (hosts, left) = shelf.choose(&args.hosts)?;
    fleet.realise(Goal::Identify, &hosts, ui)?;
    let mut all = Vec::with_capacity(hosts.len() + left.len());
    for host in hosts {
        all.push(status(&fleet, &*hypervisor, &shelf, host)?);
    }
    for host in &left {
        all.push(left_behind(&*hypervisor, &shelf, host)?);
    }
    if args.json {
        ui.json(&all);
        return Ok(());
    }
    let rows = all.iter().map(|status| {
        let pid = status.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let plan = match (&*status.stale, status.state) {
            (_, MachineState::Absent) => "-".to_owned(),
            ([], _) => "current".to_owned(),
            (stale, _) => format!("stale {}", stale.join(" and ")),
        };
        let address = status.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let ssh = status.ssh.clone().unwrap_or_else(|| "-".to_owned());
        [status.host.to_owned(), status.state.word().to_owned(), pid, address, plan, ssh]
    });
    let header = ["HOST", "STATE", "PID", "ADDRESS", "PLAN", "SSH"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(rows).collect();
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
            format!("{cell:width$}")
        });
        ui.result(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    Ok(())
}

fn status<'a>(
    fleet: &Fleet,
    hypervisor: &dyn Hypervisor,
    shelf: &Shelf<'_>,
    host: &'a Host,
) -> Result<Status<'a>, Failure> {
    let (state, pid) = state(hypervisor, shelf, &host.name)?;
    let stale = match shelf.made(&host.name)? {
        Some(made) => stale(&made, &fleet.planned(host)),
        // Nobody knows what such a disk is.
        None if shelf.holds(&host.name) => vec!["disk"],
        None => Vec::new(),
    };
    let ssh = match state {
        MachineState::Running => hypervisor.ssh(host)?,
        MachineState::Stopped | MachineState::Absent => None,
    };
    Ok(Status { host: &host.name, state, pid, address: Some(host.address), ssh, stale })
}

/// A machine whose host cluster.yaml has no more.
fn left_behind<'a>(
    hypervisor: &dyn Hypervisor,
    shelf: &Shelf<'_>,
    host: &'a str,
) -> Result<Status<'a>, Failure> {
    let (state, pid) = state(hypervisor, shelf, host)?;
    Ok(Status { host, state, pid, address: None, ssh: None, stale: vec!["host"] })
}

/// Whether a machine runs, and its process where that is known.
fn state(
    hypervisor: &dyn Hypervisor,
    shelf: &Shelf<'_>,
    host: &str,
) -> Result<(MachineState, Option<u32>), Failure> {
    Ok(match hypervisor.running(host)? {
        Some(running) => (MachineState::Running, running.pid),
        None if shelf.holds(host) => (MachineState::Stopped, None),
        None => (MachineState::Absent, None),
    })
}

fn stale(made: &Made, planned: &Made) -> Vec<&'static str> {
    let disk = (!made.has_disk_of(planned)).then_some("disk");
    let seed = (made.seed != planned.seed).then_some("seed");
    disk.into_iter().chain(seed).collect()
}
