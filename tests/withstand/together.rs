//! Several builds at once share a store and the work.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use camino::Utf8Path;

use crate::cluster_folder::ClusterFolder;
use crate::run::{Built, end, start};

const BUILD: &[&str] = &["build", "--json"];

/// Builds all of these at once.
fn build(folders: &[&ClusterFolder]) -> Vec<Built> {
    let running: Vec<_> = folders.iter().map(|folder| start(folder.command(BUILD))).collect();
    running.into_iter().map(|child| end(child).built()).collect()
}

#[test]
fn builds_at_once_carry_out_each_action_once() {
    let alone = ClusterFolder::single().build();
    for processes in [2, 4] {
        for _ in 0..3 {
            let folder = ClusterFolder::single();
            let built = build(&vec![&folder; processes]);
            let executed: usize = built.iter().map(|built| built.executed).sum();
            assert_eq!(executed, alone.executed, "{built:?}");
            assert!(built.iter().all(|built| built.identities() == alone.identities()), "{built:?}");
            assert_eq!(folder.is_clean(&alone).executed, 0);
        }
    }
}

#[test]
fn two_folders_of_one_cluster_share_what_is_made() {
    let place = tempfile::tempdir().unwrap();
    let store = Utf8Path::from_path(place.path()).unwrap().join("store");
    let alone = ClusterFolder::single().build();
    let (a, b) = (ClusterFolder::single().with_store(&store), ClusterFolder::single().with_store(&store));
    let built = build(&[&a, &b]);
    assert_eq!(built[0].executed + built[1].executed, alone.executed);
    assert_eq!(built[0].identities(), built[1].identities());
}

#[test]
fn two_clusters_share_a_store_and_keep_out_of_each_others_way() {
    let place = tempfile::tempdir().unwrap();
    let store = Utf8Path::from_path(place.path()).unwrap().join("store");
    let other = |folder: ClusterFolder| {
        folder.edit("cluster.yaml", "name: hard-way", "name: soft-way");
        folder.edit("kthw.lock", "cluster = \"hard-way-example\"", "cluster = \"soft-way-example\"");
        folder
    };
    let (alone, other_alone) = (ClusterFolder::single().build(), other(ClusterFolder::single()).build());
    let a = ClusterFolder::single().with_store(&store);
    let b = other(ClusterFolder::single()).with_store(&store);
    let built = build(&[&a, &b]);
    assert_eq!(built[0].identities(), alone.identities());
    assert_eq!(built[1].identities(), other_alone.identities());
    // What only one build of each needs is all that is kept, and it is enough for both.
    a.kthw(&["gc", "--keep", "1"]).good();
    assert_eq!(a.is_clean(&alone).executed, 0);
    assert_eq!(b.is_clean(&other_alone).executed, 0);
}

#[test]
fn one_of_two_builds_may_be_killed() {
    let alone = ClusterFolder::single().build();
    for milliseconds in (0..80).step_by(8) {
        let folder = ClusterFolder::single();
        let (mut doomed, other) = (start(folder.command(BUILD)), start(folder.command(BUILD)));
        std::thread::sleep(Duration::from_millis(milliseconds));
        doomed.kill().unwrap();
        let built = end(other).built();
        end(doomed);
        assert_eq!(built.identities(), alone.identities());
        assert_eq!(folder.is_clean(&alone).executed, 0);
    }
}

#[test]
fn who_waits_says_for_whom_and_goes_on_when_that_one_is_done() {
    let folder = ClusterFolder::single();
    let store = kthw_store::Store::open(&folder.store()).unwrap();
    let guard = store.execution_lock(|_| {}).unwrap();
    let mut waiting = start(folder.command(BUILD));
    let holder = format!("waiting for process {} ", std::process::id());
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.starts_with(&holder)), "it says for whom it waits");
    // Whoever only reads does not wait.
    folder.kthw(&["store", "verify"]).good();
    drop(guard);
    let built = end(waiting).built();
    assert_eq!(folder.is_clean(&built).executed, 0);
}

#[test]
fn readers_do_not_wait_for_a_build() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "worker-node-1", "worker-node-9");
    let building = start(folder.command(BUILD));
    folder.kthw(&["show", "control-plane-1:/etc/hosts"]).good();
    folder.kthw(&["store", "verify"]).good();
    end(building).built();
}
