//! Where everything in a store lies, and which format it has.

use std::fs;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::digest::{ActionDigest, Digest};
use crate::error::{At as _, Result, StoreError};
use crate::file;

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// What a store consists of, besides its locks and what says that it is one.
const OWN: [&str; 8] =
    ["store.db", "store.db-wal", "store.db-shm", "damaged", "blobs", "tmp", "partial", "quarantine"];

/// The paths of one store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: Utf8PathBuf,
}

impl Layout {
    pub(crate) fn new(root: &Utf8Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(crate) fn version(&self) -> Utf8PathBuf {
        self.root.join("VERSION")
    }

    pub(crate) fn database(&self) -> Utf8PathBuf {
        self.root.join("store.db")
    }

    /// Its presence says that the database was found damaged while in use.
    pub(crate) fn damaged(&self) -> Utf8PathBuf {
        self.root.join("damaged")
    }

    pub(crate) fn blobs(&self) -> Utf8PathBuf {
        self.root.join("blobs")
    }

    pub(crate) fn shard(&self, digest: &Digest) -> Utf8PathBuf {
        self.blobs().join(&digest.to_hex()[..2])
    }

    pub(crate) fn blob(&self, digest: &Digest) -> Utf8PathBuf {
        self.shard(digest).join(digest.to_hex())
    }

    pub(crate) fn tmp(&self) -> Utf8PathBuf {
        self.root.join("tmp")
    }

    pub(crate) fn partial(&self) -> Utf8PathBuf {
        self.root.join("partial")
    }

    pub(crate) fn quarantine(&self) -> Utf8PathBuf {
        self.root.join("quarantine")
    }

    pub(crate) fn store_lock(&self) -> Utf8PathBuf {
        self.root.join("locks/store")
    }

    pub(crate) fn setup_lock(&self) -> Utf8PathBuf {
        self.root.join("locks/setup")
    }

    pub(crate) fn execution_lock(&self) -> Utf8PathBuf {
        self.root.join("locks/execution")
    }

    pub(crate) fn transfer_locks(&self) -> Utf8PathBuf {
        self.root.join("locks/transfer")
    }

    pub(crate) fn transfer_lock(&self, action: &ActionDigest) -> Utf8PathBuf {
        self.transfer_locks().join(action.to_hex())
    }

    /// Creates the folders that are absent.
    pub(crate) fn create_folders(&self) -> Result<()> {
        for folder in [self.transfer_locks(), self.blobs(), self.tmp(), self.partial(), self.quarantine()] {
            file::create_folder(&folder)?;
        }
        Ok(())
    }

    /// Whether the folder says that it is a store of this format; `false` when it is empty, and when it is a store that has
    /// lost the file which says so. Another format, or a folder with anything else in it, is refused.
    pub(crate) fn holds_store(&self) -> Result<bool> {
        let path = self.version();
        let mut text = Vec::new();
        if let Some((version, _)) = file::open_regular(&path)? {
            version.take(4096).read_to_end(&mut text).at("read", &path)?;
        }
        let text = String::from_utf8_lossy(&text);
        let found = text.trim_end().strip_prefix("kthw-store ").and_then(|n| n.parse::<u32>().ok());
        match found {
            Some(FORMAT) => Ok(true),
            Some(other) => {
                let root = self.root.clone();
                Err(StoreError::Format { root, found: other, supported: FORMAT })
            }
            None => self.check_own().map(|()| false),
        }
    }

    /// Refuses a folder with anything in it that no store has. `VERSION` is written before anything but `locks/`, so what
    /// else there is without it is ours only beside those.
    fn check_own(&self) -> Result<()> {
        let names: Vec<String> = file::entries(&self.root)?.into_iter().map(|entry| entry.name).collect();
        let has = |name: &str| names.iter().any(|there| there == name);
        let is_begun = |name: &String| ["VERSION", "VERSION.new", "locks"].contains(&name.as_str());
        let is_ours = |name: &String| is_begun(name) || OWN.contains(&name.as_str());
        let is_store = has("locks") && has("blobs") && names.iter().all(is_ours);
        if is_store || names.iter().all(is_begun) {
            return Ok(());
        }
        Err(StoreError::Foreign { root: self.root.clone() })
    }

    /// Marks a folder of ours as a store of this format. The caller holds the setup lock.
    pub(crate) fn write_version(&self) -> Result<()> {
        let (path, new) = (self.version(), self.root.join("VERSION.new"));
        let write = || -> io::Result<()> {
            file::replace(&new, format!("kthw-store {FORMAT}\n").as_bytes(), 0o644)?;
            fs::rename(&new, &path)
        };
        write().at("write", &path)?;
        file::sync_folder(&self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(version: Option<&str>, stray: &[&str]) -> Result<bool> {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(Utf8Path::from_path(dir.path()).unwrap());
        if let Some(text) = version {
            fs::write(layout.version(), text).unwrap();
        }
        for name in stray {
            fs::write(layout.root().join(name), "").unwrap();
        }
        layout.holds_store()
    }

    #[test]
    fn the_own_format_is_read_and_an_empty_folder_is_no_store_yet() {
        assert!(check(Some("kthw-store 1\n"), &["store.db"]).unwrap());
        assert!(!check(None, &[]).unwrap());
        assert!(!check(None, &["locks", "VERSION.new"]).unwrap());
    }

    #[test]
    fn another_format_is_refused_with_what_was_found() {
        match check(Some("kthw-store 27\n"), &["locks", "blobs", "store.db"]) {
            Err(StoreError::Format { found, .. }) => assert_eq!(found, 27),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_store_that_does_not_say_its_format_any_more_is_one_all_the_same() {
        for version in [None, Some(""), Some("kthw-store"), Some("kthw-stare 1\n"), Some("garbage\0")] {
            assert!(
                !check(version, &["locks", "blobs", "tmp", "store.db", "damaged"]).unwrap(),
                "{version:?}"
            );
            assert!(!check(version, &[]).unwrap(), "{version:?}");
        }
    }

    #[test]
    fn a_folder_with_other_files_is_refused() {
        for others in [
            &["thesis.tex"][..],
            &["blobs", "tmp"],
            &["store.db"],
            &["locks", "blobs", "store.db", "thesis.tex"],
            &["locks", "tmp"],
        ] {
            for version in [None, Some("1.0.3\n")] {
                let found = check(version, others);
                assert!(matches!(found, Err(StoreError::Foreign { .. })), "{version:?} {others:?}");
            }
        }
    }
}
