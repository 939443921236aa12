//! The network of machines that run without libvirt: a switch, and a gateway that leads out of it.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::fleet::Fleet;
use super::noted::noted;
use super::started::{Launch, START, Started, unwilling};
use crate::cluster::LoadBalancer;
use crate::failure::Failure;
use crate::sys::process::{self, Process, wait_until};
use crate::sys::{files, socket};
use crate::vm::{self, CommandLine, Gateway, GatewayNote};

/// The network whose processes work in a folder.
pub struct Network<'a> {
    pub folder: &'a Utf8Path,
}

impl Network<'_> {
    /// How the gateway is run, with a way in to those hosts whose ssh has a port; or why there is none.
    pub fn gateway_line(fleet: &Fleet, ssh: &BTreeMap<String, u16>) -> Result<CommandLine, Failure> {
        let cluster = &fleet.cluster;
        let gateway = Gateway {
            program: vm::program(vm::native().unwrap_or(cluster.hosts[0].arch)),
            network: &fleet.machines.network,
            range: cluster.network.hosts,
            hosts: &cluster.hosts,
            virtual_address: cluster.api.load_balancer.as_ref().and_then(LoadBalancer::virtual_address),
            ssh,
        };
        gateway.command_line().map_err(Failure::failed)
    }

    /// The local port that leads to a host's ssh.
    pub fn port(&self, host: &str) -> Result<Option<u16>, Failure> {
        Ok(self.gateway()?.and_then(|gateway| gateway.ssh.get(host).copied()))
    }

    /// Has the switch and the gateway run, with a port for each host's ssh.
    pub fn start(&self, fleet: &Fleet, started: &mut Started<'_>) -> Result<(), Failure> {
        self.start_switch(started)?;
        let before = self.gateway()?;
        let mut ssh = before.as_ref().map(|gateway| gateway.ssh.clone()).unwrap_or_default();
        let hosts = || fleet.cluster.hosts.iter().map(|host| host.name.clone());
        ssh.retain(|known, _| hosts().any(|host| host == *known));
        let new: Vec<String> = hosts().filter(|host| !ssh.contains_key(host)).collect();
        let ports = socket::free_ports(new.len())
            .map_err(|error| Failure::failed(format!("there is no free port: {error}")))?;
        ssh.extend(new.into_iter().zip(ports));
        let line = Self::gateway_line(fleet, &ssh)?;
        if let Some(gateway) = before {
            if gateway.line == line.words() {
                return Ok(());
            }
            // The cluster has another network or other hosts than when this was started.
            process::end(&[gateway.process], START);
        }
        let launch = Launch {
            what: "the network",
            line: &line,
            log: Gateway::LOG,
            monitor: Gateway::MONITOR,
            note: vm::GATEWAY_NOTE,
        };
        started.launch(&launch, |process| {
            vm::write_note(&GatewayNote { process: process.clone(), line: line.words(), ssh })
        })
    }

    /// Ends the switch and the gateway.
    pub fn stop(&self) -> Result<(), Failure> {
        let gateway = self.gateway()?.map(|gateway| gateway.process);
        let processes: Vec<Process> = gateway.into_iter().chain(self.switch()?).collect();
        process::end(&processes, START);
        files::remove_file(&self.folder.join(vm::GATEWAY_NOTE))?;
        Ok(files::remove_file(&self.folder.join(vm::SWITCH_NOTE))?)
    }

    fn start_switch(&self, started: &mut Started<'_>) -> Result<(), Failure> {
        if self.switch()?.is_some() {
            return Ok(());
        }
        let (log, socket) = (self.folder.join(vm::SWITCH_LOG), self.folder.join(vm::SWITCH));
        files::remove_file(&socket)?;
        let process = process::start_self(&["vm", "switch"].map(str::to_owned), self.folder, &log)?;
        started.note(process.clone(), vm::SWITCH_NOTE, &vm::write_note(&process))?;
        wait_until(START, || files::exists(&socket) || !process.is_running());
        if files::exists(&socket) { Ok(()) } else { Err(unwilling("the switch", &log)) }
    }

    /// The switch, if it runs.
    fn switch(&self) -> Result<Option<Process>, Failure> {
        Ok(noted(&self.folder.join(vm::SWITCH_NOTE))?.filter(Process::is_running))
    }

    /// The gateway, if it runs.
    fn gateway(&self) -> Result<Option<GatewayNote<Process>>, Failure> {
        let gateway: Option<GatewayNote<Process>> = noted(&self.folder.join(vm::GATEWAY_NOTE))?;
        Ok(gateway.filter(|gateway| gateway.process.is_running()))
    }
}
