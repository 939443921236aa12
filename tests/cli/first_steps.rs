//! Whoever has only a part of a cluster's folder is led to the next step, by every command alike.

use std::fs;

use crate::cluster_folder::ClusterFolder;
use crate::repository::begin;

/// Every command that needs a cluster.
const COMMANDS: [&[&str]; 17] = [
    &["build"],
    &["build", "--fail-if-expiring", "30d"],
    &["diff"],
    &["fetch"],
    &["fetch", "--list"],
    &["gc"],
    &["graph"],
    &["kubeconfig"],
    &["lock", "--check"],
    &["plan"],
    &["show", "cluster"],
    &["snapshot"],
    &["snapshot", "--check"],
    &["store", "repair"],
    &["store", "verify"],
    &["vm", "status"],
    &["why", "cluster"],
];

/// What every command says, once, to somebody whose folder this is.
#[track_caller]
fn all_say(folder: &ClusterFolder, commands: &[&[&str]], expected: &str) {
    for args in commands {
        let said = folder.kthw(args).refusal(2);
        assert_eq!(said.matches("error:").count(), 1, "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn an_empty_folder_is_led_to_init() {
    all_say(&ClusterFolder::empty(), &COMMANDS, "`kthw init .` makes one");
}

#[test]
fn a_cluster_file_alone_is_led_to_init_which_does_the_rest() {
    let folder = ClusterFolder::empty();
    folder.write("cluster.yaml", &ClusterFolder::single().read("cluster.yaml"));
    let expected = "kthw.lock and the root secret are missing: `kthw init .` makes both";
    let with_lock = [&COMMANDS[..], &[&["lock"]]].concat();
    all_say(&folder, &with_lock, expected);
    if begin(&folder).is_some() {
        all_say(&folder, &with_lock, expected);
    }
    folder.kthw(&["init", "."]).exits(0);
    folder.kthw(&["build"]).exits(0);
}

#[test]
fn a_root_without_a_lock_is_led_to_lock() {
    let folder = ClusterFolder::single();
    fs::remove_file(folder.path().join("kthw.lock")).expect("our own file");
    all_say(&folder, &COMMANDS, "kthw.lock does not exist; `kthw lock` writes it");
    folder.kthw(&["lock"]).exits(0);
    folder.kthw(&["build"]).exits(0);
}

#[test]
fn a_lock_that_is_lost_is_restored_and_not_made_anew() {
    let folder = ClusterFolder::single();
    folder.build();
    fs::remove_file(folder.path().join("kthw.lock")).expect("our own file");
    for args in [&["lock"][..], &["build"], &["diff"], &["snapshot"], &["lock", "--check"]] {
        let said = folder.kthw(args).refusal(2);
        assert!(said.contains("was built before: restore it from git"), "{args:?}: {said}");
    }
}
