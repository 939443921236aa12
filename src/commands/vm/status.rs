//! `kthw vm status`: which machines run, and whether they are what is planned.

use kthw_graph::Goal;
use serde::Serialize;

use super::super::failure::Failure;
use super::fleet::Fleet;
use super::hypervisor::{Hypervisor, hypervisor};
use super::shelf::Shelf;
use crate::cli::VmStatus;
use crate::cluster::Host;
use crate::sources::Folder;
use crate::ui::Ui;
use crate::vm::Made;

/// One machine, as `--json` prints it.
#[derive(Serialize)]
struct Status<'a> {
    host: &'a str,
    state: State,
    pid: Option<u32>,
    address: String,
    /// What to give to ssh.
    ssh: Option<String>,
    /// What is there and is not what is planned.
    stale: Vec<&'static str>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Running,
    Stopped,
    Absent,
}

impl State {
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
    let hosts = fleet.choose(&args.hosts)?;
    fleet.realise(Goal::Identify, &hosts, ui)?;
    let hypervisor = hypervisor(&fleet, false, ui)?;
    let shelf = Shelf::new(&fleet, hypervisor.folder());
    let mut all = Vec::with_capacity(hosts.len());
    for host in hosts {
        all.push(status(&fleet, &*hypervisor, &shelf, host)?);
    }
    if args.json {
        ui.result(serde_json::to_string(&all).expect("strings and numbers serialise"));
        return Ok(());
    }
    let rows = all.iter().map(|status| {
        let pid = status.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let plan = match (&*status.stale, status.state) {
            (_, State::Absent) => "-".to_owned(),
            ([], _) => "current".to_owned(),
            (stale, _) => format!("stale {}", stale.join(" and ")),
        };
        let ssh = status.ssh.clone().unwrap_or_else(|| "-".to_owned());
        [status.host.to_owned(), status.state.word().to_owned(), pid, status.address.clone(), plan, ssh]
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
    let running = hypervisor.running(host)?;
    let state = match (&running, shelf.holds(host)) {
        (Some(_), _) => State::Running,
        (None, true) => State::Stopped,
        (None, false) => State::Absent,
    };
    let stale = match shelf.made(host)? {
        Some(made) => stale(&made, &fleet.planned(host)),
        None => Vec::new(),
    };
    let (pid, ssh) = running.map_or((None, None), |running| (running.pid, Some(running.ssh)));
    Ok(Status { host: &host.name, state, pid, address: host.address.to_string(), ssh, stale })
}

fn stale(made: &Made, planned: &Made) -> Vec<&'static str> {
    let disk = (!made.has_disk_of(planned)).then_some("disk");
    let seed = (made.seed != planned.seed).then_some("seed");
    disk.into_iter().chain(seed).collect()
}
