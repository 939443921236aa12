//! Where everything in a store lies, and which format it has.

use std::fs;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::digest::{ActionDigest, Digest};
use crate::error::{At as _, Result, StoreError};
use crate::file;

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

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

    /// Whether the folder holds a store of this format; `false` when it is empty. Another format, or a folder with
    /// anything else in it, is refused.
    pub(crate) fn holds_store(&self) -> Result<bool> {
        let path = self.version();
        let Some((version, _)) = file::open_regular(&path)? else {
            return self.check_empty().map(|()| false);
        };
        let mut text = Vec::new();
        version.take(4096).read_to_end(&mut text).at("read", &path)?;
        self.check_format(&text).map(|()| true)
    }

    fn check_format(&self, text: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(text);
        let found = text.trim_end().strip_prefix("kthw-store ");
        if found.and_then(|n| n.parse().ok()) == Some(FORMAT) {
            return Ok(());
        }
        let unknown = || format!("{:?}", text.chars().take(40).collect::<String>());
        Err(StoreError::Format {
            root: self.root.clone(),
            found: found.map_or_else(unknown, |n| n.chars().take(20).collect()),
            supported: FORMAT,
        })
    }

    /// `VERSION` is written before anything but `locks/`, so without it there is nothing else of ours.
    fn check_empty(&self) -> Result<()> {
        let mut foreign = false;
        for entry in file::entries(&self.root)? {
            match entry.name.as_str() {
                // Another process has just created the store.
                "VERSION" => return Ok(()),
                "VERSION.new" | "locks" => {}
                _ => foreign = true,
            }
        }
        if foreign {
            let root = self.root.clone();
            return Err(StoreError::Foreign { root });
        }
        Ok(())
    }

    /// Marks an empty folder as a store of this format. The caller holds the setup lock.
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
        for (text, found) in [
            ("kthw-store 2\n", "2"),
            ("kthw-store 99 with more", "99 with more"),
            ("", "\"\""),
            ("garbage\0", "\"garbage\\0\""),
        ] {
            match check(Some(text), &[]) {
                Err(StoreError::Format { found: f, .. }) => assert_eq!(f, found),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_folder_with_other_files_is_refused() {
        assert!(matches!(check(None, &["thesis.tex"]), Err(StoreError::Foreign { .. })));
    }
}
