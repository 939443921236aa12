//! Realisations: what each action yielded, and how it described itself.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use crate::blob::{SMALL, insert};
use crate::digest::{ActionDigest, Digest, Mac, Output};
use crate::error::Result;
use crate::store::Store;
use crate::written::Written;

/// Realisations with their blobs, to become durable together.
#[derive(Debug, Default)]
pub struct Batch {
    realisations: Vec<Realisation>,
    blobs: Vec<(Written, Vec<u8>)>,
    bytes: usize,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realisation {
    pub(crate) action: ActionDigest,
    pub(crate) output: Output,
    pub(crate) blob: Option<Digest>,
    pub(crate) description: Vec<u8>,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action whose output anyone may see.
    pub fn public(&mut self, action: ActionDigest, description: Vec<u8>, bytes: Vec<u8>) -> Digest {
        let written = Written::of(&bytes);
        self.bytes += bytes.len();
        self.blobs.push((written, bytes));
        let output = Output::Public(written.digest);
        self.add(action, output, Some(written.digest), description);
        written.digest
    }

    /// Adds an action whose output is pinned by the action itself, with the blob that was fetched for it and stored
    /// before. Without one, a blob that is known already stays known.
    pub fn pinned(&mut self, action: ActionDigest, description: Vec<u8>, blob: Option<Digest>) {
        self.add(action, Output::Pinned(action), blob, description);
    }

    /// Adds an action whose output anyone may see and nobody keeps.
    pub fn derived(&mut self, action: ActionDigest, description: Vec<u8>, digest: Digest) {
        self.add(action, Output::Public(digest), None, description);
    }

    /// Adds an action whose output is secret, and so is never stored.
    pub fn secret(&mut self, action: ActionDigest, description: Vec<u8>, mac: Mac) {
        self.add(action, Output::Secret(mac), None, description);
    }

    /// Adds everything of another batch.
    pub fn append(&mut self, other: Self) {
        self.realisations.extend(other.realisations);
        self.blobs.extend(other.blobs);
        self.bytes += other.bytes;
    }

    /// The number of realisations.
    pub fn len(&self) -> usize {
        self.realisations.len()
    }

    pub fn is_empty(&self) -> bool {
        self.realisations.is_empty()
    }

    /// The bytes of blobs and descriptions that it holds in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn add(&mut self, action: ActionDigest, output: Output, blob: Option<Digest>, description: Vec<u8>) {
        self.bytes += description.len();
        self.realisations.push(Realisation { action, output, blob, description });
    }
}

impl Store {
    /// Makes a batch durable, all of it or none.
    pub fn commit(&self, batch: Batch) -> Result<()> {
        self.require_write()?;
        let is_large = |bytes: &[u8]| bytes.len() >= SMALL;
        for (written, bytes) in batch.blobs.iter().filter(|(_, b)| is_large(b)) {
            self.publish_large(written, bytes)?;
        }
        self.database().write(|t| {
            for (written, bytes) in &batch.blobs {
                insert(t, written, (!is_large(bytes)).then_some(bytes))?;
            }
            batch.realisations.into_iter().try_for_each(|r| r.insert(t))
        })
    }

    /// What an action yielded. A public output that is kept counts only while its blob is there; of a blob in a file that is what
    /// [`Store::forget_missing_files`] last saw.
    pub fn realisation(&self, action: &ActionDigest) -> Result<Option<Output>> {
        let found = self.database().read(|c| {
            c.prepare_cached(
                "SELECT action, output, blob, description, seal,
                    blob IS NULL OR EXISTS (SELECT 1 FROM blob WHERE digest = realisation.blob)
                 FROM realisation WHERE action = ?1",
            )?
            .query_row([action.as_bytes()], |row| Ok((Realisation::read(row)?, row.get(5)?)))
            .optional()
        })?;
        Ok(match found {
            Some((Some(Realisation { output: Output::Public(_), .. }), false)) => None,
            Some((found, _)) => found.map(|r| r.output),
            None => None,
        })
    }

    /// The bytes that a pinned action stands for, if they have been fetched and are there.
    pub fn pinned_blob(&self, action: &ActionDigest) -> Result<Option<Digest>> {
        let found = self.database().read(|c| Realisation::find(c, action))?;
        match found {
            Some(Realisation { output: Output::Pinned(_), blob: Some(blob), .. })
                if self.contains(&blob)? =>
            {
                Ok(Some(blob))
            }
            _ => Ok(None),
        }
    }

    /// How a realised action described itself.
    pub fn description(&self, action: &ActionDigest) -> Result<Option<Vec<u8>>> {
        let found = self.database().read(|c| Realisation::find(c, action))?;
        Ok(found.map(|r| r.description))
    }

    /// The actions that yielded a blob: what to execute again to repair it.
    pub fn producers(&self, digest: &Digest) -> Result<Vec<ActionDigest>> {
        self.database().read(|c| {
            c.prepare_cached("SELECT action FROM realisation WHERE blob = ?1 ORDER BY id")?
                .query_map([digest.as_bytes()], |row| row.get(0).map(ActionDigest::from_bytes))?
                .collect()
        })
    }
}

impl Realisation {
    /// The realisation of an action, unless its row is damaged.
    fn find(connection: &Connection, action: &ActionDigest) -> rusqlite::Result<Option<Self>> {
        const FIND: &str =
            "SELECT action, output, blob, description, seal FROM realisation WHERE action = ?1";
        let found = connection.prepare_cached(FIND)?.query_row([action.as_bytes()], Self::read).optional()?;
        Ok(found.flatten().filter(|r| r.action == *action))
    }

    /// Reads a row; `None` when its checksum is wrong.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Some(output) = Output::from_bytes(&row.get(1)?) else {
            return Ok(None);
        };
        let realisation = Self {
            action: ActionDigest::from_bytes(row.get(0)?),
            output,
            blob: row.get::<_, Option<_>>(2)?.map(Digest::from_bytes),
            description: row.get(3)?,
        };
        Ok((realisation.seal() == row.get::<_, i64>(4)?).then_some(realisation))
    }

    fn insert(mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.blob.is_none() && matches!(self.output, Output::Pinned(_)) {
            self.blob = Self::find(transaction, &self.action)?.and_then(|known| known.blob);
        }
        transaction
            .prepare_cached(
                "INSERT INTO realisation (action, output, blob, description, seal)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (action) DO UPDATE SET output = excluded.output, blob = excluded.blob,
                    description = excluded.description, seal = excluded.seal",
            )?
            .execute((
                self.action.as_bytes(),
                self.output.to_bytes(),
                self.blob.as_ref().map(Digest::as_bytes),
                &self.description,
                self.seal(),
            ))?;
        Ok(())
    }

    /// A checksum over the row.
    fn seal(&self) -> i64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.action.as_bytes());
        hasher.update(&self.output.to_bytes());
        hasher.update(self.blob.as_ref().map_or(&[], |blob| blob.as_bytes()));
        hasher.update(&self.description);
        let hash = hasher.finalize();
        let head = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
        i64::from_le_bytes(*head)
    }
}
