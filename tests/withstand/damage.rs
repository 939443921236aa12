//! Damaged stores: whatever is lost is made or fetched again, and nothing wrong is ever handed out.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cluster_folder::ClusterFolder;
use crate::mirror::Mirror;
use crate::run::{Built, Run};

const UNIT: &str = "control-plane-1:/etc/systemd/system/etcd.service";
const PROGRAM: &str = "control-plane-1:/usr/local/bin/kube-scheduler";

/// A built cluster with everything fetched from a mirror that is a folder.
fn fetched() -> (ClusterFolder, Mirror, Built) {
    let folder = ClusterFolder::single();
    let mirror = Mirror::of(&folder);
    mirror.serve_from_folder(&folder);
    let built = folder.build();
    folder.kthw(&["fetch"]).good();
    (folder, mirror, built)
}

/// Flips one bit of a file.
fn flip(path: &Utf8Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "the file is the test's own")]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Where a text stands in a file, each time.
fn places(path: &Utf8Path, text: &str) -> Vec<usize> {
    let (bytes, text) = (fs::read(path).unwrap(), text.as_bytes());
    (0..bytes.len().saturating_sub(text.len())).filter(|i| bytes[*i..].starts_with(text)).collect()
}

/// The files of the large blobs.
fn blobs(folder: &ClusterFolder) -> Vec<Utf8PathBuf> {
    let list = |path: &Utf8Path| -> Vec<Utf8PathBuf> {
        let entries = path.read_dir_utf8().unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().into_path()).collect();
        paths.sort();
        paths
    };
    list(&folder.store().join("blobs")).iter().flat_map(|shard| list(shard)).collect()
}

/// The file of the blob that holds a program.
fn blob_of(folder: &ClusterFolder, program: &[u8]) -> Utf8PathBuf {
    let found = blobs(folder).into_iter().find(|path| fs::read(path).unwrap() == program);
    found.expect("a fetched program is a large blob")
}

#[test]
fn a_flipped_bit_in_a_small_blob_is_found_and_made_good() {
    let base = ClusterFolder::single();
    let built = base.build();
    let unit = base.kthw(&["show", UNIT]).good();
    let line = unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
    let database = base.store().join("store.db");
    let found = places(&database, line);
    assert!(!found.is_empty(), "the unit is in the database");
    let damaged = || {
        let folder = base.copied();
        found.iter().for_each(|at| flip(&folder.store().join("store.db"), at + line.len() / 2));
        folder
    };

    let shown = damaged();
    assert_eq!(shown.kthw(&["show", UNIT]).good(), unit);
    shown.is_clean(&built);

    let verified = damaged();
    let complaint = verified.kthw(&["store", "verify"]).bad(1);
    assert!(complaint.contains("is changed") && complaint.contains("kthw store repair"), "{complaint}");
    verified.kthw(&["store", "repair"]).good();
    verified.is_clean(&built);
    assert_eq!(verified.kthw(&["show", UNIT]).good(), unit);

    let used = damaged();
    used.kthw(&["build", "--json", "--out", used.join("out").as_str()]).good();
    assert_eq!(used.read("out/control-plane-1/etc/systemd/system/etcd.service"), unit);
    used.is_clean(&built);
}

#[test]
fn a_flipped_bit_in_a_large_blob_is_never_handed_out() {
    let (folder, mirror, built) = fetched();
    let program = mirror.program("kube-scheduler");
    flip(&blob_of(&folder, &program), program.len() / 2);
    let complaint = folder.kthw(&["show", PROGRAM]).bad(1);
    assert!(complaint.contains("kthw store repair"), "{complaint}");
    let out = folder.join("out");
    folder.kthw(&["build", "--json", "--out", out.as_str()]).bad(1);
    assert!(!out.join("control-plane-1/usr/local/bin/kube-scheduler").exists());
    let complaint = folder.kthw(&["store", "verify"]).bad(1);
    assert_eq!(complaint.matches("is changed").count(), 1, "{complaint}");
    assert!(folder.kthw(&["store", "repair"]).good().contains(" is changed: it is there again\n"));
    folder.is_clean(&built);
    assert!(folder.kthw(&["show", PROGRAM]).stdout == program);
}

