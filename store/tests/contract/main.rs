//! The contract of the store, against real files, real processes and real faults.
#![expect(clippy::disallowed_methods, reason = "tests read the environment")]
#![expect(clippy::disallowed_macros, reason = "tests say why they are skipped")]

mod child;
mod collection;
mod damage;
mod faults;
mod reading;
mod sharing;

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use kthw_store::{ActionDigest, Batch, Digest, Mac, Record, RecordEntry, SMALL, Store};

/// A folder that is gone after the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> Utf8PathBuf {
        self.path().join("store")
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    fn open(&self) -> Store {
        Store::open(&self.root()).unwrap()
    }
}

fn action(name: &str) -> ActionDigest {
    ActionDigest::from_bytes(*Digest::of(name.as_bytes()).as_bytes())
}

fn small(name: &str) -> Vec<u8> {
    format!("the content of {name}").into_bytes()
}

fn large(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(3 * SMALL).collect()
}

/// A batch with an output of every sort, and the record that lists it.
fn sample(prefix: &str) -> (Batch, Record) {
    let mut batch = Batch::new();
    let mut record = Record::default();
    let mut add = |name: &str, output| {
        let (name, action) = (format!("{prefix}/{name}"), action(&format!("{prefix}/{name}")));
        record.entries.push(RecordEntry { name, action, output });
    };
    let name = |short: &str| format!("{prefix}/{short}");
    let describe = |short: &str| format!("description of {prefix}/{short}").into_bytes();

    let digest = batch.public(action(&name("small")), describe("small"), small(&name("small")));
    add("small", kthw_store::Output::Public(digest));
    let digest = batch.public(action(&name("large")), describe("large"), large(&name("large")));
    add("large", kthw_store::Output::Public(digest));
    batch.secret(action(&name("secret")), describe("secret"), Mac::from_bytes([7; 32]));
    add("secret", kthw_store::Output::Secret(Mac::from_bytes([7; 32])));
    let derived = Digest::of(&small(&name("derived")));
    batch.derived(action(&name("derived")), describe("derived"), derived);
    add("derived", kthw_store::Output::Public(derived));
    let pinned = action(&name("pinned"));
    batch.pinned(pinned, describe("pinned"), Some(Digest::of(&large(&name("download")))));
    add("pinned", kthw_store::Output::Pinned(pinned));
    (batch, record)
}

/// Stores a download, a batch and a root that keeps them.
fn fill(store: &Store, prefix: &str) -> Result<(), kthw_store::StoreError> {
    let mut writer = store.writer()?;
    writer.append(&large(&format!("{prefix}/download")))?;
    writer.finish()?;
    let (batch, record) = sample(prefix);
    store.commit(batch)?;
    store.append_root("build", &record)?;
    Ok(())
}

/// Whatever is there is whole: nothing to report, no output without its blob, no root without its record.
#[track_caller]
fn assert_sound(store: &Store, prefix: &str) {
    assert_eq!(store.verify(&mut |_, _| {}).unwrap(), []);
    let (_, record) = sample(prefix);
    for entry in &record.entries {
        match store.realisation(&entry.action).unwrap() {
            Some(output) => assert_eq!(output, entry.output, "{}", entry.name),
            None => continue,
        }
        if let kthw_store::Output::Public(digest) = entry.output {
            let kept = !entry.name.ends_with("/derived");
            assert_eq!(store.get(&digest).unwrap().is_some(), kept, "{}", entry.name);
        }
    }
    for root in store.roots(None).unwrap() {
        assert!(store.record(&root.record).unwrap().is_some());
    }
}

/// Everything that [`fill`] stores is there.
#[track_caller]
fn assert_full(store: &Store, prefix: &str) {
    assert_sound(store, prefix);
    let (_, record) = sample(prefix);
    for entry in &record.entries {
        assert_eq!(store.realisation(&entry.action).unwrap(), Some(entry.output), "{}", entry.name);
    }
    let download = store.pinned_blob(&action(&format!("{prefix}/pinned"))).unwrap().unwrap();
    assert_eq!(store.get(&download).unwrap().unwrap(), large(&format!("{prefix}/download")));
    let (_, digest) = store.latest_root("build").unwrap().unwrap();
    assert!(store.record(&digest).unwrap().is_some());
}

/// Whether a judge is there; where judges are required, its absence is a failure.
fn has(judge: &str, found: bool) -> bool {
    if !found {
        assert!(env::var_os("KTHW_REQUIRE_JUDGES").is_none(), "no {judge}, and judges are required");
        eprintln!("skipped: no {judge}");
    }
    found
}
