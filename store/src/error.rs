//! What can go wrong in a store, and what to do about it.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::record::RecordError;

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// A failure of the store. A missing or damaged blob is none: it is a miss.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {action} {path}: {source}")]
    Io { action: &'static str, path: Utf8PathBuf, source: io::Error },
    #[error("no space left to {action} {path}: free some (`kthw gc` may help) and run again")]
    Full { action: &'static str, path: Utf8PathBuf },
    #[error("the store {root} is read-only: make it writable or choose another with KTHW_STORE")]
    ReadOnly { root: Utf8PathBuf },
    #[error(
        "the store {root} has format {found}, and this kthw reads {supported}: \
         update kthw, or remove the folder (it can be rebuilt)"
    )]
    Format { root: Utf8PathBuf, found: u32, supported: u32 },
    #[error("{root} is not a kthw store and not empty: choose another folder, or remove it if it was one")]
    Foreign { root: Utf8PathBuf },
    #[error(
        "the database {path} is damaged ({reason}): run again with the right to write, and it is set aside and rebuilt"
    )]
    Damaged { path: Utf8PathBuf, reason: String },
    #[error("the database {path} failed: {source}")]
    Database { path: Utf8PathBuf, source: Box<rusqlite::Error> },
    #[error("the store {root} is in use by {holder}: wait until it ends and run again")]
    Busy { root: Utf8PathBuf, holder: String },
    #[error("the root `{root}` cannot be recorded ({source}): give its nodes fewer or shorter names")]
    Unrecordable { root: String, source: RecordError },
}

/// Gives an I/O result its subject.
pub(crate) trait At<T> {
    fn at(self, action: &'static str, path: &Utf8Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Utf8Path) -> Result<T> {
        self.map_err(|source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    StoreError::Full { action, path }
                }
                _ => StoreError::Io { action, path, source },
            }
        })
    }
}
