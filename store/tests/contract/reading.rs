//! What was stored is read back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use kthw_store::{Batch, Digest, Output, Place, Record, SMALL, Sha256};

use super::{Folder, action, assert_full, fill, large, small};

fn bytes_of(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn a_blob_of_any_size_reads_back_however_it_was_written() {
    let folder = Folder::new();
    let store = folder.open();
    for size in [0, 1, 1500, SMALL - 1, SMALL, SMALL + 1, 1_000_003] {
        let bytes = bytes_of(size);
        let digest = if size % 2 == 0 {
            store.put(&bytes).unwrap()
        } else {
            let mut writer = store.writer().unwrap();
            bytes.chunks(70_001).for_each(|chunk| writer.write_all(chunk).unwrap());
            assert_eq!(writer.size(), size as u64);
            let written = writer.finish().unwrap();
            assert_eq!((written.sha256, written.size), (Sha256::of(&bytes), size as u64));
            written.digest
        };
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(store.get(&digest).unwrap().as_ref(), Some(&bytes), "{size}");
        let mut reader = store.open_blob(&digest).unwrap().unwrap();
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!((reader.len(), read), (size as u64, bytes.clone()));

        let stat = store.stat(&digest).unwrap().unwrap();
        assert_eq!((stat.size, stat.sha256), (size as u64, Sha256::of(&bytes)));
        match stat.place {
            Place::Database => assert!(size < SMALL),
            Place::File(path) => {
                assert!(size >= SMALL);
                assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o444);
            }
        }
    }
    assert_eq!(store.verify(&mut |_, _| {}).unwrap(), []);
}

#[test]
fn what_is_absent_is_a_miss() {
    let folder = Folder::new();
    let store = folder.open();
    let digest = Digest::of(b"absent");
    assert!(!store.contains(&digest).unwrap());
    assert_eq!(store.get(&digest).unwrap(), None);
    assert!(store.open_blob(&digest).unwrap().is_none());
    assert_eq!(store.stat(&digest).unwrap(), None);
    assert_eq!(store.record(&digest).unwrap(), None);
    assert_eq!(store.realisation(&action("absent")).unwrap(), None);
    assert_eq!(store.description(&action("absent")).unwrap(), None);
    assert_eq!(store.pinned_blob(&action("absent")).unwrap(), None);
    assert_eq!(store.latest_root("build").unwrap(), None);
}

#[test]
fn a_store_keeps_everything_over_reopening() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    assert_full(&folder.open(), "a");
    let store = folder.open();
    let digest = Digest::of(&small("a/small"));
    assert_eq!(store.producers(&digest).unwrap(), [action("a/small")]);
    let description = store.description(&action("a/secret")).unwrap();
    assert_eq!(description.unwrap(), b"description of a/secret");
}

#[test]
fn a_writer_dropped_early_leaves_nothing_and_a_resumed_one_its_bytes() {
    let folder = Folder::new();
    let store = folder.open();
    let bytes = bytes_of(500_000);
    for size in [10, 400_000] {
        let mut writer = store.writer().unwrap();
        writer.append(&bytes[..size]).unwrap();
        drop(writer);
        let mut writer = store.writer().unwrap();
        writer.append(&bytes[..size]).unwrap();
        drop(writer.seal().unwrap());
    }
    assert_eq!(fs::read_dir(folder.root().join("tmp")).unwrap().count(), 0);

    for (from, to) in [(0, 300_001), (300_001, 300_002), (300_002, 500_000)] {
        let mut writer = store.resume("etcd").unwrap();
        assert_eq!(writer.size(), from as u64);
        writer.append(&bytes[from..to]).unwrap();
    }
    let sealed = store.resume("etcd").unwrap().seal().unwrap();
    assert_eq!(sealed.written().sha256, Sha256::of(&bytes));
    assert_eq!(store.get(&sealed.written().digest).unwrap(), None);
    let written = sealed.keep().unwrap();
    assert_eq!(store.get(&written.digest).unwrap(), Some(bytes));
    assert!(!store.partial_path("etcd").exists());

    let mut writer = store.resume("short").unwrap();
    writer.append(b"short").unwrap();
    let written = writer.finish().unwrap();
    assert_eq!(store.get(&written.digest).unwrap().unwrap(), b"short");
    assert!(!store.partial_path("short").exists());
    assert_eq!(store.verify(&mut |_, _| {}).unwrap(), []);
}

#[test]
fn a_pinned_action_is_realised_before_its_bytes_are_there_and_keeps_them_after() {
    let folder = Folder::new();
    let store = folder.open();
    let etcd = action("etcd");
    let blob = store.put(&large("etcd")).unwrap();
    for (given, known) in [(None, None), (Some(blob), Some(blob)), (None, Some(blob))] {
        let mut batch = Batch::new();
        batch.pinned(etcd, vec![], given);
        store.commit(batch).unwrap();
        assert_eq!(store.realisation(&etcd).unwrap(), Some(Output::Pinned(etcd)));
        assert_eq!(store.pinned_blob(&etcd).unwrap(), known);
    }
    store.discard(&blob).unwrap();
    assert_eq!(store.realisation(&etcd).unwrap(), Some(Output::Pinned(etcd)));
    assert_eq!(store.pinned_blob(&etcd).unwrap(), None);
}

#[test]
fn the_roots_of_a_name_are_numbered() {
    let folder = Folder::new();
    let store = folder.open();
    let record = Record::default();
    for (name, number) in [("build", 1), ("build", 2), ("applied/worker", 1), ("build", 3)] {
        assert_eq!(store.append_root(name, &record).unwrap().0, number);
    }
    let numbers = |name| {
        let roots = store.roots(name).unwrap();
        roots.into_iter().map(|r| (r.name, r.number)).collect::<Vec<_>>()
    };
    let owned = |name: &str, number| (name.to_owned(), number);
    let builds = [owned("build", 3), owned("build", 2), owned("build", 1)];
    assert_eq!(numbers(Some("build")), builds);
    assert_eq!(numbers(None), [&[owned("applied/worker", 1)], &builds[..]].concat());
    let (number, digest) = store.latest_root("build").unwrap().unwrap();
    assert_eq!((number, store.record(&digest).unwrap()), (3, Some(record)));
}

#[test]
fn a_blob_that_is_no_record_is_as_good_as_none() {
    let folder = Folder::new();
    let store = folder.open();
    for bytes in [&b""[..], b"kthw-record\x01\xff\xff\xff\xff", b"kthw-record\x02"] {
        let digest = store.put(bytes).unwrap();
        assert_eq!(store.record(&digest).unwrap(), None);
    }
}

#[test]
fn another_format_is_refused_and_left_alone() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    fs::write(folder.root().join("VERSION"), "kthw-store 2\n").unwrap();
    let before = fs::read(folder.root().join("store.db")).unwrap();
    let error = kthw_store::Store::open(&folder.root()).unwrap_err();
    let text = format!(
        "the store {} has format 2, and this kthw reads 1: update kthw, or remove the folder (it can be rebuilt)",
        folder.root()
    );
    assert_eq!(error.to_string(), text);
    assert!(kthw_store::collect(&folder.root(), 0, false).is_err());
    assert_eq!(fs::read(folder.root().join("store.db")).unwrap(), before);
}
