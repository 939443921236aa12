//! One machine as QEMU runs it.

use super::{CommandLine, bare, cable, file, name, options, program};
use crate::cluster::{Acceleration, Arch, Host, Machine};

/// A machine, and who executes its instructions.
pub struct Guest<'a> {
    pub cluster: &'a str,
    pub host: &'a Host,
    pub machine: &'a Machine,
    pub acceleration: Acceleration,
    /// The file of the firmware, where QEMU has none of its own.
    pub firmware: Option<&'a str>,
}

impl Guest<'_> {
    /// QEMU with the hardware of the machine's libvirt domain: disk, seed, network, console, randomness.
    pub fn command_line(&self) -> CommandLine {
        let Self { cluster, host, machine, .. } = self;
        let of = |name: &str| file(&host.name, name);
        let chipset = match host.arch {
            Arch::Amd64 => "q35",
            Arch::Arm64 => "virt",
        };
        let (accelerator, cpu) = match self.acceleration {
            Acceleration::Kvm => ("kvm", "host"),
            Acceleration::Emulation => ("tcg", "max"),
        };
        let (console, log) = (of(name::CONSOLE), of(name::CONSOLE_LOG));
        let mut arguments = bare().to_vec();
        arguments.extend(options([
            ("name", format!("{cluster}-{}", host.name)),
            ("machine", format!("{chipset},accel={accelerator}")),
            ("cpu", cpu.to_owned()),
            ("smp", machine.cpus.to_string()),
            ("m", format!("{}M", machine.memory.mebibytes)),
            ("drive", format!("if=virtio,format=qcow2,file={}", of(name::DISK))),
            ("drive", format!("if=virtio,format=raw,readonly=on,file={}", of(name::SEED))),
            ("netdev", cable("net", &of(name::CABLE))),
            ("device", format!("virtio-net-pci,netdev=net,mac={},romfile=", machine.mac)),
            ("object", "rng-random,id=rng,filename=/dev/urandom".to_owned()),
            ("device", "virtio-rng-pci,rng=rng".to_owned()),
            ("chardev", format!("socket,id=console,path={console},server=on,wait=off,logfile={log}")),
            ("serial", "chardev:console".to_owned()),
            ("qmp", format!("unix:{},server=on,wait=off", of(name::MONITOR))),
        ]));
        arguments.extend(
            self.firmware.map(|file| ("bios", file.to_owned())).into_iter().flat_map(|pair| options([pair])),
        );
        CommandLine { program: program(host.arch), arguments }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::cluster::{Mac, Role, Size, Ssh};

    fn host(arch: Arch) -> Host {
        Host {
            name: "control0".to_owned(),
            address: [10, 0, 0, 4].into(),
            roles: BTreeSet::from([Role::ControlPlane]),
            arch,
            ssh: Ssh { user: "root".to_owned(), port: 22 },
            labels: BTreeMap::new(),
            taints: vec![],
            pod_cidr: None,
        }
    }

    fn line(arch: Arch, acceleration: Acceleration, firmware: Option<&str>) -> String {
        let size = |mebibytes| Size { mebibytes };
        let mac = Mac([0x52, 0x54, 0, 1, 2, 3]);
        let machine = Machine { cpus: 2, memory: size(2048), disk: size(20 << 10), mac };
        let host = host(arch);
        let guest = Guest { cluster: "hard-way", host: &host, machine: &machine, acceleration, firmware };
        guest.command_line().to_string()
    }

    #[test]
    fn a_machine_has_the_hardware_of_its_domain() {
        insta::assert_snapshot!(line(Arch::Amd64, Acceleration::Emulation, None));
    }

    #[test]
    fn another_architecture_is_another_program_chipset_and_firmware() {
        let (amd64, arm64) = (
            line(Arch::Amd64, Acceleration::Kvm, None),
            line(Arch::Arm64, Acceleration::Kvm, Some("/usr/share/AAVMF/AAVMF_CODE.fd")),
        );
        let different: Vec<&str> =
            arm64.lines().filter(|l| !amd64.lines().any(|other| other == *l)).collect();
        let expected =
            ["qemu-system-aarch64", "  -machine virt,accel=kvm", "  -bios /usr/share/AAVMF/AAVMF_CODE.fd"];
        assert_eq!(different, expected);
        assert!(amd64.contains("\n  -machine q35,accel=kvm\n  -cpu host\n"), "{amd64}");
    }
}
