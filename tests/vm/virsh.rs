//! A `virsh` of a test's own, which remembers what it is told.

#![expect(clippy::disallowed_methods, reason = "tests write their own programs")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;

/// Each call is a line of its log. A domain or network runs while a file of its name is there, and one that is to
/// fail does.
const VIRSH: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
[ "$1 $2" = "--connect qemu:///system" ] || exit 9
shift 2
echo "$*" >> log
if [ -e "fails-$1" ]; then echo "error: $1 is not possible today" >&2; exit 1; fi
case "$1" in
uri) echo qemu:///system ;;
net-list) ls networks ;;
net-start) touch "networks/$2" ;;
list) if [ "$2" = --all ]; then ls defined; else ls running; fi ;;
define) touch "defined/$(sed -n 's|.*<name>\(.*\)</name>.*|\1|p' "$2")" ;;
undefine) rm "defined/$2" ;;
start) touch "running/$2" ;;
shutdown) rm "running/$2" ;;
esac
"#;

pub struct Virsh {
    folder: PathBuf,
}

impl Virsh {
    pub fn new(cluster: &ClusterFolder) -> Self {
        let folder = cluster.place().join("virsh");
        for name in ["networks", "defined", "running"] {
            fs::create_dir_all(folder.join(name)).expect("our own folder");
        }
        let program = folder.join("virsh");
        fs::write(&program, VIRSH).expect("our own folder");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("our own file");
        Self { folder }
    }

    /// Runs `kthw` where this is virsh.
    pub fn kthw(&self, cluster: &ClusterFolder, args: &[&str]) -> Ran {
        let path = format!("{}:/usr/bin:/bin", self.folder.display());
        Ran::of(cluster.command(args).env("PATH", path))
    }

    /// What it was told since it was last asked; questions left out.
    pub fn told(&self) -> String {
        let log = self.folder.join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        fs::write(log, "").expect("our own file");
        let questions = ["uri", "net-list", "list"];
        let told =
            text.lines().filter(|line| !questions.contains(&line.split(' ').next().unwrap_or_default()));
        told.map(|line| format!("{line}\n")).collect()
    }

    /// Has one of its commands fail from now on.
    pub fn fail(&self, command: &str) {
        fs::write(self.folder.join(format!("fails-{command}")), "").expect("our own folder");
    }
}
