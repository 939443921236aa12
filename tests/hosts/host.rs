//! One host: a machine that is switched on and off, and runs what it is told.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use ipnet::IpNet;

use crate::eventually::{eventually, provided, seconds};
use crate::ran::Ran;
use crate::site::{BRIDGE, HOSTS, Site};

/// Gives a host its files: those of the Debian below, and its own name, identity and network above.
const FURNISH: &str = r#"
set -eu
mkdir -p "$1/upper/etc/systemd/network" "$1/work" "$1/root"
echo "$2" >"$1/upper/etc/hostname"
tr -d - </proc/sys/kernel/random/uuid >"$1/upper/etc/machine-id"
printf '[Match]\nName=host0\n[Network]\nAddress=%s\nGateway=%s\nIPv6AcceptRA=no\n' "$3" "$4" >"$1/upper/etc/systemd/network/10-host0.network"
mount -t overlay -o "lowerdir=$5,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
"#;

/// Boots a host in control groups of its own, since two systemds in one take each other's processes for theirs.
const BOOT: &str = r#"
set -eu
for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -e "$root/cgroup.procs" ] || continue
  mkdir -p "$root/$1/$2"
  echo 0 >"$root/$1/$2/cgroup.procs"
done
exec systemd-nspawn --quiet --directory="$3" --machine="$2" --boot --register=no --keep-unit \
  --network-bridge="$4" --console=pipe
"#;

pub struct Host {
    pub name: String,
    pub address: IpAddr,
    site: Arc<Site>,
    power: Mutex<Option<Power>>,
}

/// A machine that is on.
struct Power {
    nspawn: Child,
    /// Its first process.
    leader: u32,
}

impl Host {
    /// A host with nothing on it but Debian, switched off. Its gateway is the site's own address.
    pub fn bare(site: Arc<Site>, root: &Path, name: &str, address: IpNet, gateway: IpAddr) -> Self {
        let mut furnish = site.command();
        furnish.args(["sh", "-c", FURNISH, "sh", &format!("{HOSTS}/{name}"), name]);
        Ran::of(furnish.args([address.to_string(), gateway.to_string()]).arg(root)).exits(0);
        Self { name: name.to_owned(), address: address.addr(), site, power: Mutex::new(None) }
    }

    /// Switches it on, and waits until its systemd answers.
    pub fn power_on(&self) {
        let mut power = self.power.lock().expect("one user at a time");
        assert!(power.is_none(), "{} is on", self.name);
        let mut boot = self.site.command();
        boot.args(["sh", "-c", BOOT, "sh", &self.site.name(), &self.name]);
        boot.args([&self.root(), BRIDGE]);
        boot.env("SYSTEMD_LOG_LEVEL", "err");
        let nspawn = boot.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("nsenter was found");
        let leader = eventually(&format!("{} has a first process", self.name), seconds(30), || {
            first_process(nspawn.id()).ok_or_else(|| "systemd-nspawn has not got that far".to_owned())
        });
        *power = Some(Power { nspawn, leader });
        drop(power);
        eventually(&format!("{} boots", self.name), seconds(60), || {
            let state = self.ask("systemctl is-system-running || true")?;
            provided(["starting", "running", "degraded"].contains(&state.trim()), state)
        });
    }

    /// Shuts it down in order.
    pub fn power_off(&self) {
        let _ = self.ask("systemctl poweroff");
        let mut power = self.power.lock().expect("one user at a time");
        let nspawn = &mut power.as_mut().unwrap_or_else(|| panic!("{} is off", self.name)).nspawn;
        eventually(&format!("{} shuts down", self.name), seconds(120), || match nspawn.try_wait() {
            Ok(None) => Err("it still runs".to_owned()),
            _ => Ok(()),
        });
        *power = None;
    }

    /// Takes its power away.
    pub fn cut_power(&self) {
        let power = self.power.lock().expect("one user at a time").take();
        let mut power = power.unwrap_or_else(|| panic!("{} is off", self.name));
        Ran::of(Command::new("kill").args(["-9", &power.leader.to_string()])).exits(0);
        power.nspawn.wait().expect("a child of ours");
    }

    /// The folder of its files, at the site.
    pub fn root(&self) -> String {
        format!("{HOSTS}/{}/root", self.name)
    }

    /// The URL of a port of it, by its address.
    pub fn url(&self, port: u16) -> String {
        format!("https://{}", SocketAddr::new(self.address, port))
    }

    pub fn is_on(&self) -> bool {
        self.power.lock().expect("one user at a time").is_some()
    }

    /// Its first process, as this machine sees it.
    pub fn leader(&self) -> u32 {
        let power = self.power.lock().expect("one user at a time");
        power.as_ref().unwrap_or_else(|| panic!("{} is off", self.name)).leader
    }

    /// What runs its arguments on the host, with nothing from the environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args(["300", "nsenter", "--target", &self.leader().to_string(), "--all", "--"]);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", "/root");
        command
    }

    /// What a script of the shell prints, provided that all of it succeeds.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        self.ask(script).unwrap_or_else(|refusal| panic!("{}: {script}\n{refusal}", self.name))
    }

    /// Writes a file of it.
    pub fn write(&self, path: &str, text: &str) {
        let mut tee = self.command().args(["tee", path]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        let tee = tee.as_mut().expect("nsenter was found");
        tee.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the host takes all of it");
        assert!(tee.wait().expect("a child of ours").success(), "{}: {path} cannot be written", self.name);
    }

    /// What a script of the shell prints, or how it fails.
    pub fn ask(&self, script: &str) -> Result<String, String> {
        let Ran { code, stdout, stderr } = Ran::of(self.command().args(["sh", "-euc", script]));
        if code == Some(0) { Ok(stdout) } else { Err(format!("{stdout}{stderr}")) }
    }
}

/// The first process of the namespace that is made somewhere below a process.
fn first_process(pid: u32) -> Option<u32> {
    let below = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    below.split_whitespace().find_map(|child| {
        let status = fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
        let is_first = numbers.split_whitespace().last() == Some("1");
        let child = child.parse().ok()?;
        if is_first { Some(child) } else { first_process(child) }
    })
}
