//! A QEMU of a test's own, which takes commands and runs no machine.

#![expect(clippy::disallowed_methods, reason = "tests write their own programs")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

/// Each start is a line of its log. Whoever is to fail says why, and ends.
const QEMU: &str = r#"
import json, os, socket, sys
here, words = os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]
if words == ["--version"]:
    sys.exit()
after = lambda option: words[words.index(option) + 1]
name = after("-name") if "-name" in words else "gateway"
with open(f"{here}/log", "a") as log:
    log.write(f"{name} {os.getpid()}\n")
if os.path.exists(f"{here}/fails-{name}"):
    sys.exit(f"{name} is too large")
path = after("-qmp").removeprefix("unix:").split(",")[0]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen()
while True:
    talk = server.accept()[0].makefile("rw")
    print('{"QMP": {}}', file=talk, flush=True)
    for line in talk:
        print('{"return": {}}', file=talk, flush=True)
        if json.loads(line)["execute"] == "system_powerdown":
            sys.exit()
"#;

pub struct StandIn {
    folder: PathBuf,
}

impl StandIn {
    /// One for both architectures, or `None` where there is no Python.
    pub fn new(cluster: &ClusterFolder) -> Option<Self> {
        // What is found by name may be a script that needs others.
        let python = Ran::of(judge("python3")?.args(["-c", "import sys; print(sys.executable)"])).result();
        let folder = cluster.place().join("qemu");
        fs::create_dir(&folder).expect("our own folder");
        let text = format!("#!{}\n{QEMU}", python.trim());
        for arch in ["x86_64", "aarch64"] {
            let program = folder.join(format!("qemu-system-{arch}"));
            fs::write(&program, &text).expect("our own folder");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("our own file");
        }
        Some(Self { folder })
    }

    /// `kthw` where this is QEMU, and there is no libvirt.
    pub fn command(&self, cluster: &ClusterFolder, args: &[&str]) -> Command {
        let mut command = cluster.command(args);
        command.env("PATH", &self.folder);
        command
    }

    pub fn kthw(&self, cluster: &ClusterFolder, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(cluster, args))
    }

    /// Whatever was started, in order.
    pub fn started(&self) -> Vec<String> {
        self.log().into_iter().map(|(name, _)| name).collect()
    }

    /// Whatever was started and runs still.
    pub fn running(&self) -> Vec<String> {
        let is_running = |pid: &str| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*self.folder.to_string_lossy())
        };
        self.log().into_iter().filter(|(_, pid)| is_running(pid)).map(|(name, _)| name).collect()
    }

    /// Has there be no QEMU.
    pub fn uninstall(&self) {
        for program in fs::read_dir(&self.folder).expect("our own folder") {
            fs::remove_file(program.expect("a file").path()).expect("our own file");
        }
    }

    /// Has a machine not start from now on, or start again.
    pub fn fail(&self, name: &str, fails: bool) {
        let place = self.folder.join(format!("fails-{name}"));
        if fails { fs::write(place, "") } else { fs::remove_file(place) }.expect("our own folder");
    }

    fn log(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines = text.lines().map(|line| line.split_once(' ').expect("a name and a number"));
        lines.map(|(name, pid)| (name.to_owned(), pid.to_owned())).collect()
    }
}
