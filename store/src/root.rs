//! Roots: named, numbered records that collection keeps.

use rusqlite::{OptionalExtension as _, Row};

use crate::blob::{SMALL, insert};
use crate::digest::Digest;
use crate::error::{Result, StoreError};
use crate::record::{Record, RecordEntry};
use crate::store::Store;
use crate::written::Written;

/// One root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRow {
    pub name: String,
    pub number: u64,
    pub record: Digest,
    /// When it was appended, in seconds since 1970.
    pub created_unix: i64,
}

impl RootRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            number: row.get(1)?,
            record: Digest::from_bytes(row.get(2)?),
            created_unix: row.get(3)?,
        })
    }
}

impl Store {
    /// Stores a record and makes it the next of a name; returns its number, the first being 1, and the record's name.
    pub fn append_root(&self, name: &str, record: &Record) -> Result<(u64, Digest)> {
        self.require_write()?;
        let bytes =
            record.encode().map_err(|source| StoreError::Unrecordable { root: name.to_owned(), source })?;
        let written = Written::of(&bytes);
        let small = bytes.len() < SMALL;
        if !small {
            self.publish_large(&written, &bytes)?;
        }
        self.database().write(|t| {
            insert(t, &written, small.then_some(&bytes))?;
            t.prepare_cached(
                "INSERT INTO root (name, number, record, created)
                 SELECT ?1, coalesce(max(number), 0) + 1, ?2, unixepoch() FROM root WHERE name = ?1
                 RETURNING number",
            )?
            .query_row((name, written.digest.as_bytes()), |row| Ok((row.get(0)?, written.digest)))
        })
    }

    /// The number and the record of the last root of a name.
    pub fn latest_root(&self, name: &str) -> Result<Option<(u64, Digest)>> {
        self.database().read(|c| {
            c.prepare_cached("SELECT number, record FROM root WHERE name = ?1 ORDER BY number DESC LIMIT 1")?
                .query_row([name], |row| Ok((row.get(0)?, Digest::from_bytes(row.get(1)?))))
                .optional()
        })
    }

    /// The roots of one name or of all, sorted by name and from the newest of each.
    pub fn roots(&self, name: Option<&str>) -> Result<Vec<RootRow>> {
        self.database().read(|c| {
            c.prepare_cached(
                "SELECT name, number, record, created FROM root
                 WHERE ?1 IS NULL OR name = ?1 ORDER BY name, number DESC",
            )?
            .query_map([name], RootRow::read)?
            .collect()
        })
    }

    /// A record, if it is there. Bytes that are none, where damage has a root name another blob, are as good as none.
    pub fn record(&self, digest: &Digest) -> Result<Option<Record>> {
        let Some(bytes) = self.get(digest)? else {
            return Ok(None);
        };
        Ok(Record::decode(&bytes).ok())
    }

    /// What a record says of a name, if it is there and does: the rest of it need not be kept in memory.
    pub fn recorded(&self, digest: &Digest, name: &str) -> Result<Option<RecordEntry>> {
        let Some(bytes) = self.get(digest)? else {
            return Ok(None);
        };
        Ok(Record::find(&bytes, name).ok().flatten())
    }
}
