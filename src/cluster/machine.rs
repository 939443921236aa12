//! The machines: the virtual ones that are made for the hosts.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use semver::Version;

use super::choice::choice;
use super::host::Arch;

/// What is decided about the machines, with one for each host.
#[derive(Debug, Clone, PartialEq)]
pub struct Machines {
    pub image: Image,
    pub network: MachineNetwork,
    pub user: User,
    /// The user's own cloud-config.
    pub user_data: serde_json::Map<String, serde_json::Value>,
    pub carry: Carry,
    pub acceleration: Acceleration,
    /// The folder on the hypervisor that holds the machines' files, if the user names it; by default the cluster's id
    /// does, as the next two.
    pub folder: Option<String>,
    /// What a machine has that has nothing of its own.
    pub cpus: u32,
    pub memory: Size,
    /// By the name of the host.
    pub each: BTreeMap<String, Machine>,
}

/// Where each machine has its folder, below that of all machines. What they share is beside it, so that a host may be
/// called like that.
pub const MACHINE_FOLDERS: &str = "hosts";

/// The folder of a host's machine, below that of all machines.
pub fn machine_folder(host: &str) -> String {
    format!("{MACHINE_FOLDERS}/{host}")
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub cpus: u32,
    pub memory: Size,
    pub disk: Size,
    pub mac: Mac,
}

/// What the disks start as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// What a distribution publishes, pinned by the lock.
    Published(BaseImage),
    /// The user's own, pinned where it is named. Every architecture in use has one.
    Own(BTreeMap<Arch, ImageFile>),
}

/// A file somewhere and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    pub url: String,
    /// `sha256` or `sha512`.
    pub algorithm: String,
    /// In lower-case hexadecimal, of the length that the algorithm gives.
    pub digest: String,
}

choice! {
    /// A published image.
    BaseImage {
        Debian12 = "debian-12",
        Debian13 = "debian-13",
        Ubuntu2404 = "ubuntu-24.04",
    }
}

impl BaseImage {
    /// The publisher's serial number: a date and, for Debian, the number of the build.
    pub fn version(self) -> Version {
        let (date, build) = match self {
            Self::Debian12 => (20_260_923, 2610),
            Self::Debian13 => (20_260_712, 2537),
            Self::Ubuntu2404 => (20_260_705, 0),
        };
        Version::new(date, build, 0)
    }
}

/// The network that the machines are in; its range is that of the hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineNetwork {
    pub name: Option<String>,
    pub bridge: Option<String>,
    /// The hypervisor's own address.
    pub gateway: IpAddr,
    pub nameservers: Vec<IpAddr>,
    pub addressing: Addressing,
    pub domain: String,
    pub interface: String,
}

choice! {
    /// How a machine comes to know its address.
    Addressing {
        /// It is told by its seed.
        Static = "static",
        /// It asks the network, where its address is reserved for it.
        Dhcp = "dhcp",
    }
}

choice! {
    /// Who executes a machine's instructions.
    Acceleration {
        /// The processor.
        Kvm = "kvm",
        /// Software, for any architecture and slowly.
        Emulation = "emulation",
    }
}

choice! {
    /// What a new machine starts with.
    Carry {
        /// The public files of its bundle, except programs and those that list all workers.
        Public = "public",
        /// Nothing of its bundle.
        None = "none",
    }
}

/// Who logs in to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub authorized_keys: Vec<String>,
    pub groups: Vec<String>,
    /// Whether the user may become root without a password.
    pub sudo: bool,
}

/// A number of bytes, a multiple of a MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    pub mebibytes: u64,
}

impl Size {
    pub fn bytes(self) -> u64 {
        self.mebibytes << 20
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mebibytes {
            mebibytes if mebibytes % 1024 == 0 => write!(f, "{}GiB", mebibytes / 1024),
            mebibytes => write!(f, "{mebibytes}MiB"),
        }
    }
}

/// The hardware address of a network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether it stands for many interfaces at once.
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_hardware_addresses_are_displayed_as_they_are_written() {
        assert_eq!(Size { mebibytes: 2048 }.to_string(), "2GiB");
        assert_eq!(Size { mebibytes: 1536 }.to_string(), "1536MiB");
        assert_eq!(Size { mebibytes: 3 }.bytes(), 3 * 1024 * 1024);
        assert_eq!(Mac([0x52, 0x54, 0, 1, 2, 0xff]).to_string(), "52:54:00:01:02:ff");
        assert!(Mac([1, 0, 0, 0, 0, 0]).is_multicast() && !Mac([0x52, 0, 0, 0, 0, 0]).is_multicast());
    }
}
