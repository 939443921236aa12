//! How machines are run where there is no libvirt: command lines of QEMU, and what is noted of them.
//!
//! Every process works in the folder of the machines, so all paths are short, and the same wherever the folder is:
//! the limits of socket names do not matter.

mod gateway;
mod guest;
mod note;

pub use gateway::{Gateway, GatewayError};
pub use guest::Guest;
pub use note::{GatewayNote, Made, read as read_note, write as write_note};

use crate::cluster::{Arch, machine_folder};

/// The datagram socket of the switch that all machines of a cluster are plugged into.
pub const SWITCH: &str = "switch.sock";
/// What the switch prints, and where its process is noted while it runs.
pub const SWITCH_LOG: &str = "switch.log";
pub const SWITCH_NOTE: &str = "switch.json";
/// What is noted of the gateway while it runs.
pub const GATEWAY_NOTE: &str = "gateway.json";
/// Whose machines these are: the id of a cluster.
pub const OWNER: &str = "cluster";

/// A file of one machine.
pub fn file(host: &str, name: &str) -> String {
    format!("{}/{name}", machine_folder(host))
}

/// A machine's files by name.
pub mod name {
    pub const DISK: &str = "disk.qcow2";
    pub const SEED: &str = "seed.img";
    /// What the disk and the seed were made as.
    pub const MADE: &str = "made.json";
    /// The process that is the machine.
    pub const PROCESS: &str = "process.json";
    /// The serial console, and all that was printed on it.
    pub const CONSOLE: &str = "console.sock";
    pub const CONSOLE_LOG: &str = "console.log";
    /// What QEMU itself prints.
    pub const LOG: &str = "qemu.log";
    /// Where QEMU takes commands.
    pub const MONITOR: &str = "monitor.sock";
    /// The machine's end of its cable to the switch.
    pub const CABLE: &str = "cable.sock";
    pub const DOMAIN: &str = "domain.xml";

    /// All of them, the note of what was made last: as long as it is there, the others may be.
    pub const ALL: &[&str] = &[DISK, SEED, PROCESS, CONSOLE, CONSOLE_LOG, LOG, MONITOR, CABLE, DOMAIN, MADE];
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub program: &'static str,
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// The program, and then its arguments.
    pub fn words(&self) -> Vec<String> {
        std::iter::once(self.program)
            .chain(self.arguments.iter().map(String::as_str))
            .map(str::to_owned)
            .collect()
    }
}

/// QEMU for machines of an architecture.
pub fn program(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "qemu-system-x86_64",
        Arch::Arm64 => "qemu-system-aarch64",
    }
}

/// The architecture of this very machine, if machines are of it.
pub fn native() -> Option<Arch> {
    match std::env::consts::ARCH {
        "x86_64" => Some(Arch::Amd64),
        "aarch64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// Options that come in pairs: a name and its value.
fn options<const N: usize>(pairs: [(&str, String); N]) -> impl Iterator<Item = String> {
    pairs.into_iter().flat_map(|(name, value)| [format!("-{name}"), value])
}

/// What every QEMU of ours leaves out: windows, and devices that nobody asked for.
fn bare() -> [String; 4] {
    ["-no-user-config", "-nodefaults", "-display", "none"].map(str::to_owned)
}

/// The network device's end of a cable into the switch.
fn cable(id: &str, from: &str) -> String {
    format!("dgram,id={id},local.type=unix,local.path={from},remote.type=unix,remote.path={SWITCH}")
}

#[cfg(test)]
impl std::fmt::Display for CommandLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.program)?;
        self.arguments.iter().try_for_each(|argument| match argument.starts_with('-') {
            true => write!(f, "\n  {argument}"),
            false => write!(f, " {argument}"),
        })
    }
}