#[test]
fn deleted_blobs_are_fetched_again() {
    let (base, mirror, built) = fetched();
    let delete_first = |folder: &ClusterFolder| fs::remove_file(&blobs(folder)[0]).unwrap();
    let delete_all = |folder: &ClusterFolder| {
        blobs(folder).iter().for_each(|blob| fs::remove_file(blob).unwrap());
    };
    let truncate = |folder: &ClusterFolder| {
        fs::remove_file(&blobs(folder)[0]).unwrap();
        fs::write(&blobs(folder)[0], "").unwrap();
    };
    let delete_folder = |folder: &ClusterFolder| fs::remove_dir_all(folder.store().join("blobs")).unwrap();
    let ways: [&dyn Fn(&ClusterFolder); 4] = [&delete_first, &delete_all, &truncate, &delete_folder];
    for (number, damage) in ways.iter().enumerate() {
        for cure in [&["fetch"][..], &["store", "repair"], &["build", "--fetch"]] {
            let folder = base.copied();
            damage(&folder);
            folder.kthw(cure).good();
            folder.is_clean(&built);
            let shown = folder.kthw(&["show", PROGRAM]);
            assert!(shown.stdout == mirror.program("kube-scheduler"), "{number}, {cure:?}: {}", shown.stderr);
        }
    }
}

#[test]
fn a_deleted_or_ruined_database_is_made_anew() {
    let base = ClusterFolder::single();
    let built = base.build();
    let database = |folder: &ClusterFolder| folder.store().join("store.db");
    let sound = fs::read(database(&base)).unwrap();
    let half = &sound[..sound.len() / 2];
    let zeros = vec![0; sound.len()];
    let ruins: [Option<&[u8]>; 8] = [
        None,
        Some(b""),
        Some(b"garbage"),
        Some(&zeros),
        Some(half),
        Some(&sound[..100]),
        Some(&sound[..8192]),
        Some(&sound[1..]),
    ];
    for (number, ruin) in ruins.into_iter().enumerate() {
        for first in [&["build", "--json"][..], &["show", UNIT], &["store", "repair"]] {
            let folder = base.copied();
            match ruin {
                None => fs::remove_file(database(&folder)).unwrap(),
                Some(bytes) => fs::write(database(&folder), bytes).unwrap(),
            }
            let run = folder.kthw(first);
            assert_eq!(run.exit, Some(0), "ruin {number}, {first:?}: {}", run.stderr);
            folder.is_clean(&built);
        }
    }
}

#[test]
fn a_database_flipped_anywhere_never_changes_what_is_built() {
    let base = ClusterFolder::single();
    let built = base.build();
    let size = fs::metadata(base.store().join("store.db")).unwrap().len() as usize;
    for at in (0..size).step_by(size / 40) {
        let folder = base.copied();
        flip(&folder.store().join("store.db"), at);
        fs::remove_file(folder.join(".kthw/last-build.json")).unwrap();
        // The damage may be met on the way: then the next run sets the database aside.
        let run = folder.kthw(&["build", "--json"]);
        assert!(!run.stderr.contains("panicked"), "at {at}: {}", run.stderr);
        if run.exit == Some(0) {
            assert_eq!(run.built().identities(), built.identities(), "at {at}");
        }
        let repaired = folder.kthw(&["store", "repair"]);
        assert!(!repaired.stderr.contains("panicked"), "at {at}: {}", repaired.stderr);
        let _ = folder.kthw(&["build", "--json"]);
        folder.is_clean(&built);
    }
}

