//! Strangers speak TLS with the cluster's certificates: openssl serves, openssl and kubectl ask.

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::{judge, own_network};
use crate::ran::Ran;

/// A server that insists on a client certificate, and who asks it: `SERVER NAME CLIENT…`. The first client is known
/// to be welcome.
const SCRIPT: &str = r#"
set -u
ip link set lo up && ip address add 10.0.0.4/24 dev lo || exit 1
server=$1 clients=$2 name=$3
openssl s_server -accept 10.0.0.4:6443 -cert $server.crt -key $server.key -CAfile $clients \
  -Verify 1 -verify_return_error -strict -x509_strict -quiet -www >server.log 2>&1 &
pid=$!
trap 'kill $pid' EXIT
ask() {
  key=; [ "$1" = none ] || key="-cert $1.crt -key $1.key"
  printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 10.0.0.4:6443 -CAfile ca.crt -verify_return_error \
    -x509_strict -verify_hostname "$2" $key -quiet -ign_eof 2>client.log | grep -q '^HTTP/1.0 200'
}
tries=0
until ask $4 $name; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 $pid; then cat client.log server.log; exit 1; fi
  sleep 0.1
done
for client in "${@:4}"; do
  if ask $client $name; then echo "$client: welcome"; else echo "$client: refused"; fi
done
if ask $4 example.com; then echo "as example.com: welcome"; else echo "as example.com: refused"; fi
if [ -e ../admin.conf ]; then
  echo "kubectl: $(kubectl --kubeconfig ../admin.conf get --raw / | grep -c '^New, TLS')"
fi
"#;

/// Serves as one identity and says who was welcome; `None` without the judges.
fn asked(tree: &HostTree, server: &str, authority: &str, name: &str, clients: &[&str]) -> Option<String> {
    let (mut network, bash) = (own_network()?, judge("bash")?);
    judge("openssl").and(judge("kubectl"))?;
    network.arg(bash.get_program()).args(["-c", SCRIPT, "bash", server, authority, name]).args(clients);
    Some(Ran::of(network.current_dir(tree.at("/etc/kubernetes/pki")).env_remove("KUBECONFIG")).result())
}

/// A control plane whose certificates are of today, with the certificates of a kubelet at hand.
fn control_plane(folder: &ClusterFolder) -> HostTree {
    folder.kthw(&["init"]).exits(0);
    let tree = HostTree::of(folder, "control-plane-1");
    for file in ["kubelet.crt", "kubelet.key"] {
        let target = format!("worker-node-1:/etc/kubernetes/pki/{file}");
        let shown = folder.kthw(&["show", &target, "--reveal"]).result();
        tree.place(&format!("/etc/kubernetes/pki/{file}"), &shown);
    }
    tree
}

#[test]
fn the_api_server_is_known_by_its_names_and_knows_its_clients() {
    let folder = ClusterFolder::empty();
    let tree = control_plane(&folder);
    for name in ["kubernetes.default.svc.cluster.local", "kubernetes", "control-plane-1", "localhost"] {
        let clients = ["apiserver-kubelet-client", "none", "front-proxy-client", "etcd/healthcheck-client"];
        let Some(said) = asked(&tree, "apiserver", "ca.crt", name, &clients) else { return };
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            apiserver-kubelet-client: welcome
            none: refused
            front-proxy-client: refused
            etcd/healthcheck-client: refused
            as example.com: refused
            kubectl: 1
            ");
        }
    }
}

#[test]
fn a_kubelet_knows_the_api_server_and_the_aggregator_knows_the_front_proxy() {
    let folder = ClusterFolder::empty();
    let tree = control_plane(&folder);
    std::fs::remove_file(tree.at("/etc/kubernetes/admin.conf")).expect("our own file");
    let clients = ["apiserver-kubelet-client", "none", "apiserver-etcd-client"];
    let Some(said) = asked(&tree, "kubelet", "ca.crt", "worker-node-1", &clients) else { return };
    insta::assert_snapshot!(said, @"
    apiserver-kubelet-client: welcome
    none: refused
    apiserver-etcd-client: refused
    as example.com: refused
    ");
    let clients = ["front-proxy-client", "none", "apiserver-kubelet-client"];
    let Some(said) = asked(&tree, "apiserver", "front-proxy-ca.crt", "kubernetes", &clients) else { return };
    insta::assert_snapshot!(said, @"
    front-proxy-client: welcome
    none: refused
    apiserver-kubelet-client: refused
    as example.com: refused
    ");
}
