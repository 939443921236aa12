//! Blobs: bytes under their digest.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write as _};

use camino::Utf8PathBuf;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::digest::{Digest, Sha256};
use crate::error::{At as _, Result};
use crate::file;
use crate::store::Store;
use crate::written::Written;

/// From this size on, a blob is a file of its own.
pub const SMALL: usize = 64 * 1024;

/// Where a blob is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Database,
    File(Utf8PathBuf),
}

/// What is known of a blob without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobStat {
    pub size: u64,
    pub sha256: Sha256,
    pub place: Place,
}

/// An open blob, read from its begin.
#[derive(Debug)]
pub struct BlobReader {
    source: Source,
    len: u64,
}

#[derive(Debug)]
enum Source {
    Memory(Cursor<Vec<u8>>),
    File(File),
}

impl BlobReader {
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Memory(bytes) => bytes.read(buffer),
            Source::File(file) => file.read(buffer),
        }
    }
}

impl Store {
    /// Whether a blob is there, as far as can be told without reading it.
    pub fn contains(&self, digest: &Digest) -> Result<bool> {
        Ok(self.stat(digest)?.is_some())
    }

    /// What is known of a blob that is there.
    pub fn stat(&self, digest: &Digest) -> Result<Option<BlobStat>> {
        let Some((size, sha256, in_file)) = self.database().read(|c| find(c, digest))? else {
            return Ok(None);
        };
        let mut place = Place::Database;
        if in_file {
            let path = self.layout().blob(digest);
            if file::regular_size(&path)? != Some(size) {
                return Ok(None);
            }
            place = Place::File(path);
        }
        Ok(Some(BlobStat { size, sha256, place }))
    }

