//! However a test ends, nothing of its hosts is left behind.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cluster::Cluster;
use crate::cluster_folder::ClusterFolder;
use crate::eventually::{eventually, provided, seconds};

/// How the test that is killed says what is to go with it: processes whose namespaces are its own, and folders.
const STANDS: &str = "stands: ";

const CONTROL_GROUPS: &[&str] = &["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

#[test]
#[ignore = "it is started to be killed, by the test below"]
fn a_host_that_stands_until_its_test_is_killed() {
    let folder = ClusterFolder::single();
    let place = folder.place().to_owned();
    let Some(cluster) = Cluster::bare(folder) else { return };
    let leader = cluster.hosts[0].leader();
    println!("{STANDS}{} {leader} {} {}", cluster.site().init(), cluster.site().name(), place.display());
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_test_leaves_nothing_behind() {
    let mut run = Command::new(std::env::current_exe().expect("this program is a file"))
        .args([
            "--exact",
            "left_behind::a_host_that_stands_until_its_test_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program runs");
    let mut lines = BufReader::new(run.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let Some(line) = lines.by_ref().find(|line| line.contains(STANDS) || line.starts_with("skipped: "))
    else {
        panic!("{:?}", run.wait());
    };
    let Some((_, what)) = line.split_once(STANDS) else {
        println!("{line}");
        run.wait().expect("a child of ours");
        return;
    };
    let [init, leader, name, place] = what.split(' ').collect::<Vec<_>>()[..] else { panic!("{what}") };
    let namespaces: BTreeSet<PathBuf> = [init, leader].iter().flat_map(|pid| namespaces(pid)).collect();
    let control_groups =
        || CONTROL_GROUPS.iter().map(|root| Path::new(root).join(name)).filter(|p| p.exists());
    assert!(processes_in(&namespaces).len() > 5 && control_groups().count() > 0 && Path::new(place).exists());

    run.kill().expect("a child of ours");
    assert_eq!(run.wait().expect("a child of ours").signal(), Some(9));
    eventually("nothing is left of the hosts", seconds(30), || {
        let left =
            (processes_in(&namespaces), control_groups().collect::<Vec<_>>(), Path::new(place).exists());
        provided(left.0.is_empty() && left.1.is_empty() && !left.2, format!("{left:?}"))
    });
}

/// The namespaces of a process that this test is not in itself.
fn namespaces(pid: &str) -> Vec<PathBuf> {
    let of = |pid: &str, kind: &str| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok();
    let own = |kind: &&str| of(pid, kind).filter(|namespace| Some(namespace) != of("self", kind).as_ref());
    ["mnt", "net", "pid", "uts", "ipc"].iter().filter_map(own).collect()
}

/// The processes that are in one of these namespaces.
fn processes_in(namespaces: &BTreeSet<PathBuf>) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("processes can be listed");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let pids = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    pids.filter(|pid| self::namespaces(pid).iter().any(|one| namespaces.contains(one))).collect()
}
