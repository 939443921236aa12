//! Machines that run without libvirt: a QEMU for each, and a network of processes between them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::fleet::Fleet;
use super::hypervisor::{Hypervisor, Running, acceleration, emulated};
use super::network::Network;
use super::noted::noted;
use super::started::{Launch, START, Started};
use crate::cluster::{Acceleration, Arch, Host, MACHINE_FOLDERS};
use crate::failure::Failure;
use crate::sys::process::{self, Process, wait_until};
use crate::sys::socket::{self, Monitor};
use crate::sys::{files, terminal};
use crate::ui::Ui;
use crate::vm::{self, Guest, file, name};

/// How long machines may take to shut down, all of them together; emulated ones are slow.
const PATIENCE: Duration = Duration::from_secs(120);
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
    pub fn is_in_use(&self) -> Result<bool, Failure> {
        let hosts = files::folders(&self.folder.join(MACHINE_FOLDERS))?;
        Ok(hosts.iter().any(|host| files::exists(&self.folder.join(file(host, name::DISK)))))
    }

    fn network(&self) -> Network<'_> {
        Network { folder: &self.folder }
    }

    fn process(&self, host: &str) -> Result<Option<Process>, Failure> {
        Ok(noted(&self.folder.join(file(host, name::PROCESS)))?.filter(Process::is_running))
    }

    /// Whether any machine runs, of whatever host.
    fn is_running(&self) -> Result<bool, Failure> {
        for host in files::folders(&self.folder.join(MACHINE_FOLDERS))? {
            if self.process(&host)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// KVM for machines of this very architecture, if this user may use it.
    fn acceleration(&self, fleet: &Fleet, host: &Host, ui: &Ui) -> Acceleration {
        match acceleration(fleet, host, self.emulate, ui) {
            Acceleration::Kvm if !files::is_usable(Utf8Path::new("/dev/kvm")) => {
                emulated(host, "this user cannot use /dev/kvm", ui)
            }
            decided => decided,
        }
    }
}

impl Hypervisor for Qemu {
    fn folder(&self) -> (&Utf8Path, u32) {
        (&self.folder, 0o700)
    }

    fn running(&self, host: &str) -> Result<Option<Running>, Failure> {
        Ok(self.process(host)?.map(|process| Running { pid: Some(process.pid) }))
    }

    fn ssh(&self, host: &Host) -> Result<Option<String>, Failure> {
        let port = self.network().port(&host.name)?;
        Ok(port.map(|port| format!("{}@127.0.0.1 -p {port}", host.ssh.user)))
    }

    fn check(&self, fleet: &Fleet, hosts: &[&Host]) -> Result<(), Failure> {
        let gateway = Network::gateway_line(fleet, &BTreeMap::new())?;
        let programs = hosts.iter().map(|host| vm::program(host.arch)).chain([gateway.program]);
        for program in programs.collect::<BTreeSet<_>>() {
            process::run(program, &["--version"])
                .map_err(|error| Failure::failed(error).help("install QEMU 7.2 or newer, or libvirt"))?;
        }
        hosts.iter().try_for_each(|host| firmware(host).map(drop))
    }

    fn start(&self, fleet: &Fleet, hosts: &[&Host], ui: &Ui) -> Result<(), Failure> {
        let mut started = Started::new(&self.folder);
        self.network().start(fleet, &mut started)?;
        if self.is_running()? {
            // Machines of other calls are in this network too.
            started.keep();
        }
        for host in hosts {
            let guest = Guest {
                cluster: &fleet.id,
                host,
                machine: fleet.machine(host),
                acceleration: self.acceleration(fleet, host, ui),
                firmware: firmware(host)?,
            };
            let of = |name: &str| file(&host.name, name);
            let launch = Launch {
                what: &host.name,
                line: &guest.command_line(),
                log: &of(name::LOG),
                monitor: &of(name::MONITOR),
                note: &of(name::PROCESS),
            };
            started.launch(&launch, vm::write_note)?;
        }
        started.keep();
        Ok(())
    }

    fn stop(&self, hosts: &[&str], ui: &Ui) -> Result<(), Failure> {
        let mut running = Vec::new();
        for host in hosts {
            running.extend(self.process(host)?.map(|process| (*host, process)));
        }
        for (host, _) in &running {
            let asked = Monitor::connect(&self.folder, &file(host, name::MONITOR))
                .and_then(|mut monitor| monitor.execute("system_powerdown"));
            if let Err(error) = asked {
                ui.message(format!("{host} cannot be asked to shut down: {error}"));
            }
        }
        wait_until(PATIENCE, || running.iter().all(|(_, process)| !process.is_running()));
        for (host, process) in running.iter().filter(|(_, process)| process.is_running()) {
            ui.message(format!("{host} does not shut down and is switched off"));
            process.kill();
        }
        wait_until(START, || running.iter().all(|(_, process)| !process.is_running()));
        let mut failures = Vec::new();
        for (host, process) in &running {
            if process.is_running() {
                let failure = Failure::failed(format!("{host} does not end: process {}", process.pid));
                failures.push(failure.help("see what the process waits for, and end it by hand"));
            } else {
                files::remove_file(&self.folder.join(file(host, name::PROCESS)))?;
            }
        }
        Failure::all(failures)?;
        if self.is_running()? { Ok(()) } else { self.network().stop() }
    }

    fn forget(&self, _host: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn console(&self, host: &Host, ui: &Ui) -> Result<(), Failure> {
        let failed = |error| Failure::failed(format!("the console of {}: {error}", host.name));
        let stream = socket::connect(&self.folder, &file(&host.name, name::CONSOLE)).map_err(failed)?;
        ui.message(format!("the console of {}; Enter wakes it, Ctrl-] leaves it", host.name));
        terminal::converse(stream, |bytes| ui.bytes(bytes)).map_err(failed)
    }
}

/// The firmware of a machine that QEMU has none for.
fn firmware(host: &Host) -> Result<Option<&'static str>, Failure> {
    if host.arch == Arch::Amd64 {
        return Ok(None);
    }
    let found = FIRMWARE.into_iter().find(|path| files::exists(Utf8Path::new(path)));
    found.map(Some).ok_or_else(|| {
        let failure = Failure::failed(format!("{} is arm64, and its firmware is not here", host.name));
        failure.help("install the package qemu-efi-aarch64 (edk2-aarch64 in Fedora)")
    })
}
