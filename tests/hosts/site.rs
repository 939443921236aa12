//! A site: namespaces and a bridge of a test's own, in which its hosts stand and which end with the test.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ipnet::IpNet;

use crate::judge::{judge, miss};
use crate::ran::Ran;

/// The folder of the hosts' files, in memory.
pub const HOSTS: &str = "/run/hosts";

pub const BRIDGE: &str = "hosts";

/// The first process of the namespaces. Everything in them ends with it, and it ends when its input does: the kernel
/// closes that however the test ends.
const INIT: &str = r#"
set -eu
read -r pid rest </proc/self/stat
mount -t proc proc /proc
mount -t tmpfs -o mode=755 hosts /run
# One user has all inotify instances of all hosts, and each control plane wants about thirty.
inotify=/proc/sys/fs/inotify/max_user_instances
[ "$(cat $inotify)" -ge 4096 ] || echo 4096 >$inotify
mkdir /run/hosts /run/lock
ip link set lo up
ip link add "$1" type bridge
ip link set "$1" up
ip address add "$2" dev "$1"
echo "$pid"
exec cat >/dev/null
"#;

/// Waits for the namespaces to end, and removes what of them outlives every process: control groups,
/// and the test's folder.
const WARDEN: &str = r#"
folder=$1
shift
unshare --pid --fork --kill-child --mount --propagation private --net --uts --ipc sh -c "$@"
for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  for attempt in $(seq 100); do
    [ -d "$root/kthw-hosts-$$" ] || break
    find "$root/kthw-hosts-$$" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
done
rm -rf "$folder"
"#;

/// One site, until it is dropped.
pub struct Site {
    warden: Child,
    init: u32,
}

impl Site {
    /// A site whose own address, on the bridge, is this one, and with which this folder goes.
    pub fn new(address: IpNet, folder: &Path) -> Option<Self> {
        for program in ["ip", "nsenter", "systemd-nspawn", "timeout"] {
            judge(program)?;
        }
        let right = ["--pid", "--fork", "--mount", "--net", "true"];
        if Ran::of(judge("unshare")?.args(right)).code != Some(0) {
            miss("right to make namespaces");
            return None;
        }
        let mut warden = Command::new("sh")
            .args(["-c", WARDEN, "sh"])
            .arg(folder)
            .args([INIT, "sh", BRIDGE, &address.to_string()])
            // Interrupts of a terminal are for the test.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut ready = String::new();
        BufReader::new(warden.stdout.take().expect("a pipe")).read_line(&mut ready).expect("a line");
        let init = ready.trim().parse().unwrap_or_else(|_| panic!("the site is not ready: {ready:?}"));
        Some(Self { warden, init })
    }

    /// What runs its arguments at the site, beside the hosts and in none of them.
    pub fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        let namespaces = ["--mount", "--pid", "--net", "--uts", "--ipc"];
        command.args(["--target", &self.init.to_string()]).args(namespaces).process_group(0);
        command
    }

    /// The process that everything at the site ends with.
    pub fn init(&self) -> u32 {
        self.init
    }

    /// What its control groups are called, as nothing else is.
    pub fn name(&self) -> String {
        format!("kthw-hosts-{}", self.warden.id())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.warden.stdin.take());
        let _ = self.warden.wait();
    }
}
