//! What decides that there is nothing to do cannot be fooled.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, kthw, strace};
use crate::run::{Run, end, start};

const HOST: (&str, &str) = ("worker-node-1", "worker-node-9");

/// Edits the cluster's file so that its size stays, and its times too if they can be set.
fn edit(folder: &ClusterFolder) {
    folder.edit("cluster.yaml", HOST.0, HOST.1);
}

#[test]
fn an_edit_is_seen_whatever_the_files_times_say() {
    let folder = ClusterFolder::single();
    let before = folder.build();
    let path = folder.join("cluster.yaml");
    let stat = fs::metadata(&path).unwrap();
    edit(&folder);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(stat.modified().unwrap()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), stat.len());
    let after = folder.build();
    assert!(after.executed > 0);
    assert_ne!(after.cluster, before.cluster);
    assert!(after.bundles.contains_key(HOST.1));
}

#[test]
fn an_edit_right_after_a_build_is_seen() {
    let folder = ClusterFolder::single();
    let (mut from, mut to) = HOST;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(folder.build().cluster);
        folder.edit("cluster.yaml", from, to);
        (from, to) = (to, from);
    }
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    assert!(seen.windows(3).all(|three| three[0] == three[2]), "{seen:?}");
}

#[test]
fn an_edit_during_a_build_is_left_to_the_next_one() {
    let unedited = ClusterFolder::single().build();
    let edited = ClusterFolder::single();
    edit(&edited);
    let edited = edited.build();
    // Slowed down from its first write to the store on, when all inputs are read.
    let Some(mut slow) = strace() else { return };
    slow.args(["-e", "trace=fsync", "-e", "inject=fsync:delay_enter=40000"]);
    let folder = ClusterFolder::single();
    let building = start(folder.command_under(slow, &["build", "--json"]));
    while !folder.store().join("VERSION").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    edit(&folder);
    assert_eq!(end(building).built().identities(), unedited.identities());
    let next = folder.build();
    assert!(next.executed > 0, "the edit is seen");
    assert_eq!(next.identities(), edited.identities());
}

#[test]
fn a_touched_or_replaced_file_of_the_same_text_is_no_change() {
    let folder = ClusterFolder::single();
    folder.build();
    let path = folder.join("cluster.yaml");
    for time in [SystemTime::UNIX_EPOCH, SystemTime::now() + Duration::from_secs(1_000_000_000)] {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        assert_eq!(folder.build().executed, 0);
    }
    fs::copy(&path, folder.join("copy")).unwrap();
    fs::rename(folder.join("copy"), &path).unwrap();
    assert_eq!(folder.build().executed, 0);
}

#[test]
fn a_clock_set_back_or_forth_changes_nothing() {
    let Some(faketime) = judge("faketime") else { return };
    let folder = ClusterFolder::single();
    let built = folder.build();
    for time in ["2001-01-01 00:00:00", "2099-01-01 00:00:00"] {
        let at = |folder: &ClusterFolder| {
            let mut command = Command::new(&faketime);
            command.args(["-f", time]);
            Run::of(&mut folder.command_under(command, &["build", "--json"])).built()
        };
        assert_eq!(at(&folder).executed, 0, "{time}");
        assert_eq!(at(&ClusterFolder::single()).identities(), built.identities(), "{time}");
        let edited = folder.copied();
        edit(&edited);
        assert!(at(&edited).executed > 0, "{time}");
    }
}

#[test]
fn an_edited_lock_is_seen() {
    let folder = ClusterFolder::single();
    let before = folder.build();
    folder.edit("kthw.lock", "leaf = 2026-11-20T00:00:00Z", "leaf = 2026-11-21T00:00:00Z");
    let after = folder.build();
    assert!(after.executed > 0 && after.cluster != before.cluster);
    folder.edit("kthw.lock", "leaf = 2026-11-21T00:00:00Z", "leaf = 2026-11-20T00:00:00Z");
    assert_eq!(folder.is_clean(&before).executed, 0);
    // A pin is not to be edited by hand, and what was built does not hide that it was.
    folder.edit("kthw.lock", "version = \"1.9.1\"", "version = \"1.9.2\"");
    let complaint = folder.kthw(&["build"]).bad(2);
    assert!(complaint.contains("kthw.lock:") && complaint.contains("kthw lock"), "{complaint}");
}

#[test]
fn a_swapped_root_is_refused_before_anything_is_derived() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let stranger = ClusterFolder::single();
    stranger.kthw(&["init", stranger.join("other").as_str()]).good();
    let own = folder.read("kthw.root");
    fs::remove_file(folder.join("kthw.root")).unwrap();
    assert!(
        folder.kthw(&["kubeconfig"]).bad(2).contains("root secret"),
        "without the root there are no keys"
    );
    fs::copy(stranger.join("other/.kthw/root"), folder.join(".kthw/root")).unwrap();
    for command in [&["build"][..], &["show", "control-plane-1:/etc/hosts"], &["kubeconfig"], &["fetch"]] {
        let complaint = folder.kthw(command).bad(2);
        assert!(complaint.contains("and kthw.lock belongs to root:"), "{complaint}");
    }
    fs::remove_file(folder.join(".kthw/root")).unwrap();
    folder.write("kthw.root", own);
    assert_eq!(folder.is_clean(&built).executed, 0);
}

#[test]
fn another_program_looks_again_and_finds_the_same() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let note = folder.read(".kthw/last-build.json");
    let program = folder.join("kthw");
    fs::copy(kthw(), &program).unwrap();
    let again = Run::of(&mut folder.command_of(&program, &["build", "--json"])).built();
    assert_eq!((again.executed, again.identities()), (0, built.identities()));
    assert_ne!(folder.read(".kthw/last-build.json"), note, "it did look again");
    assert_eq!(folder.is_clean(&built).executed, 0);
}

#[test]
fn a_lost_root_in_the_store_is_not_overlooked() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    // A collection that keeps nothing takes the build's root, and the note of it is left.
    kthw_store::collect(&folder.store(), 0, false).expect("nobody uses the store");
    let again = folder.is_clean(&built);
    assert_eq!(again.executed, built.executed);
}
