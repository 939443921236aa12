//! The root secret: missing, wrong, swapped, misplaced or readable, it is refused before anything is derived.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cluster_folder::ClusterFolder;
use crate::ran::PUBLIC_ROOT;

/// Every command that derives anything.
const DERIVING: [&[&str]; 5] = [
    &["build"],
    &["show", "pki/ca/key", "--reveal"],
    &["kubeconfig"],
    &["why", "pki/ca/cert"],
    &["snapshot"],
];

/// Breaks a built cluster's root; every command must refuse it in these words and leave the store as it is.
#[track_caller]
fn refused(break_root: impl Fn(&ClusterFolder), words: &str) {
    refused_by(&DERIVING, break_root, words);
}

#[track_caller]
fn refused_by(commands: &[&[&str]], break_root: impl Fn(&ClusterFolder), words: &str) {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    let built = folder.build();
    let root = folder.read(".kthw/root");
    break_root(&folder);
    for args in commands {
        let refusal = folder.kthw(args).refusal(2);
        assert!(refusal.contains(words), "{args:?}: {refusal}");
        assert_eq!(refusal.matches("error").count(), 1, "one problem, told once: {refusal}");
        let digits = root.trim().rsplit(' ').next().expect("a root");
        assert!(!refusal.contains(digits), "a root is never repeated");
    }
    let _ = fs::remove_file(folder.path().join("kthw.root"));
    folder.write(".kthw/root", &root);
    let path = folder.path().join(".kthw/root");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("our own file");
    let after = folder.build();
    assert_eq!((after.executed, after.bundles), (0, built.bundles), "with its root back all is as it was");
}

#[test]
fn a_missing_root_is_no_reason_to_make_a_new_one() {
    refused_by(
        &[
            &["build", "pki/ca/cert"],
            &["build", "worker-node-1"],
            &["show", "pki/ca/cert"],
            &["show", "pki/ca/key", "--reveal"],
            &["kubeconfig"],
            &["why", "worker-node-1:/etc/kubernetes/kubelet.conf", "--line", "1"],
        ],
        |folder| fs::remove_file(folder.path().join(".kthw/root")).expect("our own file"),
        "the cluster's root secret .kthw/root is missing: put it back",
    );
}

#[test]
fn the_root_of_another_cluster_is_refused_by_its_fingerprint() {
    let other = ClusterFolder::empty();
    other.kthw(&["init"]).exits(0);
    let root = other.read(".kthw/root");
    refused(|folder| folder.write(".kthw/root", &root), "and kthw.lock belongs to root:");
}

#[test]
fn a_root_that_is_none_is_refused() {
    refused(|folder| folder.write(".kthw/root", "kthw-root-v1 12345\n"), "line 1 is not `kthw-root-v1 ");
    refused(|folder| folder.write(".kthw/root", ""), "restore it from your backup");
    refused(|folder| folder.write(".kthw/root", "age-encryption.org/v1\n"), "age --decrypt");
}

#[test]
fn a_root_that_others_may_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o666] {
        refused(
            |folder| {
                let path = folder.path().join(".kthw/root");
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
            },
            &format!("can be read by others (mode 0{mode:o}); run `chmod 600 .kthw/root`"),
        );
    }
}

#[test]
fn a_real_root_in_a_committed_place_is_refused() {
    refused(
        |folder| folder.write("kthw.root", &folder.read(".kthw/root")),
        "kthw.root is a real root secret in a place that is committed; move it to .kthw/root",
    );
}

#[test]
fn a_public_root_without_its_warning_is_another_root() {
    let folder = ClusterFolder::single();
    folder.build();
    let silent: String = folder
        .read("kthw.root")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|l| format!("{l}\n"))
        .collect();
    folder.write("kthw.root", &silent);
    assert!(folder.kthw(&["build"]).refusal(2).contains("is a real root secret"));
    fs::remove_file(folder.path().join("kthw.root")).expect("our own file");
    folder.write(".kthw/root", &silent);
    let path = folder.path().join(".kthw/root");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("our own file");
    assert!(folder.kthw(&["build"]).refusal(2).contains("and kthw.lock belongs to root:"));
}

#[test]
fn a_public_root_is_told_loudly_and_a_private_one_is_no_news() {
    let public = ClusterFolder::single();
    let private = ClusterFolder::empty();
    private.kthw(&["init"]).exits(0);
    for args in [&["build"][..], &["build"], &["kubeconfig"], &["graph"], &["snapshot"]] {
        let warned = |folder: &ClusterFolder| folder.kthw(args).exits(0).stderr.contains(PUBLIC_ROOT);
        assert_eq!((warned(&public), warned(&private)), (true, false), "{args:?}");
    }
}
