//! Copies of a real etcd: taken, forgotten, and restored from, by the scripts that hosts will run.

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::{judge, own_network};
use crate::mirror::{mirror, pinned_urls};
use crate::ran::Ran;

/// The series that Debian has.
const VERSION: &str = "3.4.23";

/// Starts the etcd of the arguments, and goes through what happens to its copies.
const SCRIPT: &str = r#"
set -u
ip link set lo up && ip address add 10.0.0.4/24 dev lo || exit 1
start() { "$@" >>etcd.log 2>&1 & etcd=$!; }
trap 'kill $etcd; wait $etcd' EXIT
. ./environment
well() {
  tries=0
  until etcdctl --command-timeout=2s endpoint health >answer 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $etcd; then cat answer etcd.log; exit 1; fi
    sleep 0.1
  done
}
backup() { if ./etcd-backup "--layer=$1" >said 2>&1; then echo "$1: done"; else echo "$1: failed"; fi; }
count() { ls "copies/$1" | wc -l; }

start "$@"; well
etcdctl put greeting hello >/dev/null
backup frequent
backup daily
backup configuration
backup yearly
echo "copies: $(count frequent) $(count daily) $(count configuration), mode $(stat -c %a copies/*/* | sort -u)"
echo "the archive holds: $(tar -tzf copies/configuration/* | grep -o 'etc/kubernetes/pki/etcd/server.key')"
echo "taken away: $(sed 's/-.*//' taken | sort | uniq -c | xargs)"

# One is young, one is too old.
young=copies/frequent/etcd-young.db old=copies/frequent/etcd-old.db
touch -d '-47 hours' $young; touch -d '-49 hours' $old
kill $etcd; wait $etcd
backup frequent
echo "without an etcd nothing is forgotten: $(ls $old) $(ls -A copies/frequent | grep -c partial)"
start "$@"; well
backup frequent
echo "with a newer copy the old one is: $(ls copies/frequent | grep -c old), the young one $(ls copies/frequent | grep -c young)"

etcdctl put greeting lost >/dev/null
if ./etcd-defragmentation >said 2>&1; then echo "defragmented by one: $(grep -c Finished said)"; else echo "not defragmented"; cat said; fi

# Until nothing more can be written.
kill $etcd; wait $etcd
start "$@" --quota-backend-bytes=500000; well
while head -c 60000 /dev/zero | base64 -w 0 | etcdctl put ballast >/dev/null 2>&1; do :; done
echo "the quota is full: $(etcdctl alarm list | grep -o NOSPACE)"
backup frequent
rm copies/frequent/*
etcdctl compact "$(etcdctl get ballast --write-out=fields | sed -n 's/^"Revision" : //p')" >/dev/null
if ./etcd-defragmentation >said 2>&1; then echo "defragmented without a lock: $(grep -c Finished said)"; else cat said; fi
etcdctl alarm disarm >/dev/null
etcdctl put ballast nothing

kill $etcd; wait $etcd
first=$(ls copies/daily/*)
restore "$first" || exit 1
start "${@/%\/var\/lib\/etcd/\/var\/lib\/restored}"; well
echo "restored: $(etcdctl get greeting --print-value-only)"
"#;

/// A cluster whose etcd is of Debian's series, with copies.
fn folder() -> ClusterFolder {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    let newer = pinned_urls(&folder);
    folder.edit("cluster.yaml", "  kubernetes: 1.35.1", &format!("  kubernetes: 1.35.1\n  etcd: {VERSION}"));
    let section = "etcd:\n  defragmentation: {schedule: Sat 03:00}\n  backup: {offSite: {command: /usr/local/bin/take-away}}\n";
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + section));
    let older: Vec<String> = newer.iter().map(|url| url.replace("3.6.14", VERSION)).collect();
    let mirror = mirror(&folder, older.iter().map(String::as_str));
    folder.kthw(&["lock", "--accept-unpublished", "--mirror", &mirror]).exits(0);
    folder
}

#[test]
fn etcd_is_copied_defragmented_and_restored() {
    let (Some(mut network), Some(etcd), Some(_)) = (own_network(), judge("etcd"), judge("etcdctl")) else {
        return;
    };
    let Some(bash) = judge("bash") else { return };
    let folder = folder();
    let tree = HostTree::of(&folder, "control-plane-1");
    assert!(!tree.files.contains_key("/usr/local/bin/etcdutl"), "etcd has it since 3.5");
    let root = tree.root().to_str().expect("plain names");
    for name in ["etcd-backup", "etcd-defragmentation"] {
        let script = tree.read(&format!("/usr/local/sbin/{name}"));
        let moved = script
            .replace("=/etc/", &format!("={root}/etc/"))
            .replace("-C / etc", &format!("-C {root} etc"))
            .replace("=/var/backups/kthw", "=copies")
            .replace("/usr/local/bin/take-away", "./take-away");
        tree.program(name, &moved);
    }
    tree.program("take-away", "#!/bin/sh\nbasename \"$1\" >> taken\n");
    let exports = tree.read("etcd-defragmentation");
    let exports = exports.lines().filter(|line| line.starts_with("export "));
    tree.place("environment", &(exports.collect::<Vec<_>>().join("\n") + "\n"));
    let line = tree.command_line("etcd.service");
    let of = |flag: &str| line.iter().find(|word| word.starts_with(flag)).expect("a flag of etcd").clone();
    let restore = format!(
        "restore() {{ etcdctl snapshot restore \"$1\" --data-dir={root}/var/lib/restored {} {} {} {} >said 2>&1; }}\n",
        of("--name="),
        of("--initial-cluster="),
        of("--initial-cluster-token="),
        of("--initial-advertise-peer-urls="),
    );
    let script = restore + SCRIPT;
    network.arg(bash.get_program()).args(["-c", &script, "bash"]).arg(etcd.get_program()).args(&line[1..]);
    let said = Ran::of(network.current_dir(tree.root())).result();
    insta::assert_snapshot!(said, @"
    frequent: done
    daily: done
    configuration: done
    yearly: failed
    copies: 1 1 1, mode 600
    the archive holds: etc/kubernetes/pki/etcd/server.key
    taken away: 2 etcd
    frequent: failed
    without an etcd nothing is forgotten: copies/frequent/etcd-old.db 0
    frequent: done
    with a newer copy the old one is: 0, the young one 1
    defragmented by one: 1
    the quota is full: NOSPACE
    frequent: done
    defragmented without a lock: 1
    OK
    restored: hello
    ");
}
