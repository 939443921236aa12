//! Collection keeps what roots need and nothing else.

use std::fs;

use kthw_store::{Digest, Store, StoreError, collect};

use super::{Folder, assert_full, assert_sound, child, fill, has, large, sample, small};

fn names_in(folder: &Folder, below: &str) -> usize {
    fs::read_dir(folder.root().join(below)).unwrap().count()
}

#[test]
fn the_last_roots_and_applied_ones_are_kept() {
    let folder = Folder::new();
    let store = folder.open();
    fill(&store, "applied").unwrap();
    store.append_root("applied/worker", &sample("applied").1).unwrap();
    fill(&store, "old").unwrap();
    fill(&store, "new").unwrap();
    let unrooted = store.put(b"unrooted").unwrap();
    drop(store);

    let planned = collect(&folder.root(), 1, true).unwrap();
    assert!(folder.open().contains(&unrooted).unwrap());
    let done = collect(&folder.root(), 1, false).unwrap();
    assert_eq!(done, planned);
    // The roots of `applied` and `old` by the name of `build`; the four of `old`; its blobs with its record, and one.
    assert_eq!((done.roots, done.realisations, done.blobs), (2, 5, 3 + 1 + 1));
    assert!(done.bytes > 2 * 190_000);

    let store = folder.open();
    assert_full(&store, "new");
    assert_sound(&store, "old");
    for (prefix, there) in [("applied", true), ("old", false), ("new", true)] {
        for content in ["small", "large", "download"] {
            let name = format!("{prefix}/{content}");
            let bytes = if content == "small" { small(&name) } else { large(&name) };
            assert_eq!(store.contains(&Digest::of(&bytes)).unwrap(), there, "{name}");
        }
    }
    drop(store);
    assert_eq!(collect(&folder.root(), 1, false).unwrap(), Default::default());
}

#[test]
fn leftovers_are_swept() {
    let folder = Folder::new();
    let store = folder.open();
    fill(&store, "a").unwrap();
    store.transfer_lock(&super::action("etcd")).unwrap();
    drop(store);
    for leftover in ["tmp/blob-x", "partial/etcd", "quarantine/b3"] {
        fs::write(folder.root().join(leftover), "x").unwrap();
    }
    let orphan = Digest::of(&large("orphan")).to_hex();
    fs::create_dir_all(folder.root().join("blobs").join(&orphan[..2])).unwrap();
    fs::write(folder.root().join("blobs").join(&orphan[..2]).join(&orphan), large("orphan")).unwrap();

    collect(&folder.root(), 1, false).unwrap();
    for below in ["tmp", "partial", "quarantine", "locks/transfer"] {
        assert_eq!(names_in(&folder, below), 0, "{below}");
    }
    assert!(!folder.root().join("blobs").join(&orphan[..2]).join(&orphan).exists());
    assert_full(&folder.open(), "a");
}

#[test]
fn a_root_without_its_record_keeps_nothing_and_goes() {
    let folder = Folder::new();
    let store = folder.open();
    fill(&store, "a").unwrap();
    let (_, record) = store.latest_root("build").unwrap().unwrap();
    store.discard(&record).unwrap();
    drop(store);
    assert_eq!(collect(&folder.root(), 1, false).unwrap().roots, 1);
    assert_sound(&folder.open(), "a");
}

#[test]
fn space_is_given_back() {
    let folder = Folder::new();
    let store = folder.open();
    for i in 0..200 {
        store.put(&large(&i.to_string())[..60_000]).unwrap();
    }
    drop(store);
    let size = || fs::metadata(folder.root().join("store.db")).unwrap().len();
    let before = size();
    collect(&folder.root(), 0, false).unwrap();
    assert!(size() * 10 < before, "{} of {before}", size());
}

#[test]
fn an_open_store_is_not_collected_and_its_holder_is_named() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let holder = child::start("hold", &folder.root());
    match collect(&folder.root(), 0, false) {
        Err(StoreError::Busy { holder: named, .. }) => {
            let known =
                fs::read_to_string("/proc/locks").is_ok_and(|t| t.contains(&format!(" {} ", holder.id())));
            assert!(!known || named.contains(&format!("process {} (", holder.id())), "{named}");
        }
        other => panic!("{other:?}"),
    }
    collect(&folder.root(), 0, true).unwrap();
    assert!(child::finish(holder).success());
    collect(&folder.root(), 0, false).unwrap();
}

#[test]
fn a_collection_killed_anywhere_loses_nothing_that_is_kept() {
    if !has("strace", super::faults::strace_works()) {
        return;
    }
    super::faults::sweep(
        "signal=SIGKILL",
        "collect 1",
        |folder| {
            let store = folder.open();
            fill(&store, "old").unwrap();
            fill(&store, "a").unwrap();
            store.put(b"unrooted").unwrap();
            drop(store);
            fs::write(folder.root().join("tmp/blob-x"), "x").unwrap();
        },
        |folder, _| {
            let store = Store::open(&folder.root()).unwrap();
            assert_eq!(store.set_aside(), None);
            assert_full(&store, "a");
            assert_sound(&store, "old");
            drop(store);
            collect(&folder.root(), 1, false).unwrap();
            assert_eq!(collect(&folder.root(), 1, false).unwrap(), Default::default());
            assert_full(&folder.open(), "a");
        },
    );
}
