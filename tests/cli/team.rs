//! A team of whom most do not have the root secret: all that follows from no key is done without it.

#![expect(clippy::disallowed_methods, reason = "tests take secrets away and put them back")]

use std::fs;

use crate::cluster_folder::ClusterFolder;
use crate::repository::{begin, commit, git};

/// A new cluster whose root secret was taken away before anything was built, and the secret.
fn clone() -> (ClusterFolder, Vec<u8>) {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    let root = fs::read(folder.path().join(".kthw/root")).expect("a new cluster has a root");
    fs::remove_dir_all(folder.path().join(".kthw")).expect("our own folder");
    (folder, root)
}

#[test]
fn whatever_follows_from_no_key_is_done_without_the_root() {
    let (folder, _) = clone();
    for args in [
        &["lock", "--check"][..],
        &["lock"],
        &["build", "config/containerd"],
        &["build", "--check"],
        &["build", "--fail-if-expiring", "30d"],
        &["build", "--out", "../out"],
        &["fetch", "--list"],
        &["fetch", "--images"],
        &["show", "worker-node-1:/etc/kubernetes/kubelet-config.yaml"],
        &["why", "config/containerd"],
        &["why", "config/containerd", "--line", "1"],
        &["graph"],
        &["graph", "--format", "html", "--output", "graph.html"],
        &["snapshot"],
        &["snapshot", "--check"],
        &["store", "verify"],
        &["gc"],
    ] {
        folder.kthw(args).exits(0);
    }
    assert!(!folder.exists(".kthw/root"), "no root is made in its place");
    let expiring = folder.kthw(&["build", "--fail-if-expiring", "4000d"]).refusal(1);
    assert!(expiring.contains("pki/admin/cert expires at "), "{expiring}");
    let why = folder.kthw(&["why", "worker-node-1"]).result();
    assert!(why.contains("is a bundle, and follows from the root secret, which is not here\n"), "{why}");
    assert!(why.contains("  /etc/containerd/config.toml ← config/containerd b3:"), "{why}");
}

#[test]
fn a_build_without_the_root_says_what_it_has_not_made_and_is_finished_with_it() {
    let (folder, root) = clone();
    let built = folder.kthw(&["build"]).exits(0);
    assert!(
        built.stderr.contains(" are not made: the root secret .kthw/root is not here\n"),
        "{}",
        built.stderr
    );
    assert!(!built.stdout.contains("b3:"), "neither a host nor the cluster has a name yet: {}", built.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&folder.kthw(&["build", "--json"]).result()).expect("it is JSON");
    assert!(json["unmade"].as_u64() > Some(40) && json["bundles"] == serde_json::json!({}), "{json}");
    let out = folder.kthw(&["build", "--out", "../out"]).exits(0);
    assert!(
        out.stderr.contains(" public files that follow from keys: the root secret is not here"),
        "{}",
        out.stderr
    );
    assert!(!folder.exists("../out/worker-node-1/etc/kubernetes/pki/ca.crt"));
    assert!(folder.exists("../out/worker-node-1/etc/containerd/config.toml"));

    folder.write(".kthw/root", std::str::from_utf8(&root).expect("a root is a text"));
    let path = folder.path().join(".kthw/root");
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("our own file");
    let whole = folder.build();
    assert!(whole.executed > 40 && whole.bundles.len() == 3, "{whole:?}");
    let (again, _) = (ClusterFolder::empty(), ());
    for file in ["cluster.yaml", "kthw.lock"] {
        again.write(file, &folder.read(file));
    }
    fs::create_dir(again.path().join(".kthw")).expect("our own folder");
    fs::copy(folder.path().join(".kthw/root"), again.path().join(".kthw/root")).expect("our own file");
    assert_eq!(again.build().cluster, whole.cluster, "what was made before changed nothing");
}

#[test]
fn a_bot_bumps_a_version_and_its_change_is_accepted_without_the_root() {
    let (folder, _) = clone();
    folder.kthw(&["snapshot"]).exits(0);
    let Some(()) = begin(&folder) else { return };
    folder.edit("cluster.yaml", "  kubernetes: 1.35.1\n", "  kubernetes: 1.35.1\n  runc: 1.3.6\n");
    let stale = folder.kthw(&["lock", "--check"]).refusal(3);
    assert!(stale.contains("kthw.lock does not pin runc 1.3.6 linux/amd64"), "{stale}");
    folder.kthw(&["lock"]).exits(0);
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "runc 1.3.6");
    folder.kthw(&["lock", "--check"]).exits(0);
    folder.kthw(&["snapshot", "--check"]).exits(0);
    let diff = folder.kthw(&["diff", "HEAD~1", "HEAD"]).result();
    assert!(diff.contains("runc"), "{diff}");
    let changed = git(&folder.path(), &["diff", "--name-only", "HEAD~1"]).expect("git is there").result();
    let mut changed: Vec<&str> = changed.lines().collect();
    changed.sort_unstable();
    assert_eq!(
        changed,
        ["cluster.yaml", "kthw.lock", "snapshots/graph.txt", "snapshots/roles/worker/files.txt"]
    );
}
