//! Three real members of etcd, started as their units start them: they elect a leader, survive the loss of one, and
//! refuse strangers.

use std::path::Path;

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::{judge, own_network};
use crate::mirror::{mirror, pinned_urls};
use crate::ran::Ran;

/// The series that Debian has.
const VERSION: &str = "3.4.23";

/// Starts the members whose command lines are in the files `member-0` to `member-2`, and asks them in their network.
const SCRIPT: &str = r#"
set -u
etcd=$1 hosts=$2 pki=$2/controller-0/etc/kubernetes/pki
ip link set lo up && ip link add bridge type bridge && ip address add 10.240.0.1/24 dev bridge && ip link set bridge up || exit 1
# A host of its own for each: etcd insists that a peer's certificate names the address that it comes from.
host='
address=$1
until ip link set eth0 up 2>/dev/null; do sleep 0.05; done
ip link set lo up && ip address add $address/24 dev eth0 && exec "${@:2}"'
declare -A pids
for i in 0 1 2; do
  mapfile -t line <member-$i
  unshare --net bash -c "$host" bash 10.240.0.1$i "$etcd" "${line[@]}" >etcd-$i.log 2>&1 &
  pids[10.240.0.1$i]=$!
  until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
  ip link add host-$i type veth peer name eth0 netns $! && ip link set host-$i master bridge up || exit 1
done
trap 'kill "${pids[@]}" 2>/dev/null; wait' EXIT
ask() {
  etcdctl --endpoints=$1 --dial-timeout=2s --command-timeout=3s --cacert=$pki/etcd/ca.crt \
    --cert="$pki/$2.crt" --key="$pki/$2.key" "${@:3}" 2>&1
}
patiently() {
  for _ in $(seq 30); do "$@" >answer && return 0; sleep 0.2; done
  echo "in vain: $*"; tail -n 5 answer etcd-*.log; exit 1
}
all=https://10.240.0.10:2379,https://10.240.0.11:2379,https://10.240.0.12:2379
patiently ask $all etcd/healthcheck-client endpoint health
echo "healthy: $(ask $all etcd/healthcheck-client endpoint health | grep -c 'is healthy')"
status() { ask $1 etcd/healthcheck-client endpoint status; }
leader() { status $1 | awk -F', ' '$5 == "true" {print $1}'; }
echo "leaders: $(leader $all | wc -l)"
echo "members: $(ask $all apiserver-etcd-client member list | awk -F', ' '{print $2, $3}' | sort | paste -sd' ')"
echo "write: $(ask $all apiserver-etcd-client put /registry/x before)"

lost=$(leader $all)
lost=${lost#https://} lost=${lost%:2379}
kill -9 ${pids[$lost]} && wait ${pids[$lost]} 2>/dev/null
unset "pids[$lost]"
rest=$(echo $all | tr ',' '\n' | grep -v "//$lost:" | paste -sd,)
patiently ask $rest apiserver-etcd-client put /registry/x after
echo "without the leader: $(leader $rest | wc -l) leader, $(ask $rest apiserver-etcd-client get /registry/x --print-value-only)"

try() { if "${@:2}" >answer 2>&1; then echo "$1: welcome"; else echo "$1: refused"; fi; }
first=${rest%%,*} second=${rest##*,}
try "client of the cluster's authority" ask $first apiserver-kubelet-client endpoint health
host=${second#https://} host=${host%:2379}
peer() {
  key=; [ "$1" = none ] || key="--cert $1.crt --key $1.key"
  nsenter --net=/proc/${pids[$host]}/ns/net \
    curl --http1.1 --silent --fail --max-time 3 --cacert $pki/etcd/ca.crt $key ${first%:2379}:2380/members
}
try "peer" peer $hosts/controller-${host: -1}/etc/kubernetes/pki/etcd/peer
try "peer with another's certificate" peer $hosts/controller-$(((${host: -1} + 1) % 3))/etc/kubernetes/pki/etcd/peer
try "peer of the cluster's authority" peer $pki/apiserver-kubelet-client
try "peer without a certificate" peer none
"#;

#[test]
fn three_members_survive_the_loss_of_their_leader_and_refuse_strangers() {
    let (Some(mut network), Some(etcd), Some(_)) = (own_network(), judge("etcd"), judge("etcdctl")) else {
        return;
    };
    let (Some(bash), Some(_), Some(_)) = (judge("bash"), judge("curl"), judge("nsenter")) else { return };
    let folder = ClusterFolder::empty();
    folder.kthw(&["init", "--preset", "ha-haproxy"]).exits(0);
    let newer = pinned_urls(&folder);
    folder.edit("cluster.yaml", "  kubernetes: 1.36.1", &format!("  kubernetes: 1.36.1\n  etcd: {VERSION}"));
    let older: Vec<String> = newer.iter().map(|url| url.replace("3.6.14", VERSION)).collect();
    let mirror = mirror(&folder, older.iter().map(String::as_str));
    folder.kthw(&["lock", "--accept-unpublished", "--mirror", &mirror]).exits(0);
    let mut hosts = None;
    for member in 0..3 {
        let tree = HostTree::of(&folder, &format!("controller-{member}"));
        let line = tree.command_line("etcd.service")[1..].join("\n") + "\n";
        folder.write(&format!("member-{member}"), &line);
        hosts = tree.root().parent().map(Path::to_path_buf);
    }
    network.arg(bash.get_program()).args(["-c", SCRIPT, "bash"]).arg(etcd.get_program());
    let said = Ran::of(network.args(hosts).current_dir(folder.path())).result();
    insta::assert_snapshot!(said, @"
    healthy: 3
    leaders: 1
    members: started controller-0 started controller-1 started controller-2
    write: OK
    without the leader: 1 leader, after
    client of the cluster's authority: refused
    peer: welcome
    peer with another's certificate: refused
    peer of the cluster's authority: refused
    peer without a certificate: refused
    ");
}
