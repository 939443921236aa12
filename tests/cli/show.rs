//! `kthw show` and `kthw kubeconfig`: outputs as they are, secrets only on request.

use crate::cluster_folder::ClusterFolder;
use crate::ran::PUBLIC_ROOT;

#[test]
fn a_public_output_is_printed_as_it_is_under_both_of_its_names() {
    let folder = ClusterFolder::single();
    let golden = env!("CARGO_MANIFEST_DIR").to_owned() + "/snapshots/single/hosts/control-plane-1";
    for (target, path) in [
        ("control-plane-1:/etc/systemd/system/etcd.service", "/etc/systemd/system/etcd.service"),
        ("control-plane-1:/etc/hosts", "/etc/hosts"),
        ("host/control-plane-1/etcd.service", "/etc/systemd/system/etcd.service"),
    ] {
        #[expect(clippy::disallowed_methods, reason = "the golden file")]
        let expected = std::fs::read_to_string(golden.clone() + path).expect("a golden file");
        let shown = folder.kthw(&["show", target]).exits(0);
        assert_eq!(
            (shown.stdout.as_str(), shown.stderr.as_str()),
            (expected.as_str(), PUBLIC_ROOT),
            "{target}"
        );
    }
}

#[test]
fn a_secret_is_printed_only_when_asked_for() {
    let folder = ClusterFolder::single();
    let target = "control-plane-1:/etc/kubernetes/pki/ca.key";
    insta::assert_snapshot!(folder.kthw(&["show", target]).refusal(1), @"
    error: control-plane-1:/etc/kubernetes/pki/ca.key is a secret
     |
     = help: add --reveal to print it all the same
    ");
    let key = folder.kthw(&["show", target, "--reveal"]).result();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(folder.kthw(&["show", "pki/ca/key", "--reveal"]).result(), key);
    let config = folder.kthw(&["show", "config/encryption", "--reveal"]).result();
    assert!(config.contains("kind: EncryptionConfiguration"));
}

#[test]
fn a_download_that_is_not_here_says_how_to_get_it() {
    let folder = ClusterFolder::single();
    for target in ["worker-node-1:/usr/local/bin/kubelet", "worker-node-1:/usr/local/bin/containerd"] {
        let refusal = folder.kthw(&["show", target]).refusal(1);
        assert!(refusal.contains("run `kthw fetch`"), "{refusal}");
    }
}

#[test]
fn a_kubeconfig_is_printed_for_each_user_and_no_other() {
    let folder = ClusterFolder::single();
    let admin = folder.kthw(&["kubeconfig"]).result();
    assert!(admin.contains("server: https://10.0.0.4:6443"));
    assert_eq!(folder.kthw(&["kubeconfig", "admin"]).result(), admin);
    assert_ne!(folder.kthw(&["kubeconfig", "super-admin"]).result(), admin);
    insta::assert_snapshot!(folder.kthw(&["kubeconfig", "nobody"]).refusal(2), @"
    error: there is no kubeconfig for `nobody`
     |
     = help: there is one for each of admin, controller-manager, kube-proxy, scheduler, super-admin
    ");
}

#[test]
fn an_unknown_target_is_refused_with_the_one_that_may_be_meant() {
    let folder = ClusterFolder::single();
    for (target, help) in [
        ("pki/admi/cert", "did you mean `pki/admin/cert`?"),
        ("control-plane-1:/etc/hots", "did you mean `control-plane-1:/etc/hosts`?"),
        ("worker-nod-1:/etc/hosts", "did you mean `worker-node-1:/etc/hosts`?"),
        ("worker-node-11", "did you mean `worker-node-1`?"),
        ("zzz", "`kthw graph` lists hosts, paths and nodes"),
        ("", "`kthw graph` lists hosts, paths and nodes"),
        (":", "`kthw graph` lists hosts, paths and nodes"),
    ] {
        for command in ["show", "why", "build"] {
            let refusal = folder.kthw(&[command, target]).refusal(2);
            assert!(refusal.contains(&format!("error: there is no `{target}`")), "{refusal}");
            assert!(refusal.contains(help), "{target}: {refusal}");
        }
    }
}
