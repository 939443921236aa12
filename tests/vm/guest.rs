//! A machine that runs, asked through ssh; and the end of all that was left running.

#![expect(clippy::disallowed_methods, reason = "tests run other programs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kthw::sys::process::Process;
use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

/// The key that opens every machine of a test.
pub struct Key {
    pub private: PathBuf,
    pub public: String,
}

impl Key {
    /// A new one, or `None` where the programs for it are missing.
    pub fn new(folder: &ClusterFolder) -> Option<Self> {
        judge("ssh")?;
        let private = folder.place().join("key");
        let mut keygen = judge("ssh-keygen")?;
        Ran::of(keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(&private)).result();
        let public = fs::read_to_string(private.with_extension("pub")).expect("a key has two halves");
        Some(Self { private, public: public.trim().to_owned() })
    }
}

/// A machine, by what `kthw vm up` and `status` say to give to ssh.
pub struct Guest<'a> {
    pub key: &'a Key,
    pub ssh: String,
}

impl Guest<'_> {
    /// Runs a script there.
    pub fn run(&self, script: &str) -> Ran {
        let mut ssh = Command::new("ssh");
        ssh.arg("-i").arg(&self.key.private).args(["-F", "/dev/null", "-o", "LogLevel=ERROR"]);
        ssh.args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
        ssh.args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=20"]);
        // One connection for all scripts: an emulated machine takes seconds to agree on a key.
        let connection = self.key.private.with_file_name("ssh-%C");
        ssh.args(["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o"]);
        ssh.arg(format!("ControlPath={}", connection.display()));
        Ran::of(ssh.args(self.ssh.split(' ')).arg(script))
    }

    /// Waits until the machine lets us in and cloud-init has done its work; what that says.
    pub fn wait_for_cloud_init(&self, log: &Path) -> String {
        const PATIENCE: Duration = Duration::from_secs(900);
        let begun = Instant::now();
        loop {
            // 255: ssh itself did not get there.
            let ran = self.run("cloud-init status --wait --long");
            if ran.code != Some(255) {
                return ran.stdout;
            }
            let console = fs::read_to_string(log).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "{}\n{console}", ran.stderr);
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Ends what a failed test leaves running.
pub struct LeftRunning(pub PathBuf);

impl LeftRunning {
    /// Every process that kthw has noted.
    pub fn noted(&self) -> Vec<Process> {
        let hosts = fs::read_dir(self.0.join("hosts")).into_iter().flatten().flatten();
        let notes = hosts.map(|host| host.path().join("process.json"));
        let notes = notes.chain(["switch.json", "gateway.json"].map(|name| self.0.join(name)));
        let texts = notes.filter_map(|note| fs::read_to_string(note).ok());
        let processes = texts.map(|text| {
            let note: Value = serde_json::from_str(&text).expect("a note is JSON");
            let process = note.get("process").unwrap_or(&note).clone();
            serde_json::from_value(process).expect("a note names a process")
        });
        processes.collect()
    }
}

impl Drop for LeftRunning {
    fn drop(&mut self) {
        // A process knows whether its number is still its own.
        self.noted().iter().for_each(Process::kill);
    }
}
