//! Machines that libvirt runs, told by `virsh`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::fleet::Fleet;
use super::hypervisor::{Hypervisor, Running, acceleration};
use crate::artifact::{LibvirtDomain, LibvirtNetwork};
use crate::cluster::Host;
use crate::failure::Failure;
use crate::plan::HypervisorNames;
use crate::sys::process::{self, wait_until};
use crate::ui::Ui;
use crate::vm::{file, name};

const VIRSH: &str = "virsh";
const SYSTEM: [&str; 2] = ["--connect", "qemu:///system"];
const PATIENCE: Duration = Duration::from_secs(120);

/// The system's libvirt. It is told of machines by their UUIDs, which are of this cluster alone, whatever others call
/// theirs.
pub struct Libvirt {
    cluster: String,
    network: String,
    folder: Utf8PathBuf,
    emulate: bool,
}

impl Libvirt {
    /// Finds out whether libvirt answers, or why it does not.
    pub fn find(fleet: &Fleet, emulate: bool) -> Result<Result<Self, String>, Failure> {
        let answer = match process::run(VIRSH, &[SYSTEM[0], SYSTEM[1], "uri"]) {
            Err(error) if error.is_missing() => return Ok(Err(error.to_string())),
            answer => answer?,
        };
        if !answer.success {
            return Ok(Err(first_line(&answer.stderr)));
        }
        let HypervisorNames { network, folder, .. } = HypervisorNames::of(&fleet.id, &fleet.machines);
        Ok(Ok(Self { cluster: fleet.id.clone(), network, folder: folder.into(), emulate }))
    }

    fn uuid(&self, host: &str) -> String {
        LibvirtDomain::uuid(&self.cluster, host).to_string()
    }

    fn is_running(&self, host: &str) -> Result<bool, Failure> {
        has(&["list", "--uuid"], &self.uuid(host))
    }

    /// Tells libvirt something of a machine.
    fn tell_of(&self, host: &str, command: &str, more: &[&str]) -> Result<(), Failure> {
        let uuid = self.uuid(host);
        let said = ask(&[&[command, &*uuid], more].concat())?;
        said.map(drop).map_err(|why| Failure::failed(format!("{host}: virsh {command} {uuid}: {why}")))
    }
}

impl Hypervisor for Libvirt {
    fn folder(&self) -> (&Utf8Path, u32) {
        // libvirt's QEMU is another user, who owns a disk while it is in use.
        (&self.folder, 0o711)
    }

    fn running(&self, host: &str) -> Result<Option<Running>, Failure> {
        Ok(self.is_running(host)?.then_some(Running { pid: None }))
    }

    fn ssh(&self, host: &Host) -> Result<Option<String>, Failure> {
        Ok(Some(format!("{}@{} -p {}", host.ssh.user, host.address, host.ssh.port)))
    }

    fn check(&self, _fleet: &Fleet, hosts: &[&Host]) -> Result<(), Failure> {
        let (network, uuid) = (&*self.network, LibvirtNetwork::uuid(&self.cluster).to_string());
        if has(&["net-list", "--all", "--name"], network)? && !has(&["net-uuid", network], &uuid)? {
            let message = format!("libvirt has a network {network} that is not of cluster {}", self.cluster);
            let help = "write another name as `machines.network.name` into cluster.yaml";
            return Err(Failure::failed(message).help(help));
        }
        let known = tell(&["list", "--all", "--name"])?;
        for host in hosts {
            let name = LibvirtDomain::name(&self.cluster, &host.name);
            let is_known = known.lines().any(|line| line.trim() == name);
            if is_known && !has(&["domuuid", &name], &self.uuid(&host.name))? {
                let message = format!("libvirt has a machine {name} that kthw did not define");
                let help = "see whose it is, and rename it: `virsh domrename`";
                return Err(Failure::failed(message).help(help));
            }
        }
        Ok(())
    }

    fn start(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        let network = &*self.network;
        let definition = self.folder.join("network.xml");
        fleet.write_network(&definition)?;
        tell(&["net-define", definition.as_str()])?;
        if !has(&["net-list", "--name"], network)? {
            tell(&["net-start", network])?;
        }
        for host in hosts {
            let definition = self.folder.join(file(&host.name, name::DOMAIN));
            fleet.write_domain(host, acceleration(fleet, host, self.emulate, ui), &definition)?;
            tell(&["define", definition.as_str()])?;
            self.tell_of(&host.name, "start", &[])?;
        }
        Ok(())
    }

    fn stop(&self, hosts: &[&str], ui: &Ui) -> Result<(), Failure> {
        // One that cannot be told is no reason to leave the others running.
        let mut failures = Vec::new();
        let mut running = hosts.to_vec();
        running.retain(|host| match self.tell_of(host, "shutdown", &[]) {
            Ok(()) => true,
            Err(failure) => {
                failures.push(failure);
                false
            }
        });
        wait_until(PATIENCE, || {
            running.retain(|host| !matches!(self.is_running(host), Ok(false)));
            running.is_empty()
        });
        for host in running {
            ui.message(format!("{host} does not shut down and is switched off"));
            failures.extend(self.tell_of(host, "destroy", &[]).err());
        }
        Failure::all(failures)
    }

    fn forget(&self, host: &str) -> Result<(), Failure> {
        match has(&["list", "--all", "--uuid"], &self.uuid(host))? {
            true => self.tell_of(host, "undefine", &["--nvram"]),
            false => Ok(()),
        }
    }

    fn console(&self, host: &Host, _ui: &Ui) -> Result<(), Failure> {
        match process::hand_over(VIRSH, &[SYSTEM[0], SYSTEM[1], "console", &self.uuid(&host.name)])? {
            true => Ok(()),
            false => Err(Failure::failed(format!("virsh could not connect to {}", host.name))),
        }
    }
}

/// What virsh answers, or why it does not.
fn ask(arguments: &[&str]) -> Result<Result<String, String>, Failure> {
    let ended = process::run(VIRSH, &[&SYSTEM[..], arguments].concat())?;
    Ok(if ended.success { Ok(ended.stdout) } else { Err(first_line(&ended.stderr)) })
}

fn tell(arguments: &[&str]) -> Result<String, Failure> {
    ask(arguments)?.map_err(|why| Failure::failed(format!("virsh {}: {why}", arguments.join(" "))))
}

/// Whether one of the lines of an answer is this.
fn has(question: &[&str], expected: &str) -> Result<bool, Failure> {
    Ok(tell(question)?.lines().any(|line| line.trim() == expected))
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gives no reason");
    line.trim().trim_start_matches("error: ").to_owned()
}
