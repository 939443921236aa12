//! Damage is a miss, is reported, and never a crash.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use camino::{Utf8Path, Utf8PathBuf};
use kthw_store::{Damage, Digest, Output, Store, StoreError};

use super::{Folder, action, assert_full, assert_sound, fill, large, small};

fn blob_path(folder: &Folder, digest: &Digest) -> Utf8PathBuf {
    let hex = digest.to_hex();
    folder.root().join("blobs").join(&hex[..2]).join(&hex)
}

/// Changes one bit, `from_end` bytes before the end, whatever the mode of the file.
fn flip(path: &Utf8Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
}

fn verify(store: &Store) -> Vec<Damage> {
    store.verify(&mut |_, _| {}).unwrap()
}

/// Damages the large blob of a full store; it is reported, a miss, and whole again after it is stored again.
fn check_large(what: impl Fn(&Utf8Path), report: fn(Digest) -> Damage) {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let digest = Digest::of(&large("a/large"));
    what(&blob_path(&folder, &digest));
    let store = folder.open();
    assert_eq!(verify(&store), [report(digest)]);
    assert_eq!(store.get(&digest).unwrap(), None);
    assert_eq!(verify(&store), []);
    assert_eq!(store.realisation(&action("a/large")).unwrap(), None);
    assert_eq!(store.producers(&digest).unwrap(), [action("a/large")]);
    fill(&store, "a").unwrap();
    assert_full(&store, "a");
}

#[test]
fn a_large_blob_that_is_changed_cut_or_gone_is_a_miss() {
    check_large(|path| flip(path, 100_000), Damage::Changed);
    check_large(|path| fs::remove_file(path).unwrap(), Damage::Missing);
    let cut = |path: &Utf8Path, size| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
    };
    check_large(|path| cut(path, 1000), Damage::Changed);
    check_large(|path| cut(path, 0), Damage::Changed);
}

#[test]
fn a_damaged_blob_is_kept_in_quarantine() {
    let folder = Folder::new();
    let store = folder.open();
    let digest = store.put(&large("x")).unwrap();
    flip(&blob_path(&folder, &digest), 0);
    assert_eq!(store.get(&digest).unwrap(), None);
    assert!(folder.root().join("quarantine").join(digest.to_hex()).exists());
}

#[test]
fn a_cut_blob_is_not_streamed() {
    let folder = Folder::new();
    let store = folder.open();
    let digest = store.put(&large("x")).unwrap();
    let path = blob_path(&folder, &digest);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "short").unwrap();
    assert!(!store.contains(&digest).unwrap());
    assert!(store.open_blob(&digest).unwrap().is_none());
    assert_eq!(verify(&store), []);
}

#[test]
fn a_bit_flipped_in_a_small_blob_makes_it_a_miss() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let content = small("a/small");
    flip_in_database(&folder, &content);
    let store = folder.open();
    let digest = Digest::of(&content);
    assert_eq!(verify(&store), [Damage::Changed(digest)]);
    assert_eq!(store.realisation(&action("a/small")).unwrap(), Some(Output::Public(digest)));
    assert_eq!(store.get(&digest).unwrap(), None);
    assert_eq!(store.realisation(&action("a/small")).unwrap(), None);
    fill(&store, "a").unwrap();
    assert_full(&store, "a");
}

#[test]
fn a_bit_flipped_in_a_realisation_makes_it_a_miss() {
    for needle in [b"description of a/secret".to_vec(), vec![7; 32]] {
        let folder = Folder::new();
        fill(&folder.open(), "a").unwrap();
        flip_in_database(&folder, &needle);
        let store = folder.open();
        assert!(store.realisation(&action("a/secret")).unwrap().is_none());
        assert!(store.description(&action("a/secret")).unwrap().is_none());
        let report = Damage::Realisation(action("a/secret"));
        assert!(verify(&store).contains(&report));
        fill(&store, "a").unwrap();
        assert!(store.realisation(&action("a/secret")).unwrap().is_some());
        assert!(!verify(&store).contains(&report));
    }
}

/// Changes one bit within the last place where the database has these bytes.
fn flip_in_database(folder: &Folder, needle: &[u8]) {
    let path = folder.root().join("store.db");
    let bytes = fs::read(&path).unwrap();
    let at = bytes.windows(needle.len()).rposition(|w| w == needle).unwrap();
    flip(&path, at + needle.len() / 2);
}

#[test]
fn deleted_blobs_are_forgotten() {
    for delete_all in [false, true] {
        let folder = Folder::new();
        fill(&folder.open(), "a").unwrap();
        let blobs = folder.root().join("blobs");
        let gone = Digest::of(&large("a/large"));
        if delete_all {
            fs::remove_dir_all(&blobs).unwrap();
        } else {
            fs::remove_file(blob_path(&folder, &gone)).unwrap();
        }
        let store = folder.open();
        let forgotten = store.forget_missing_files().unwrap();
        assert!(forgotten.contains(&gone));
        assert_eq!(forgotten.len(), if delete_all { 2 } else { 1 });
        assert_eq!(store.forget_missing_files().unwrap(), []);
        assert_eq!(store.realisation(&action("a/large")).unwrap(), None);
        assert!(store.realisation(&action("a/small")).unwrap().is_some());
        assert_sound(&store, "a");
        fill(&store, "a").unwrap();
        assert_full(&store, "a");
    }
}

