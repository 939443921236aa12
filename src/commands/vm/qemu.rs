//! Machines that run without libvirt: a QEMU for each, and a network of processes between them.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::failure::Failure;
use super::fleet::Fleet;
use super::hypervisor::{Hypervisor, Running};
use crate::cluster::{Acceleration, Arch, Host, LoadBalancer};
use crate::sys::process::{self, Process, wait_until};
use crate::sys::socket::{self, Monitor};
use crate::sys::{files, terminal};
use crate::ui::Ui;
use crate::vm::{self, CommandLine, Gateway, Guest, Network, file, name};

/// How long a machine may take to shut down; an emulated one is slow.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long QEMU may take to start, before any of the machine's own instructions.
const START: Duration = Duration::from_secs(30);
/// Where distributions put the firmware of 64-bit ARM machines.
const FIRMWARE: [&str; 4] = [
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.fd",
    "/usr/share/qemu/edk2-aarch64-code.fd",
];

/// QEMU in the cluster's private folder.
pub struct Qemu {
    folder: Utf8PathBuf,
    emulate: bool,
}

impl Qemu {
    pub fn new(fleet: &Fleet, emulate: bool) -> Self {
        Self { folder: files::absolute(&fleet.folder.machines()), emulate }
    }

    /// Whether machines of this cluster run like this already, or are made to.
    pub fn is_in_use(&self, fleet: &Fleet) -> bool {
        let disk = |host: &Host| self.folder.join(file(&host.name, name::DISK));
        fleet.cluster.hosts.iter().any(|host| files::exists(&disk(host)))
    }

    fn process(&self, host: &Host) -> Result<Option<Process>, Failure> {
        let text = files::read_text(&self.folder.join(file(&host.name, name::PROCESS)))?;
        let process: Option<Process> = text.and_then(|text| vm::read_note(&text));
        Ok(process.filter(Process::is_running))
    }

    fn network(&self) -> Result<Option<Network<Process>>, Failure> {
        let text = files::read_text(&self.folder.join(vm::NETWORK))?;
        Ok(text.and_then(|text| vm::read_note(&text)))
    }

    /// Has the switch and the gateway run, with a port for each host's ssh.
    fn start_network(&self, fleet: &Fleet) -> Result<(), Failure> {
        let hosts = &fleet.cluster.hosts;
        let before = self.network()?;
        let switch = before.as_ref().map(|network| &network.switch).filter(|switch| switch.is_running());
        let gateway = before.as_ref().filter(|network| network.gateway.is_running());
        if let (Some(_), Some(network)) = (switch, gateway)
            && hosts.iter().map(|host| &host.name).eq(network.ssh.keys())
        {
            return Ok(());
        }
        let switch = match switch {
            Some(switch) => switch.clone(),
            None => process::start_self(
                &["vm", "switch"].map(str::to_owned),
                &self.folder,
                &self.folder.join("switch.log"),
            )?,
        };
        // The cluster has other hosts than when this was started.
        if let Some(network) = gateway {
            network.gateway.terminate();
            wait_until(START, || !network.gateway.is_running());
        }
        let known = gateway.map(|network| &network.ssh);
        let mut ssh = BTreeMap::new();
        for host in hosts {
            let port = match known.and_then(|ssh| ssh.get(&host.name)) {
                Some(port) => *port,
                None => socket::free_port()
                    .map_err(|error| Failure::failed(format!("there is no free port: {error}")))?,
            };
            ssh.insert(host.name.clone(), port);
        }
        let line = Gateway {
            program: vm::program(vm::native().unwrap_or(hosts[0].arch)),
            network: &fleet.machines.network,
            range: fleet.cluster.network.hosts,
            hosts,
            virtual_address: fleet.cluster.api.load_balancer.as_ref().and_then(LoadBalancer::virtual_address),
            ssh: &ssh,
        };
        let line = line.command_line().map_err(Failure::failed)?;
        let gateway = self.launch(&line, "the network", Gateway::LOG, Gateway::MONITOR)?;
        let note = vm::write_note(&Network { switch, gateway, ssh });
        Ok(files::write(&self.folder.join(vm::NETWORK), note.as_bytes(), 0o600)?)
    }

