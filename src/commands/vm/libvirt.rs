//! Machines that libvirt runs, told by `virsh`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::failure::Failure;
use super::fleet::Fleet;
use super::hypervisor::{Hypervisor, Running};
use crate::cluster::Host;
use crate::sys::process::{self, Ended, wait_until};
use crate::ui::Ui;
use crate::vm::{file, name};

const VIRSH: &str = "virsh";
const SYSTEM: [&str; 2] = ["--connect", "qemu:///system"];
const PATIENCE: Duration = Duration::from_secs(120);

/// The system's libvirt.
pub struct Libvirt {
    cluster: String,
    folder: Utf8PathBuf,
}

impl Libvirt {
    /// Finds out whether libvirt answers, or why it does not.
    pub fn find(fleet: &Fleet) -> Result<Result<Self, String>, Failure> {
        let answer = match process::run(VIRSH, &[SYSTEM[0], SYSTEM[1], "uri"]) {
            Err(error) if error.is_missing() => return Ok(Err(error.to_string())),
            answer => answer?,
        };
        Ok(match answer.success {
            true => {
                Ok(Self { cluster: fleet.cluster.name.clone(), folder: fleet.machines.folder.clone().into() })
            }
            false => Err(first_line(&answer.stderr)),
        })
    }

    fn domain(&self, host: &Host) -> String {
        format!("{}-{}", self.cluster, host.name)
    }

    fn is_running(&self, host: &Host) -> Result<bool, Failure> {
        let active = tell(&["list", "--name"])?;
        Ok(active.lines().any(|domain| domain.trim() == self.domain(host)))
    }
}

impl Hypervisor for Libvirt {
    fn folder(&self) -> (&Utf8Path, u32) {
        // libvirt's QEMU is another user, who owns a disk while it is in use.
        (&self.folder, 0o711)
    }

    fn running(&self, host: &Host) -> Result<Option<Running>, Failure> {
        let ssh = format!("{}@{} -p {}", host.ssh.user, host.address, host.ssh.port);
        Ok(self.is_running(host)?.then_some(Running { pid: None, ssh }))
    }

    fn start(&self, fleet: &Fleet, hosts: &[&Host], _ui: &Ui) -> Result<(), Failure> {
        let network = &*fleet.machines.network.name;
        let definition = self.folder.join(format!("{network}.xml"));
        fleet.write_network(&definition)?;
        tell(&["net-define", definition.as_str()])?;
        if !tell(&["net-list", "--name"])?.lines().any(|active| active.trim() == network) {
            tell(&["net-start", network])?;
        }
        for host in hosts {
            let definition = self.folder.join(file(&host.name, name::DOMAIN));
            fleet.write(host, name::DOMAIN, &definition, 0o644)?;
            tell(&["define", definition.as_str()])?;
            tell(&["start", &self.domain(host)])?;
        }
        Ok(())
    }

    fn stop(&self, _fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        for host in hosts {
            tell(&["shutdown", &self.domain(host)])?;
        }
        for host in hosts {
            if !wait_until(PATIENCE, || matches!(self.is_running(host), Ok(false))) {
                ui.message(format!("{} does not shut down and is switched off", host.name));
                tell(&["destroy", &self.domain(host)])?;
            }
        }
        Ok(())
    }

    fn forget(&self, host: &Host) -> Result<(), Failure> {
        let known = tell(&["list", "--all", "--name"])?;
        if known.lines().any(|domain| domain.trim() == self.domain(host)) {
            tell(&["undefine", &self.domain(host), "--nvram"])?;
        }
        Ok(())
    }

    fn console(&self, host: &Host, _ui: &Ui) -> Result<(), Failure> {
        let domain = self.domain(host);
        match process::hand_over(VIRSH, &[SYSTEM[0], SYSTEM[1], "console", &domain])? {
            true => Ok(()),
            false => Err(Failure::failed(format!("virsh could not connect to {domain}"))),
        }
    }
}

fn ask(arguments: &[&str]) -> Result<Ended, Failure> {
    Ok(process::run(VIRSH, &[&SYSTEM[..], arguments].concat())?)
}

fn tell(arguments: &[&str]) -> Result<String, Failure> {
    let ended = ask(arguments)?;
    match ended.success {
        true => Ok(ended.stdout),
        false => {
            let message = format!("virsh {}: {}", arguments.join(" "), first_line(&ended.stderr));
            Err(Failure::failed(message))
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gives no reason");
    line.trim().trim_start_matches("error: ").to_owned()
}