#[test]
fn strays_are_reported_never_followed_and_collected() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    let blobs = folder.root().join("blobs");
    let planted = blob_path(&folder, &Digest::of(&large("a/large")));
    fs::remove_file(&planted).unwrap();
    symlink(outside.join("precious"), &planted).unwrap();
    symlink(&outside, blobs.join("zz")).unwrap();
    let shard = planted.parent().unwrap();
    fs::write(shard.join("notes.txt"), "x").unwrap();
    fs::create_dir(shard.join("folder")).unwrap();
    fs::write(blobs.join("README"), "x").unwrap();

    let store = folder.open();
    let damage = verify(&store);
    for stray in
        [&planted, &blobs.join("zz"), &shard.join("notes.txt"), &shard.join("folder"), &blobs.join("README")]
    {
        assert!(damage.contains(&Damage::Stray(stray.clone())), "{stray}: {damage:?}");
    }
    assert!(damage.contains(&Damage::Missing(Digest::of(&large("a/large")))));
    assert_eq!(damage.len(), 6);
    assert_eq!(store.get(&Digest::of(&large("a/large"))).unwrap(), None);
    drop(store);
    kthw_store::collect(&folder.root(), 1, false).unwrap();
    assert_sound(&folder.open(), "a");
    assert!(outside.join("precious").exists());
}

/// Damages the database; the store opens all the same, empty, and says where the old one is, or reports the damage.
fn check_database(name: &str, what: impl Fn(&mut Vec<u8>)) {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let path = folder.root().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    what(&mut bytes);
    fs::write(&path, &bytes).unwrap();

    let mut store = folder.open();
    if store.set_aside().is_none() {
        // Not seen at opening: then by verifying, and set aside by the next opening.
        let damage = verify(&store);
        assert!(matches!(damage[..], [Damage::Database(_)]), "{name}: {damage:?}");
        drop(store);
        store = folder.open();
        assert_eq!(fs::read(store.set_aside().unwrap().join("store.db")).unwrap(), bytes, "{name}");
    }
    drop(store);
    let store = folder.open();
    assert_eq!(store.set_aside(), None, "{name}");
    assert_eq!(verify(&store), [], "{name}");
    fill(&store, "a").unwrap();
    assert_full(&store, "a");
}

#[test]
fn a_damaged_database_is_set_aside() {
    check_database("garbage", |bytes| bytes.fill(0xa5));
    check_database("magic", |bytes| bytes[0] ^= 1);
    check_database("page size", |bytes| bytes[16] ^= 1);
    check_database("application", |bytes| bytes[68] ^= 1);
    check_database("version", |bytes| bytes[63] ^= 2);
    check_database("schema", |bytes| bytes[100] ^= 1);
    check_database("cut", |bytes| bytes.truncate(8192));
    check_database("cut within a page", |bytes| bytes.truncate(5000));
    check_database("cut within the last page", |bytes| bytes.truncate(bytes.len() - 100));
    check_database("zeroed pages", |bytes| bytes[8192..].fill(0));
}

#[test]
fn a_database_without_tables_that_takes_none_is_set_aside() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let path = folder.root().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    // No table, and a list of free pages that begins where there is none.
    bytes[103..105].fill(0);
    bytes[32..40].copy_from_slice(&[0, 0x7f, 0xff, 0xff, 0, 0, 0, 9]);
    fs::write(&path, &bytes).unwrap();
    let store = folder.open();
    let aside = store.set_aside().expect("it is kept").join("store.db");
    assert!(fs::metadata(aside).unwrap().len() >= bytes.len() as u64);
    fill(&store, "a").unwrap();
    assert_full(&store, "a");
}

#[test]
fn no_flipped_byte_of_the_database_makes_a_crash_or_a_wrong_output() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    let path = folder.root().join("store.db");
    let sound = fs::read(&path).unwrap();
    let (_, record) = super::sample("a");
    for at in (0..sound.len()).step_by(97).chain(0..200) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let Ok(store) = Store::open(&folder.root()) else { panic!("byte {at} keeps the store from opening") };
        for entry in &record.entries {
            match store.realisation(&entry.action) {
                Ok(found) => assert!(found.is_none_or(|o| o == entry.output), "byte {at}"),
                Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "byte {at}: {error}"),
            }
            if let Output::Public(digest) = entry.output {
                match store.get(&digest) {
                    Ok(found) => assert!(found.is_none_or(|b| Digest::of(&b) == digest), "byte {at}"),
                    Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "byte {at}: {error}"),
                }
            }
        }
        verify(&store);
        drop(store);
        let _ = fs::remove_file(folder.root().join("damaged"));
    }
}

#[test]
fn a_lost_database_is_an_empty_one() {
    let folder = Folder::new();
    fill(&folder.open(), "a").unwrap();
    fs::remove_file(folder.root().join("store.db")).unwrap();
    let store = folder.open();
    assert_eq!(store.set_aside(), None);
    assert_sound(&store, "a");
    fill(&store, "a").unwrap();
    assert_full(&store, "a");
}
