//! Killed at any moment, a build leaves nothing that the next one stumbles over.

use crate::cluster_folder::ClusterFolder;
use crate::run::{end, start};
use crate::trace::Moment;

const BUILD: &[&str] = &["build", "--json"];

/// Kills a build at every sampled moment, each time in a fresh copy, and has the next one finish.
fn check(name: &str, begin: impl Fn() -> ClusterFolder) {
    let expected = begin().build();
    for only_log in [false, true] {
        let Some((moments, all)) = Moment::of_run(&begin(), BUILD, only_log) else { return };
        let mut killed = 0;
        for moment in &moments {
            let folder = begin();
            let run = moment.kill(&folder, BUILD);
            killed += usize::from(run.exit.is_none());
            let after = folder.build();
            assert_eq!(after.identities(), expected.identities(), "after {moment:?}");
            folder.verify();
            assert_eq!(folder.build().executed, 0, "after {moment:?}");
        }
        println!("{name}: killed at {killed} of {all} moments (tried {})", moments.len());
        assert!(killed * 10 >= moments.len() * 8, "most moments must be met: {killed} of {}", moments.len());
    }
}

#[test]
fn a_first_build_may_be_killed_at_any_system_call() {
    check("first build", ClusterFolder::single);
}

#[test]
fn an_incremental_build_may_be_killed_at_any_system_call() {
    let base = ClusterFolder::single();
    base.build();
    base.edit("cluster.yaml", "worker-node-1", "worker-node-9");
    check("incremental build", || base.copied());
}

#[test]
fn a_build_may_be_killed_at_any_time() {
    let expected = ClusterFolder::single().build();
    for milliseconds in (0..120).step_by(8) {
        let folder = ClusterFolder::single();
        let mut build = start(folder.command(BUILD));
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        build.kill().unwrap();
        end(build);
        folder.is_clean(&expected);
    }
}

#[test]
fn builds_that_keep_being_killed_get_there_in_the_end() {
    let folder = ClusterFolder::single();
    let expected = ClusterFolder::single().build();
    let Some((moments, _)) = Moment::of_run(&ClusterFolder::single(), BUILD, false) else { return };
    for moment in moments.iter().step_by(4) {
        moment.kill(&folder, BUILD);
    }
    folder.is_clean(&expected);
}

#[test]
fn repair_and_collection_may_be_killed_too() {
    let base = ClusterFolder::single();
    let first = base.build();
    base.edit("cluster.yaml", "worker-node-1", "worker-node-9");
    let second = base.build();
    let Some((moments, _)) = Moment::of_run(&base.copied(), &["gc", "--keep", "1"], false) else { return };
    for moment in moments.iter().step_by(3) {
        let folder = base.copied();
        moment.kill(&folder, &["gc", "--keep", "1"]);
        folder.is_clean(&second);
        folder.edit("cluster.yaml", "worker-node-9", "worker-node-1");
        folder.is_clean(&first);
    }
}
