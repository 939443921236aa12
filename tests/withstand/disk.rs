//! Disks that are full or cannot be written.

use std::fs;
use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, kthw, miss, own_mounts};
use crate::run::Run;

/// Runs a shell script in a folder where `kthw` is the program and mounts are its own.
fn script(folder: &ClusterFolder, text: &str) -> Option<Run> {
    let program = kthw().display();
    let text = format!("set -u; cd {}\nkthw() {{ {program} \"$@\"; }}\n{text}", folder.path());
    let mut command = own_mounts()?;
    folder.bare(&mut command).args(["sh", "-c", &text]);
    Some(Run::of(&mut command))
}

#[test]
fn a_full_disk_is_named_and_once_there_is_room_all_is_well() {
    let alone = ClusterFolder::single().build();
    let mut refused = 0;
    // From no room for anything to room for all but the last steps.
    for pages in [1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128] {
        let folder = ClusterFolder::single();
        let run = script(
            &folder,
            &format!(
                "mkdir .kthw && mount -t tmpfs -o size={}k none .kthw || exit 99
                 kthw build --json >full.out 2>full.err; echo $? >full.exit
                 kthw show control-plane-1:/etc/hosts >/dev/null 2>show.err; echo $? >show.exit
                 mount -o remount,size=64m .kthw || exit 99
                 kthw build --json && kthw store verify >&2",
                pages * 4
            ),
        );
        let Some(run) = run else { return };
        assert_eq!(run.built().identities(), alone.identities());
        let complaint = folder.read("full.err");
        for (exit, complaint) in [("full.exit", &complaint), ("show.exit", &folder.read("show.err"))] {
            assert!(!complaint.contains("panicked"), "{complaint}");
            match folder.read(exit).trim() {
                "0" => {}
                "1" => assert!(complaint.contains(".kthw"), "with {pages} pages: {complaint:?}"),
                other => panic!("{exit} is {other} with {pages} pages: {complaint}"),
            }
        }
        refused += usize::from(folder.read("full.exit").trim() == "1");
    }
    assert!(refused > 3, "most of these disks are too small: {refused}");
}

/// Begins a script: what there is from here on cannot be written.
const READ_ONLY: &str = "mount --bind .kthw .kthw && mount -o remount,ro,bind .kthw || exit 99\n";

#[test]
fn a_read_only_store_answers_whatever_needs_no_writing() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    for (command, expected) in [
        ("build --json", built.cluster.as_str()),
        ("build", "nothing to do"),
        ("show control-plane-1:/etc/hosts", "10.0.0.4"),
        ("show --reveal pki/admin/key", "PRIVATE KEY"),
        ("kubeconfig", "client-key-data"),
        ("why control-plane-1:/etc/hosts", "hosts-file"),
        ("graph", "worker-node-2"),
        ("store verify", "as they should be"),
        ("store repair", "nothing is damaged"),
        ("gc --dry-run", "would delete"),
    ] {
        let Some(run) = script(&folder, &format!("{READ_ONLY} kthw {command}")) else { return };
        assert_eq!(run.exit, Some(0), "{command}: {}", run.stderr);
        let printed = run.good();
        assert!(printed.contains(expected), "{command}: {printed}");
    }
    folder.is_clean(&built);
}

#[test]
fn a_build_that_must_write_to_a_read_only_store_fails_before_any_work() {
    let folder = ClusterFolder::single();
    folder.build();
    let before = fs::read(folder.join(".kthw/store/store.db")).unwrap();
    folder.edit("cluster.yaml", "worker-node-1", "worker-node-9");
    for command in ["build", "build --check", "fetch", "gc", "show worker-node-9:/etc/hosts"] {
        let Some(run) = script(&folder, &format!("{READ_ONLY} kthw {command}")) else { return };
        let complaint = run.bad(1);
        let errors = complaint.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{command}: {complaint}");
        assert!(!complaint.contains("fetching"), "{command}: {complaint}");
        assert!(complaint.contains(".kthw/store is read-only"), "{command}: {complaint}");
        assert!(complaint.contains("KTHW_STORE"), "{command}: {complaint}");
    }
    assert_eq!(fs::read(folder.join(".kthw/store/store.db")).unwrap(), before);
    folder.build();
    folder.verify();
}

#[test]
fn a_store_of_another_user_is_read() {
    let Some(setpriv) = judge("setpriv") else { return };
    let folder = ClusterFolder::single();
    let built = folder.build();
    // The folder and the way to it are for everybody to read; the program may be out of another user's reach.
    let program = folder.join("kthw");
    fs::copy(kthw(), &program).unwrap();
    Run::of(Command::new("chmod").args(["-R", "a+rX,a-w", folder.path().as_str()])).good();
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new(&setpriv);
        folder.bare(&mut command).args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&program).args(["-C", folder.path().as_str()]).args(arguments);
        Run::of(&mut command)
    };
    let version = as_nobody(&["--version"]);
    if version.exit != Some(0) {
        miss("right to be another user");
        return;
    }
    assert!(as_nobody(&["show", "control-plane-1:/etc/hosts"]).good().contains("10.0.0.4"));
    assert!(as_nobody(&["graph"]).good().contains("worker-node-2"));
    // Another program, so all is looked at again, and found to be as it was.
    let again = as_nobody(&["build", "--json"]);
    assert!(again.stderr.contains("warning"), "the note cannot be written: {}", again.stderr);
    assert_eq!(again.built().identities(), built.identities());
    Run::of(Command::new("chmod").args(["-R", "u+w", folder.path().as_str()])).good();
    folder.is_clean(&built);
}

#[test]
fn a_note_that_cannot_be_written_is_a_warning_and_the_build_is_done() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let read_only = format!("{READ_ONLY} mkdir elsewhere; export KTHW_STORE=elsewhere/store\n");
    let Some(run) = script(&folder, &format!("{read_only} kthw build --json; kthw build --json >&2")) else {
        return;
    };
    let warning = run.stderr.clone();
    assert_eq!(run.built().identities(), built.identities());
    assert!(warning.contains("warning") && warning.contains(".kthw/last-build.json"), "{warning}");
    // The next one has nothing to do, and has to look at everything to know.
    assert!(warning.contains("\"executed\":0"), "{warning}");
}
