//! A real etcd, started as its unit starts it, with the certificates of the cluster.

use crate::cluster_folder::ClusterFolder;
use crate::elsewhere;
use crate::host_tree::HostTree;
use crate::judge::{judge, own_network};
use crate::mirror::{mirror, pinned_urls};
use crate::ran::Ran;

/// The series that Debian has.
const VERSION: &str = "3.4.23";

/// Starts the etcd of the arguments at its address and asks it questions as various clients.
const SCRIPT: &str = r#"
set -u
ip link set lo up && ip address add 10.0.0.4/24 dev lo || exit 1
# It may write its data and to a disk, and nowhere else.
var=$1; shift
mkdir -p $var/lib $var/disk && mount --bind $var $var || exit 1
mount -t tmpfs lib $var/lib && mount -t tmpfs disk $var/disk && mount -o remount,bind,ro $var || exit 1
"$@" >etcd.log 2>&1 &
etcd=$!
trap 'kill $etcd; wait $etcd' EXIT
ask() { etcdctl --endpoints=https://10.0.0.4:2379 --dial-timeout=2s --command-timeout=2s "$@" 2>&1; }
peer() { ask --cacert=etcd/ca.crt --cert="$1.crt" --key="$1.key" "${@:2}"; }
tries=0
until peer etcd/healthcheck-client endpoint health >answer; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $etcd; then cat answer etcd.log; exit 1; fi
  sleep 0.1
done
echo "health check: $(peer etcd/healthcheck-client endpoint health | grep -o 'is healthy')"
echo "API server writes: $(peer apiserver-etcd-client put /registry/x y)"
echo "API server reads: $(peer apiserver-etcd-client get /registry/x --print-value-only)"
# Each asks until its time is over, so all of them ask at once.
pids=()
refused() { if "${@:3}" >/dev/null; then echo "$2: ACCEPTED"; else echo "$2: refused"; fi >refused-$1 & pids+=($!); }
refused 1 "no certificate" ask --cacert=etcd/ca.crt endpoint health
refused 2 "certificate of the cluster's authority" peer apiserver-kubelet-client endpoint health
refused 3 "server under another authority" ask --cacert=ca.crt --cert=apiserver-etcd-client.crt --key=apiserver-etcd-client.key endpoint health
refused 4 "no TLS" etcdctl --endpoints=http://10.0.0.4:2379 --command-timeout=2s endpoint health
wait "${pids[@]}"
cat refused-*
echo "afterwards: $(peer etcd/healthcheck-client endpoint health | grep -o 'is healthy')"
"#;

#[test]
fn it_answers_over_mutual_tls_and_refuses_everyone_else() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    answers_its_own_alone(&folder);
}

/// Both authorities come from one root, whose other clients are nobody to etcd.
#[test]
fn it_does_so_with_authorities_that_were_made_elsewhere() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    if elsewhere::import(&folder).is_none() {
        return;
    }
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + elsewhere::PKI));
    answers_its_own_alone(&folder);
}

/// A disk is mounted at a folder that etcd can neither remove nor rename.
#[test]
fn it_does_so_with_its_log_on_a_disk_of_its_own() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    folder.edit("cluster.yaml", "hosts:\n", "etcd: {walDir: /var/disk}\nhosts:\n");
    answers_its_own_alone(&folder);
}

#[track_caller]
fn answers_its_own_alone(folder: &ClusterFolder) {
    let (Some(mut network), Some(etcd), Some(_)) = (own_network(), judge("etcd"), judge("etcdctl")) else {
        return;
    };
    let Some(bash) = judge("bash") else { return };
    let newer = pinned_urls(folder);
    folder.edit("cluster.yaml", "  kubernetes: 1.35.1", &format!("  kubernetes: 1.35.1\n  etcd: {VERSION}"));
    let older: Vec<String> = newer.iter().map(|url| url.replace("3.6.14", VERSION)).collect();
    let mirror = mirror(folder, older.iter().map(String::as_str));
    folder.kthw(&["lock", "--accept-unpublished", "--mirror", &mirror]).exits(0);
    let tree = HostTree::of(folder, "control-plane-1");
    let line = tree.command_line("etcd.service");
    network.arg("--mount").arg(bash.get_program()).args(["-c", SCRIPT, "bash"]).arg(tree.at("/var"));
    network.arg(etcd.get_program()).args(&line[1..]);
    let said = Ran::of(network.current_dir(tree.at("/etc/kubernetes/pki"))).result();
    insta::allow_duplicates! { insta::assert_snapshot!(said, @"
    health check: is healthy
    API server writes: OK
    API server reads: y
    no certificate: refused
    certificate of the cluster's authority: refused
    server under another authority: refused
    no TLS: refused
    afterwards: is healthy
    ") }
    let log = tree.read("/etc/kubernetes/pki/etcd.log");
    for reason in ["client didn't provide a certificate", "certificate signed by unknown authority"] {
        assert!(log.contains(reason), "no {reason} in\n{log}");
    }
    // Its own gateway is a client that it has to accept.
    assert!(!log.contains("incompatible key usage"), "{log}");
}
