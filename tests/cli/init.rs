//! `kthw init`: from nothing to a built cluster, asking nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cluster_folder::ClusterFolder;

/// A folder in which `init` has run.
fn initialised() -> ClusterFolder {
    let folder = ClusterFolder::empty();
    let ran = folder.kthw(&["init", "--preset", "single"]).exits(0);
    assert!(ran.stdout.starts_with("116 nodes: "), "{}", ran.stdout);
    assert!(ran.stderr.contains("keep a copy of it"), "{}", ran.stderr);
    folder
}

#[test]
fn a_new_cluster_is_built_at_once_and_every_command_works_on_it() {
    let folder = initialised();
    let again = folder.build();
    assert_eq!((again.executed, again.reused), (0, again.nodes));
    for args in [
        &["lock", "--check"][..],
        &["fetch", "--list"],
        &["show", "control-plane-1:/etc/kubernetes/pki/ca.crt"],
        &["kubeconfig"],
        &["why", "worker-node-1"],
        &["graph"],
        &["snapshot"],
        &["snapshot", "--check"],
        &["build", "--check"],
        &["build", "--out", "../out"],
        &["gc"],
        &["store", "verify"],
        &["store", "repair"],
    ] {
        assert!(!folder.kthw(args).result().is_empty(), "{args:?}");
    }
    assert_eq!(folder.build().executed, 0);
}

#[test]
fn every_preset_is_built_as_its_example_is() {
    for preset in ["single", "cilium"] {
        let folder = ClusterFolder::empty();
        let ran = folder.kthw(&["init", "--preset", preset]).exits(0);
        let example = ClusterFolder::of_example(preset).build();
        assert!(ran.stdout.starts_with(&format!("{} nodes: ", example.nodes)), "{preset}: {}", ran.stdout);
    }
}

#[test]
fn what_is_secret_is_not_committed_and_not_readable() {
    let folder = initialised();
    assert_eq!(folder.read(".gitignore"), ".kthw/\n");
    let attributes = "snapshots/** -text\nsnapshots/graph.txt linguist-generated\n";
    assert_eq!(folder.read(".gitattributes"), attributes);
    let root = fs::metadata(folder.path().join(".kthw/root")).expect("a new cluster has a root secret");
    assert_eq!(root.permissions().mode() & 0o777, 0o600);
    assert!(!folder.exists("kthw.root"), "only an example's root is public");
}

#[test]
fn editors_find_the_schema_that_the_first_line_names() {
    let folder = initialised();
    let spec = folder.read("cluster.yaml");
    let first = spec.lines().next().expect("a line");
    let schema = first.strip_prefix("# yaml-language-server: $schema=").expect("the line names a schema");
    assert_eq!(folder.read(schema), folder.kthw(&["schema"]).result());
}

#[test]
fn two_clusters_share_no_key() {
    let (one, two) = (initialised(), initialised());
    assert_ne!(one.build().cluster, two.build().cluster);
    let key = |folder: &ClusterFolder| folder.kthw(&["show", "pki/ca/key", "--reveal"]).result();
    assert_ne!(key(&one), key(&two));
}

#[test]
fn a_folder_may_be_named_and_a_cluster_is_never_overwritten() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init", "mine"]).exits(0);
    let lock = folder.read("mine/kthw.lock");
    insta::assert_snapshot!(folder.kthw(&["init", "mine"]).refusal(2), @"
    error: mine/kthw.lock exists already
     |
     = help: name a new folder, or `kthw build` what is there
    ");
    assert_eq!(folder.read("mine/kthw.lock"), lock);
    folder.kthw(&["-C", "mine", "build"]).exits(0);
}

#[test]
fn a_file_that_was_written_before_is_the_cluster_that_is_made() {
    let folder = ClusterFolder::empty();
    let spec = ClusterFolder::single().read("cluster.yaml").replace("name: hard-way", "name: by-hand");
    folder.write("cluster.yaml", &spec);
    folder.write(".gitignore", "*.bak");
    folder.write(".gitattributes", "* text=auto\nsnapshots/** -text\n");
    folder.kthw(&["init"]).exits(0);
    assert_eq!(folder.read("cluster.yaml"), spec);
    assert_eq!(folder.read(".gitignore"), "*.bak\n.kthw/\n");
    let attributes = "* text=auto\nsnapshots/** -text\nsnapshots/graph.txt linguist-generated\n";
    assert_eq!(folder.read(".gitattributes"), attributes);
    assert!(folder.read("kthw.lock").contains("cluster = \"by-hand-"));
}

#[test]
fn a_lost_lock_is_not_made_anew() {
    let folder = initialised();
    fs::remove_file(folder.path().join("kthw.lock")).expect("our own file");
    let refused = folder.kthw(&["lock"]).refusal(2);
    assert!(refused.contains("restore it from git, for a new one would change every key"), "{refused}");
    assert!(!folder.exists("kthw.lock"));
}

#[test]
fn a_second_try_keeps_the_root_of_the_first() {
    let folder = initialised();
    let root = folder.read(".kthw/root");
    for name in ["cluster.yaml", "kthw.lock"] {
        fs::remove_file(folder.path().join(name)).expect("our own file");
    }
    folder.kthw(&["init"]).exits(0);
    assert_eq!(folder.read(".kthw/root"), root);
}

#[test]
fn what_there_is_to_warn_of_is_said_once() {
    let folder = ClusterFolder::empty();
    let spec = ClusterFolder::single().read("cluster.yaml");
    folder.write("cluster.yaml", &format!("{spec}\nmachines: {{memory: 4GiB}}\n"));
    let said = folder.kthw(&["init"]).exits(0).stderr;
    assert_eq!(said.matches("warning: machines.user.sshAuthorizedKeys is empty").count(), 1, "{said}");
}