    /// Starts a QEMU and waits until it takes commands.
    fn launch(&self, line: &CommandLine, what: &str, log: &str, monitor: &str) -> Result<Process, Failure> {
        let log = self.folder.join(log);
        let started = process::start(line.program, &line.arguments, &self.folder, &log);
        let process = started.map_err(|error| {
            let missing = error.is_missing();
            let failure = Failure::failed(format!("cannot start {what}: {error}"));
            if missing { failure.help("install QEMU 7.2 or newer, or libvirt") } else { failure }
        })?;
        let mut ready = false;
        wait_until(START, || {
            ready = Monitor::connect(&self.folder, monitor).is_ok();
            ready || !process.is_running()
        });
        if ready {
            return Ok(process);
        }
        process.kill();
        let said = files::read_text(&log)?.unwrap_or_default();
        let said = said.lines().last().unwrap_or("it says nothing").to_owned();
        Err(Failure::failed(format!("cannot start {what}: {said}"))
            .help(format!("{log} has all that it said")))
    }

    /// KVM for machines of this very architecture, if this user may use it.
    fn acceleration(&self, fleet: &Fleet, host: &Host, ui: &Ui) -> Acceleration {
        let why = if self.emulate || fleet.machines.acceleration == Acceleration::Emulation {
            return Acceleration::Emulation;
        } else if vm::native() != Some(host.arch) {
            format!("this machine is not {}", host.arch)
        } else if !files::is_usable(Utf8Path::new("/dev/kvm")) {
            "this user cannot use /dev/kvm".to_owned()
        } else {
            return Acceleration::Kvm;
        };
        ui.message(format!("{} is emulated, which is slow: {why}", host.name));
        Acceleration::Emulation
    }
}

impl Hypervisor for Qemu {
    fn folder(&self) -> (&Utf8Path, u32) {
        (&self.folder, 0o700)
    }

    fn running(&self, host: &Host) -> Result<Option<Running>, Failure> {
        let Some(process) = self.process(host)? else { return Ok(None) };
        let port = self.network()?.and_then(|network| network.ssh.get(&host.name).copied()).unwrap_or(0);
        let ssh = format!("{}@127.0.0.1 -p {port}", host.ssh.user);
        Ok(Some(Running { pid: Some(process.pid), ssh }))
    }

    fn start(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        self.start_network(fleet)?;
        for host in hosts {
            let firmware = match host.arch {
                Arch::Amd64 => None,
                Arch::Arm64 => Some(firmware(host)?),
            };
            let guest = Guest {
                cluster: &fleet.cluster.name,
                host,
                machine: fleet.machine(host),
                acceleration: self.acceleration(fleet, host, ui),
                firmware,
            };
            let of = |name: &str| file(&host.name, name);
            let process =
                self.launch(&guest.command_line(), &host.name, &of(name::LOG), &of(name::MONITOR))?;
            let note = vm::write_note(&process);
            files::write(&self.folder.join(of(name::PROCESS)), note.as_bytes(), 0o600)?;
        }
        Ok(())
    }

    fn stop(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        for host in hosts {
            let asked = Monitor::connect(&self.folder, &file(&host.name, name::MONITOR))
                .and_then(|mut monitor| monitor.execute("system_powerdown"));
            if let Err(error) = asked {
                ui.message(format!("{} cannot be asked to shut down: {error}", host.name));
            }
        }
        for host in hosts {
            let Some(process) = self.process(host)? else { continue };
            if !wait_until(PATIENCE, || !process.is_running()) {
                ui.message(format!("{} does not shut down and is switched off", host.name));
                process.kill();
                wait_until(START, || !process.is_running());
            }
        }
        for host in &fleet.cluster.hosts {
            if self.process(host)?.is_some() {
                return Ok(());
            }
        }
        if let Some(network) = self.network()? {
            network.gateway.terminate();
            network.switch.terminate();
            files::remove_file(&self.folder.join(vm::NETWORK))?;
        }
        Ok(())
    }

    fn forget(&self, _host: &Host) -> Result<(), Failure> {
        Ok(())
    }

    fn console(&self, host: &Host, ui: &Ui) -> Result<(), Failure> {
        let failed = |error| Failure::failed(format!("the console of {}: {error}", host.name));
        let stream = socket::connect(&self.folder, &file(&host.name, name::CONSOLE)).map_err(failed)?;
        ui.message(format!("the console of {}; Enter wakes it, Ctrl-] leaves it", host.name));
        terminal::converse(stream, |bytes| ui.bytes(bytes)).map_err(failed)
    }
}

fn firmware(host: &Host) -> Result<&'static str, Failure> {
    let found = FIRMWARE.into_iter().find(|path| files::exists(Utf8Path::new(path)));
    found.ok_or_else(|| {
        let failure = Failure::failed(format!("{} is arm64, and its firmware is not here", host.name));
        failure.help("install the package qemu-efi-aarch64 (edk2-aarch64 in Fedora)")
    })
}