    /// The bytes of a blob, checked against its digest. A damaged one is set aside and becomes a miss.
    pub fn get(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let Some((_, bytes)) = self.database().read(|c| load(c, digest))? else {
            return Ok(None);
        };
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => match self.read_file(digest)? {
                Some(bytes) => bytes,
                None => {
                    self.quarantine(digest, None)?;
                    return Ok(None);
                }
            },
        };
        if Digest::of(&bytes) == *digest {
            return Ok(Some(bytes));
        }
        self.quarantine(digest, Some(&bytes))?;
        Ok(None)
    }

    /// A blob to be streamed: its size is checked, its bytes are not.
    pub fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>> {
        let Some((size, bytes)) = self.database().read(|c| load(c, digest))? else {
            return Ok(None);
        };
        if let Some(bytes) = bytes {
            if Digest::of(&bytes) != *digest {
                self.quarantine(digest, Some(&bytes))?;
                return Ok(None);
            }
            return Ok(Some(BlobReader {
                len: bytes.len() as u64,
                source: Source::Memory(Cursor::new(bytes)),
            }));
        }
        match file::open_regular(&self.layout().blob(digest))? {
            Some((file, len)) if len == size => Ok(Some(BlobReader { source: Source::File(file), len })),
            _ => {
                self.quarantine(digest, None)?;
                Ok(None)
            }
        }
    }

    /// Stores one blob durably. Many of them are cheaper in a [`crate::Batch`].
    pub fn put(&self, bytes: &[u8]) -> Result<Digest> {
        self.require_write()?;
        let written = Written::of(bytes);
        if bytes.len() < SMALL {
            self.insert_small(&written, bytes)?;
        } else {
            self.publish_large(&written, bytes)?;
            self.insert_large(&[written])?;
        }
        Ok(written.digest)
    }

    /// Deletes one blob, so that it becomes a miss.
    pub fn discard(&self, digest: &Digest) -> Result<()> {
        self.require_write()?;
        self.drop_rows(&[*digest])?;
        file::remove(&self.layout().blob(digest))
    }

    /// The large blobs whose file is gone or has another size. Where the store is writable their rows are dropped, so
    /// that what yields them is a miss.
    pub fn forget_missing_files(&self) -> Result<Vec<Digest>> {
        let mut missing = Vec::new();
        for (digest, size) in self.database().read(in_files)? {
            if file::regular_size(&self.layout().blob(&digest))? != Some(size) {
                missing.push(digest);
            }
        }
        if self.is_writable() && !missing.is_empty() {
            self.drop_rows(&missing)?;
        }
        Ok(missing)
    }

    /// Writes the file of a large blob, unless it is there; its row comes after.
    pub(crate) fn publish_large(&self, written: &Written, bytes: &[u8]) -> Result<()> {
        if self.contains(&written.digest)? {
            return Ok(());
        }
        let place = self.layout().blob(&written.digest);
        let mut temporary = file::create_temporary(&self.layout().tmp())?;
        temporary.write_all(bytes).at("write", &place)?;
        let (file, path) = temporary.into_parts();
        file::publish(&file, path, &place, file::readers(&self.layout().database()))
    }

    pub(crate) fn insert_small(&self, written: &Written, bytes: &[u8]) -> Result<()> {
        self.database().write(|t| insert(t, written, Some(bytes)))
    }

    /// Names large blobs whose files are published.
    pub(crate) fn insert_large(&self, written: &[Written]) -> Result<()> {
        self.database().write(|t| written.iter().try_for_each(|w| insert(t, w, None)))
    }

    fn read_file(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let path = self.layout().blob(digest);
        let Some((mut file, size)) = file::open_regular(&path)? else {
            return Ok(None);
        };
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes).at("read", &path)?;
        Ok(Some(bytes))
    }

    /// Moves what stands in a blob's place into quarantine and drops its row first, so that no moment has a row with a
    /// file known to be wrong. In a read-only store it stays, and stays a miss.
    fn quarantine(&self, digest: &Digest, bytes: Option<&[u8]>) -> Result<()> {
        if !self.is_writable() {
            return Ok(());
        }
        self.drop_rows(&[*digest])?;
        let (from, to) = (self.layout().blob(digest), self.layout().quarantine().join(digest.to_hex()));
        match (fs::rename(&from, &to), bytes) {
            (Err(e), Some(bytes)) if e.kind() == io::ErrorKind::NotFound => {
                file::replace(&to, bytes, 0o600).at("write", &to)
            }
            (Err(e), None) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            (moved, _) => moved.at("set aside", &from),
        }
    }

    fn drop_rows(&self, digests: &[Digest]) -> Result<()> {
        self.database().write(|t| {
            let mut delete = t.prepare_cached("DELETE FROM blob WHERE digest = ?1")?;
            for digest in digests {
                delete.execute([digest.as_bytes()])?;
            }
            Ok(())
        })
    }
}

/// Size, SHA-256, and whether it is in a file.
pub(crate) fn find(
    connection: &Connection,
    digest: &Digest,
) -> rusqlite::Result<Option<(u64, Sha256, bool)>> {
    connection
        .prepare_cached("SELECT size, sha256, bytes IS NULL FROM blob WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| {
            let sha256 = Sha256::from_bytes(row.get(1)?);
            Ok((row.get(0)?, sha256, row.get(2)?))
        })
        .optional()
}

/// The size and, for a blob that is not in a file, the bytes.
fn load(connection: &Connection, digest: &Digest) -> rusqlite::Result<Option<(u64, Option<Vec<u8>>)>> {
    connection
        .prepare_cached("SELECT size, bytes FROM blob WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// The blobs kept in files, with their sizes.
pub(crate) fn in_files(connection: &Connection) -> rusqlite::Result<Vec<(Digest, u64)>> {
    connection
        .prepare_cached("SELECT digest, size FROM blob WHERE bytes IS NULL ORDER BY digest")?
        .query_map([], |row| Ok((Digest::from_bytes(row.get(0)?), row.get(1)?)))?
        .collect()
}

pub(crate) fn insert(
    transaction: &Transaction<'_>,
    written: &Written,
    bytes: Option<&[u8]>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO blob (digest, sha256, size, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (digest) DO NOTHING",
        )?
        .execute((written.digest.as_bytes(), written.sha256.as_bytes(), written.size, bytes))?;
    Ok(())
}