#[test]
fn a_store_of_a_newer_format_is_refused_and_left_alone() {
    let folder = ClusterFolder::single();
    folder.build();
    let version = folder.store().join("VERSION");
    fs::write(&version, "kthw-store 2\n").unwrap();
    let before = fs::read(folder.store().join("store.db")).unwrap();
    for command in
        [&["build"][..], &["show", UNIT], &["fetch"], &["gc"], &["store", "verify"], &["store", "repair"]]
    {
        let complaint = folder.kthw(command).bad(1);
        assert!(complaint.contains("has format 2") && complaint.contains("update kthw"), "{complaint}");
    }
    assert_eq!(fs::read(folder.store().join("store.db")).unwrap(), before);
    assert_eq!(fs::read(&version).unwrap(), b"kthw-store 2\n");
}

#[test]
fn a_note_of_the_last_build_is_believed_only_when_it_is_one() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let sound = folder.read(".kthw/last-build.json");
    let root = format!("\"root\":{}", serde_json::from_str::<serde_json::Value>(&sound).unwrap()["root"]);
    for note in [
        String::new(),
        "garbage".to_owned(),
        sound[..sound.len() / 2].to_owned(),
        sound.replacen('{', "{\"format\":2,", 1),
        sound.replace(&root, "\"root\":7"),
        sound.replace("b3:", "b3:00"),
    ] {
        folder.write(".kthw/last-build.json", &note);
        folder.is_clean(&built);
    }
    // Bytes that are no text.
    folder.write(".kthw/last-build.json", [0xff, 0xfe, 0]);
    folder.is_clean(&built);
    // An older build's note says nothing of this one.
    folder.edit("cluster.yaml", "worker-node-1", "worker-node-9");
    let changed = folder.build();
    folder.write(".kthw/last-build.json", &sound);
    assert_eq!(folder.build().identities(), changed.identities());
    folder.edit("cluster.yaml", "worker-node-9", "worker-node-1");
    folder.write(".kthw/last-build.json", &sound);
    folder.is_clean(&built);
}

#[test]
fn what_is_made_is_repaired_without_a_download() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let bundle = folder.kthw(&["show", "worker-node-2"]).good();
    let database = folder.store().join("store.db");
    // Within one page of the database.
    let at = places(&database, &bundle[40..90]);
    flip(&database, *at.first().expect("a bundle is a small blob"));
    assert!(folder.kthw(&["store", "verify"]).bad(1).contains(" is changed"));
    let repaired = folder.kthw(&["store", "repair"]).good();
    assert!(repaired.contains(" is changed: it is there again\n"), "{repaired}");
    assert_eq!(folder.kthw(&["store", "repair"]).good(), "nothing is damaged\n");
    assert_eq!(folder.kthw(&["show", "worker-node-2"]).good(), bundle);
    folder.is_clean(&built);
}

#[test]
fn a_build_keeps_its_inputs_once_more_if_the_store_has_lost_them() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let database = folder.store().join("store.db");
    let comment = "Changes to single programs";
    let spec: Vec<usize> = places(&database, comment);
    spec.iter().for_each(|at| flip(&database, *at));
    let complaint = folder.kthw(&["diff", "build"]).bad(1);
    assert!(!spec.is_empty() && complaint.contains("`kthw build` records"), "{complaint}");
    folder.is_clean(&built);
    folder.kthw(&["diff", "build"]).good();
}

#[test]
fn losing_the_store_loses_nothing() {
    let folder = ClusterFolder::single();
    let built = folder.build();
    let admin = folder.kthw(&["kubeconfig"]).good();
    fs::remove_dir_all(folder.store()).unwrap();
    folder.is_clean(&built);
    fs::remove_dir_all(folder.join(".kthw")).unwrap();
    assert_eq!(folder.is_clean(&built).identities(), built.identities());
    assert_eq!(folder.kthw(&["kubeconfig"]).good(), admin);
}

#[test]
fn a_folder_that_is_no_store_is_left_alone() {
    let folder = ClusterFolder::single();
    let foreign = folder.join("photos");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("cat.jpg"), "meow").unwrap();
    let run = Run::of(folder.command(&["build"]).env("KTHW_STORE", &foreign));
    assert!(run.bad(1).contains("is not a kthw store"));
    assert_eq!(foreign.read_dir_utf8().unwrap().count(), 1);
}
