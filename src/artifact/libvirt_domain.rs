//! A machine as libvirt defines it.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;

use super::libvirt::{Typed, Uuid, document};
use super::{Ingredients, Make};
use crate::cluster::{Acceleration, Arch, Mac, Size, machine_folder};

/// A virtual machine with its disk, its seed, one network interface and a serial console.
pub struct LibvirtDomain {
    /// The cluster's id of the lock.
    pub cluster: String,
    pub host: String,
    pub arch: Arch,
    pub acceleration: Acceleration,
    pub cpus: u32,
    pub memory: Size,
    /// The fields that say how many processors and how much memory.
    pub sized_by: [String; 2],
    pub mac: Mac,
    /// What libvirt calls the network.
    pub network: String,
    /// The folder on the hypervisor that holds the machines' files.
    pub folder: String,
}

#[derive(Serialize)]
#[serde(rename = "domain")]
struct Document<'a> {
    #[serde(rename = "@type")]
    is: &'static str,
    name: String,
    uuid: String,
    memory: Memory,
    vcpu: u32,
    os: Os,
    features: Features,
    cpu: Cpu,
    devices: Devices<'a>,
}

#[derive(Serialize)]
struct Memory {
    #[serde(rename = "@unit")]
    unit: &'static str,
    #[serde(rename = "$text")]
    size: u64,
}

#[derive(Serialize)]
struct Os {
    #[serde(rename = "@firmware", skip_serializing_if = "Option::is_none")]
    firmware: Option<&'static str>,
    #[serde(rename = "type")]
    is: OsType,
    boot: Boot,
}

#[derive(Serialize)]
struct OsType {
    #[serde(rename = "@arch")]
    arch: &'static str,
    #[serde(rename = "@machine")]
    machine: &'static str,
    #[serde(rename = "$text")]
    is: &'static str,
}

#[derive(Serialize)]
struct Boot {
    #[serde(rename = "@dev")]
    dev: &'static str,
}

#[derive(Serialize)]
struct Features {
    acpi: (),
}

#[derive(Serialize)]
struct Cpu {
    #[serde(rename = "@mode")]
    mode: &'static str,
}

#[derive(Serialize)]
struct Devices<'a> {
    disk: [Disk; 2],
    interface: Interface<'a>,
    serial: Typed,
    console: Typed,
    rng: Rng,
}

#[derive(Serialize)]
struct Disk {
    #[serde(rename = "@type")]
    is: &'static str,
    #[serde(rename = "@device")]
    device: &'static str,
    driver: Driver,
    source: File,
    target: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    readonly: Option<()>,
}

impl Disk {
    /// A file as a disk.
    fn new(dev: &'static str, format: &'static str, file: String, readonly: Option<()>) -> Self {
        Self {
            is: "file",
            device: "disk",
            driver: Driver { name: "qemu", is: format },
            source: File { file },
            target: Target { dev, bus: "virtio" },
            readonly,
        }
    }
}

#[derive(Serialize)]
struct Driver {
    #[serde(rename = "@name")]
    name: &'static str,
    #[serde(rename = "@type")]
    is: &'static str,
}

#[derive(Serialize)]
struct File {
    #[serde(rename = "@file")]
    file: String,
}

#[derive(Serialize)]
struct Target {
    #[serde(rename = "@dev")]
    dev: &'static str,
    #[serde(rename = "@bus")]
    bus: &'static str,
}

#[derive(Serialize)]
struct Interface<'a> {
    #[serde(rename = "@type")]
    is: &'static str,
    mac: Address,
    source: Network<'a>,
    model: Typed,
}

#[derive(Serialize)]
struct Address {
    #[serde(rename = "@address")]
    address: String,
}

#[derive(Serialize)]
struct Network<'a> {
    #[serde(rename = "@network")]
    network: &'a str,
}

#[derive(Serialize)]
struct Rng {
    #[serde(rename = "@model")]
    model: &'static str,
    backend: Backend,
}

#[derive(Serialize)]
struct Backend {
    #[serde(rename = "@model")]
    model: &'static str,
    #[serde(rename = "$text")]
    source: &'static str,
}

impl LibvirtDomain {
    /// What libvirt calls the machine of a host.
    pub fn name(cluster: &str, host: &str) -> String {
        format!("{cluster}-{host}")
    }

    /// What libvirt knows it by, whatever it is called.
    pub fn uuid(cluster: &str, host: &str) -> Uuid {
        Uuid::of(cluster, &format!("machine/{host}"))
    }

    /// The machine as software executes it, for where the processor cannot.
    pub fn emulated(&self) -> Result<String, ActionError> {
        document(&self.document(Acceleration::Emulation))
    }

