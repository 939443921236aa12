//! A host with a kernel of its own: an emulated machine, which runs pods as only a whole machine can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::base_root::debian;
use crate::cluster::Cluster;
use crate::delivery::Bundle;
use crate::eventually::{eventually, seconds};
use crate::judge::judge;
use crate::ran::Ran;
use crate::site::{BRIDGE, HOSTS};

pub const RECIPE: &str = include_str!("vm-root.sh");

/// Gives a machine its files: those of the Debian below, its own name and network, and a key to get in.
const FURNISH: &str = r#"
set -eu
mkdir -p "$1/upper/etc/systemd/network" "$1/upper/root/.ssh" "$1/work" "$1/root"
echo "$2" >"$1/upper/etc/hostname"
printf '[Match]\nName=eth0\n[Network]\nAddress=%s\nGateway=%s\nDNS=%s\nIPv6AcceptRA=no\n' "$3" "$4" "$4" \
  >"$1/upper/etc/systemd/network/10-eth0.network"
cp "$5.pub" "$1/upper/root/.ssh/authorized_keys"
chmod 700 "$1/upper/root/.ssh"
mount -t overlay -o "lowerdir=$6,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
"#;

/// Puts what a machine has into a disk, with its services to be started.
const DISK: &str = r#"
set -eu
root=$1 disk=$2
shift 2
chroot "$root" systemctl enable -q "$@" 2>/dev/null
mke2fs -q -t ext4 -d "$root" "$disk" 3G
umount "$root"
"#;

/// Connects a machine to the bridge and runs it, on a processor that is emulated whole.
const BOOT: &str = r#"
set -eu
ip tuntap add dev "$1" mode tap 2>/dev/null || true
ip link set "$1" master "$2" up
exec qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 1024 -nodefaults -display none -no-reboot -serial "file:$4" \
  -kernel "$3"/boot/vmlinuz-* -initrd "$3"/boot/initrd.img-* \
  -append "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet mitigations=off" \
  -drive "file=$5,if=virtio,format=raw,cache=unsafe" \
  -netdev "tap,id=net,ifname=$1,script=no,downscript=no" -device virtio-net-pci,netdev=net,romfile=
"#;

const LOGIN: &[&str] = &[
    "-q",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=10",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    // One login serves all that follows: each takes many seconds of an emulated processor.
    "-o",
    "ControlMaster=auto",
    "-o",
    "ControlPersist=yes",
];

/// The file by which who asks a machine finds who is logged in there.
const CONNECTION: &str = "connection";

pub struct Vm<'c> {
    cluster: &'c Cluster,
    pub name: String,
    address: String,
    root: PathBuf,
    files: PathBuf,
    units: Vec<String>,
    qemu: Option<Child>,
}

/// The folder of the Debian below, which is only ever read.
pub fn root() -> Option<PathBuf> {
    for program in ["qemu-system-x86_64", "mke2fs", "ssh", "ssh-keygen"] {
        judge(program)?;
    }
    debian("vm-", RECIPE)
}

impl<'c> Vm<'c> {
    /// The machine of a host with all of its files and what else is done to them, given their folder at the site; switched
    /// on.
    pub fn started(cluster: &'c Cluster, root: &Path, name: &str, more: impl FnOnce(&str)) -> Self {
        let host = cluster.spec.hosts.iter().find(|host| host.name == name).expect("a host of the cluster");
        let files = cluster.folder.place().join(name);
        fs::create_dir(&files).expect("our own folder");
        let key = files.join("key");
        let mut keygen = judge("ssh-keygen").expect("it was there");
        Ran::of(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key)).exits(0);
        let place = format!("{HOSTS}/{name}");
        let within = format!("{}/{}", host.address, cluster.spec.network.hosts.prefix_len());
        let mut furnish = cluster.site().command();
        furnish.args(["sh", "-c", FURNISH, "sh", &place, name, &within, &cluster.gateway().to_string()]);
        Ran::of(furnish.arg(&key).arg(root)).exits(0);
        let bundle = Bundle::of(&cluster.folder, name);
        let mut tar = cluster.site().command();
        tar.arg("tar");
        let its_root = format!("{place}/root");
        bundle.unpack(&cluster.folder, name, &cluster.out().join(name), tar, &its_root);
        more(&its_root);
        let units: Vec<String> = bundle.units().map(str::to_owned).collect();
        let mut disk = cluster.site().command();
        disk.args(["sh", "-c", DISK, "sh", &its_root]).arg(files.join("disk")).args(&units);
        Ran::of(&mut disk).exits(0);
        let (name, address, root) = (name.to_owned(), host.address.to_string(), root.to_owned());
        let mut vm = Self { cluster, name, address, root, files, units, qemu: None };
        vm.power_on();
        vm
    }

    /// Switches it on, and waits until somebody can log in.
    pub fn power_on(&mut self) {
        let mut boot = self.cluster.site().command();
        boot.args(["sh", "-c", BOOT, "sh", "vm", BRIDGE]).arg(&self.root);
        boot.arg(self.files.join("console")).arg(self.files.join("disk"));
        self.qemu = Some(boot.stdin(Stdio::null()).spawn().expect("nsenter was found"));
        eventually(&format!("{} boots", self.name), seconds(900), || {
            self.ask("true").map_err(|_| fs::read_to_string(self.files.join("console")).unwrap_or_default())
        });
    }

    /// Shuts it down in order, and switches it on again.
    pub fn reboot(&mut self) {
        let _ = self.ask("systemctl poweroff");
        let mut qemu = self.qemu.take().expect("it was on");
        eventually(&format!("{} shuts down", self.name), seconds(300), || match qemu.try_wait() {
            Ok(None) => Err("it still runs".to_owned()),
            _ => Ok(()),
        });
        // Whoever is logged in does not know yet.
        let _ = fs::remove_file(self.files.join(CONNECTION));
        self.power_on();
    }

    /// What runs its arguments there, as one line for a shell.
    fn command(&self) -> Command {
        let mut command = self.cluster.site().command();
        command.args(["timeout", "120", "ssh"]).args(LOGIN).arg("-S").arg(self.files.join(CONNECTION));
        command.arg("-i").arg(self.files.join("key"));
        command.arg(format!("root@{}", self.address));
        command
    }

    /// What a script of the shell prints, provided that all of it succeeds.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        self.ask(script).unwrap_or_else(|refusal| panic!("{}: {script}\n{refusal}", self.name))
    }

    /// What a script of the shell prints, or how it fails.
    pub fn ask(&self, script: &str) -> Result<String, String> {
        let line = format!("sh -euc '{}'", script.replace('\'', r"'\''"));
        let Ran { code, stdout, stderr } = Ran::of(self.command().arg(line));
        if code == Some(0) { Ok(stdout) } else { Err(format!("{stdout}{stderr}")) }
    }
}

impl Drop for Vm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.ask(&format!(
                "systemctl --no-pager --failed; systemctl list-jobs --no-pager; for unit in {}; do echo == $unit; \
                 journalctl --no-pager -q -o cat -n 20 -u $unit | cut -c 1-300; done",
                self.units.join(" ")
            ));
            println!("\n== {}\n{}", self.name, said.unwrap_or_else(|refusal| refusal));
        }
    }
}
