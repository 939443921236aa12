//! A `virsh` of a test's own, which remembers what it is told.

#![expect(clippy::disallowed_methods, reason = "tests write their own programs")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;

/// Each call is a line of its log. What is defined is a file of its UUID that holds its name; a domain or network runs
/// while it has another such file. As with libvirt, nothing is defined under a name that something else has. A command
/// that is to fail does.
const VIRSH: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
[ "$1 $2" = "--connect qemu:///system" ] || exit 9
shift 2
echo "$*" >> log
if [ -e "fails-$1" ] || [ -e "fails-$1-$2" ]; then echo "error: $1 is not possible today" >&2; exit 1; fi
field() { sed -n "s|.*<$1>\(.*\)</$1>.*|\1|p" "$2" | head -n 1; }
named() { grep -lx "$2" "$1"/* 2> /dev/null | sed 's|.*/||'; }
define() {
    name=$(field name "$2") uuid=$(field uuid "$2")
    other=$(named "$1" "$name")
    if [ -n "$other" ] && [ "$other" != "$uuid" ]; then echo "error: $name is $other" >&2; exit 1; fi
    echo "$name" > "$1/$uuid"
}
case "$*" in
uri) echo qemu:///system ;;
"net-list --all --name") cat nets/* 2> /dev/null ;;
"net-list --name") cat active/* 2> /dev/null ;;
net-uuid*) named nets "$2" ;;
net-define*) define nets "$2" ;;
net-start*) cp "nets/$(named nets "$2")" active/ ;;
"list --all --name") cat defined/* 2> /dev/null ;;
"list --all --uuid") ls defined ;;
"list --uuid") ls running ;;
domuuid*) named defined "$2" ;;
define*) define defined "$2" ;;
undefine*) rm "defined/$2" ;;
start*) cp "defined/$2" running/ ;;
shutdown*) rm "running/$2" ;;
*) echo "error: $* is not known" >&2; exit 1 ;;
esac
exit 0
"#;

pub struct Virsh {
    folder: PathBuf,
}

impl Virsh {
    pub fn new(cluster: &ClusterFolder) -> Self {
        let folder = cluster.place().join("virsh");
        for name in ["nets", "active", "defined", "running"] {
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
        let questions = ["uri", "net-list", "net-uuid", "list", "domuuid"];
        let told =
            text.lines().filter(|line| !questions.contains(&line.split(' ').next().unwrap_or_default()));
        told.map(|line| format!("{line}\n")).collect()
    }

    /// Has it know a domain or a network that somebody else defined.
    pub fn defined(&self, kind: &str, name: &str) {
        let place = self.folder.join(kind).join("11111111-2222-3333-4444-555555555555");
        fs::write(place, format!("{name}\n")).expect("our own folder");
    }

    /// Has it know nothing of that any more.
    pub fn forget(&self, kind: &str) {
        let place = self.folder.join(kind).join("11111111-2222-3333-4444-555555555555");
        fs::remove_file(place).expect("it was written");
    }

    /// The names of the domains that run.
    pub fn running(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.join("running")).expect("our own folder");
        let names = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a name"));
        let mut names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        names.sort();
        names
    }

    /// Has one of its commands fail from now on, or a command of one UUID: `shutdown-UUID`.
    pub fn fail(&self, command: &str) {
        fs::write(self.folder.join(format!("fails-{command}")), "").expect("our own folder");
    }
}