    fn document(&self, acceleration: Acceleration) -> Document<'_> {
        let (is, mode) = match acceleration {
            Acceleration::Kvm => ("kvm", "host-passthrough"),
            Acceleration::Emulation => ("qemu", "maximum"),
        };
        let host = &self.host;
        let folder = format!("{}/{}", self.folder, machine_folder(host));
        Document {
            is,
            name: Self::name(&self.cluster, host),
            uuid: Self::uuid(&self.cluster, host).to_string(),
            memory: Memory { unit: "MiB", size: self.memory.mebibytes },
            vcpu: self.cpus,
            os: self.os(),
            features: Features { acpi: () },
            cpu: Cpu { mode },
            devices: Devices {
                disk: [
                    Disk::new("vda", "qcow2", format!("{folder}/disk.qcow2"), None),
                    Disk::new("vdb", "raw", format!("{folder}/seed.img"), Some(())),
                ],
                interface: Interface {
                    is: "network",
                    mac: Address { address: self.mac.to_string() },
                    source: Network { network: &self.network },
                    model: Typed { is: "virtio" },
                },
                serial: Typed { is: "pty" },
                console: Typed { is: "pty" },
                rng: Rng { model: "virtio", backend: Backend { model: "random", source: "/dev/urandom" } },
            },
        }
    }

    /// 64-bit ARM machines have no firmware but UEFI; images for both architectures boot from their first disk.
    fn os(&self) -> Os {
        let (firmware, arch, machine) = match self.arch {
            Arch::Amd64 => (None, "x86_64", "q35"),
            Arch::Arm64 => (Some("efi"), "aarch64", "virt"),
        };
        Os { firmware, is: OsType { arch, machine, is: "hvm" }, boot: Boot { dev: "hd" } }
    }
}

impl Make for LibvirtDomain {
    const KIND: Kind = Kind {
        name: "libvirt-domain",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let host = &self.host;
        manifest.text("cluster", &self.cluster, Origin::Lock(format_args!("cluster")));
        manifest.text("host", host, Origin::Spec(format_args!("hosts[{host}].name")));
        manifest.text("arch", self.arch.as_str(), Origin::Spec(format_args!("hosts[{host}].arch")));
        let at = Origin::Spec(format_args!("machines.acceleration"));
        manifest.text("acceleration", self.acceleration.as_str(), at);
        let [cpus, memory] = &self.sized_by;
        manifest.number("cpus", self.cpus.into(), Origin::Spec(format_args!("{cpus}")));
        manifest.display("memory", self.memory, Origin::Spec(format_args!("{memory}")));
        manifest.display("mac", self.mac, Origin::Spec(format_args!("hosts[{host}].machine.mac")));
        manifest.text("network", &self.network, Origin::Spec(format_args!("machines.network.name")));
        manifest.text("folder", &self.folder, Origin::Spec(format_args!("machines.folder")));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(document(&self.document(self.acceleration))?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;
    use crate::artifact::trial::{all_differ, text};
    use crate::judge::{approved, file, judge, refused};

    fn domain() -> LibvirtDomain {
        LibvirtDomain {
            cluster: "hard-way-0a1b2c3d".to_owned(),
            host: "control0".to_owned(),
            arch: Arch::Amd64,
            acceleration: Acceleration::Kvm,
            cpus: 2,
            memory: Size { mebibytes: 2048 },
            sized_by: ["machines.cpus".to_owned(), "machines.memory".to_owned()],
            mac: Mac([0x52, 0x54, 0, 1, 2, 3]),
            network: "hard-way-0a1b2c3d".to_owned(),
            folder: "/var/lib/libvirt/images/hard-way-0a1b2c3d".to_owned(),
        }
    }

    fn emulated_arm() -> LibvirtDomain {
        LibvirtDomain { arch: Arch::Arm64, acceleration: Acceleration::Emulation, ..domain() }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!("amd64", text(domain(), &[]));
        insta::assert_snapshot!("arm64", text(emulated_arm(), &[]));
    }

    #[test]
    fn what_the_processor_cannot_execute_is_emulated_and_nothing_else_changes() {
        let planned = LibvirtDomain { acceleration: Acceleration::Kvm, ..emulated_arm() };
        assert_eq!(planned.emulated().expect("a document"), text(emulated_arm(), &[]));
        assert_ne!(text(planned, &[]), text(emulated_arm(), &[]));
    }

    #[test]
    fn every_parameter_counts() {
        let other = |change: fn(&mut LibvirtDomain)| {
            let mut domain = domain();
            change(&mut domain);
            Artifact::from(domain)
        };
        all_differ([
            other(|_| ()),
            other(|d| d.cluster.push('x')),
            other(|d| d.host.push('x')),
            other(|d| d.arch = Arch::Arm64),
            other(|d| d.acceleration = Acceleration::Emulation),
            other(|d| d.cpus = 3),
            other(|d| d.memory.mebibytes += 1),
            other(|d| d.mac.0[5] = 9),
            other(|d| d.network.push('x')),
            other(|d| d.folder.push('x')),
        ]);
    }

    #[test]
    fn libvirt_accepts_it() {
        for domain in [domain(), emulated_arm()] {
            let written = text(domain, &[]);
            let Some(mut validate) = judge("virt-xml-validate") else { return };
            approved(validate.arg(file(&written).path()).arg("domain"));
            let Some(mut validate) = judge("virt-xml-validate") else { return };
            refused(validate.arg(file(&written.replace("vcpu", "cpus")).path()).arg("domain"));
        }
    }
}
