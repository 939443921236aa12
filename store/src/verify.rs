//! Verification: every byte of a store against its name.

use std::fmt;

use camino::Utf8PathBuf;

use crate::blob::{find, in_files};
use crate::digest::{ActionDigest, Digest, Sha256};
use crate::error::{At as _, Result, StoreError};
use crate::file;
use crate::hashing::{Hashing, feed_all};
use crate::realisation::Realisation;
use crate::shelves::Shelves;
use crate::store::Store;
use crate::written::Written;

/// Something in a store that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A blob whose file is gone.
    Missing(Digest),
    /// A blob with other bytes than its digest says.
    Changed(Digest),
    /// The row of a realisation fails its checksum.
    Realisation(ActionDigest),
    /// A root whose record is gone or damaged.
    Root { name: String, number: u64 },
    /// Something in `blobs/` that is not a blob: a wrong name, a link, a folder. Collection removes it.
    Stray(Utf8PathBuf),
    /// The database contradicts itself; the next opening sets it aside.
    Database(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(digest) => write!(f, "{digest} is missing"),
            Self::Changed(digest) => write!(f, "{digest} is changed"),
            Self::Realisation(action) => write!(f, "the realisation of {action} is changed"),
            Self::Root { name, number } => write!(f, "the record of root {name} {number} is lost"),
            Self::Stray(path) => write!(f, "{path} is no blob"),
            Self::Database(reason) => write!(f, "the database is damaged: {reason}"),
        }
    }
}

impl Store {
    /// Reads everything again and reports what is not as it was written, changing nothing. `progress` is told the bytes
    /// read and those to be read.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Damage>> {
        match self.verify_all(progress) {
            Err(StoreError::Damaged { reason, .. }) => Ok(vec![Damage::Database(reason)]),
            result => result,
        }
    }

    /// Removes what is damaged, so that it becomes a miss and can be made anew. Of a damaged database there is nothing to
    /// remove: the next opening sets it aside.
    pub fn forget(&self, damage: &Damage) -> Result<()> {
        match damage {
            Damage::Missing(digest) | Damage::Changed(digest) => self.discard(digest),
            Damage::Realisation(action) => {
                self.require_write()?;
                self.database().write(|t| {
                    t.execute("DELETE FROM realisation WHERE action = ?1", [action.as_bytes()]).map(drop)
                })
            }
            Damage::Root { name, number } => {
                self.require_write()?;
                self.database().write(|t| {
                    t.execute("DELETE FROM root WHERE name = ?1 AND number = ?2", (name, number)).map(drop)
                })
            }
            Damage::Stray(path) => {
                self.require_write()?;
                let name = path.file_name().unwrap_or("stray");
                let folder = tempfile::Builder::new()
                    .prefix("stray-")
                    .tempdir_in(self.layout().quarantine())
                    .at("create a folder in", &self.layout().quarantine())?
                    .keep();
                std::fs::rename(path, folder.join(name)).at("set aside", path)
            }
            Damage::Database(_) => Ok(()),
        }
    }

    fn verify_all(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Damage>> {
        self.check_database()?;
        let total = self
            .database()
            .read(|c| c.query_row("SELECT coalesce(sum(size), 0) FROM blob", [], |row| row.get(0)))?;
        let mut done = 0;
        let mut advance = |size| {
            done += size;
            progress(done, total);
        };
        let mut damage = self.verify_small(&mut advance)?;
        for (digest, size) in self.database().read(in_files)? {
            damage.extend(self.verify_file(&digest)?);
            advance(size);
        }
        damage.extend(self.verify_realisations()?);
        damage.extend(self.verify_roots(&damage)?);
        let shelves = Shelves::look(self.layout())?;
        damage.extend(shelves.strays.into_iter().map(Damage::Stray));
        Ok(damage)
    }

    fn check_database(&self) -> Result<()> {
        let answer: String =
            self.database().read(|c| c.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(self.database().mark_damaged(answer))
    }

    /// Blobs in the database, page by page so that no query lasts long.
    fn verify_small(&self, advance: &mut dyn FnMut(u64)) -> Result<Vec<Damage>> {
        let mut damage = Vec::new();
        let mut after = 0;
        loop {
            let page = self.database().read(|c| {
                c.prepare_cached(
                    "SELECT id, digest, sha256, size, bytes FROM blob
                     WHERE bytes IS NOT NULL AND id > ?1 ORDER BY id LIMIT 500",
                )?
                .query_map([after], |row| {
                    let written = Written {
                        digest: Digest::from_bytes(row.get(1)?),
                        sha256: Sha256::from_bytes(row.get(2)?),
                        size: row.get(3)?,
                    };
                    Ok((row.get::<_, i64>(0)?, written, row.get::<_, Vec<u8>>(4)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
            })?;
            let Some((last, _, _)) = page.last() else {
                return Ok(damage);
            };
            after = *last;
            for (_, written, bytes) in page {
                if Written::of(&bytes) != written {
                    damage.push(Damage::Changed(written.digest));
                }
                advance(written.size);
            }
        }
    }

    fn verify_file(&self, digest: &Digest) -> Result<Option<Damage>> {
        let Some(row) = self.row(digest)? else {
            return Ok(None);
        };
        let damage = match self.hash_file(digest)? {
            Some(found) if found == row => return Ok(None),
            Some(_) => Damage::Changed(*digest),
            None => Damage::Missing(*digest),
        };
        // Unless another process has found out meanwhile, and dropped the row.
        Ok(self.row(digest)?.map(|_| damage))
    }

    fn row(&self, digest: &Digest) -> Result<Option<Written>> {
        let found = self.database().read(|c| find(c, digest))?;
        Ok(found.map(|(size, sha256, _)| Written { digest: *digest, sha256, size }))
    }

    fn hash_file(&self, digest: &Digest) -> Result<Option<Written>> {
        let path = self.layout().blob(digest);
        let Some((mut file, _)) = file::open_regular(&path)? else {
            return Ok(None);
        };
        let mut hashing = Hashing::start().at("start hashing", &path)?;
        feed_all(&mut hashing, &mut file).at("read", &path)?;
        Ok(Some(hashing.finish()))
    }

    fn verify_realisations(&self) -> Result<Vec<Damage>> {
        self.database().read(|c| {
            c.prepare_cached("SELECT action, output, blob, description, seal FROM realisation")?
                .query_map([], |row| {
                    let sound = Realisation::read(row)?.is_some();
                    let action = ActionDigest::from_bytes(row.get(0)?);
                    Ok((!sound).then_some(Damage::Realisation(action)))
                })?
                .filter_map(rusqlite::Result::transpose)
                .collect()
        })
    }

    fn verify_roots(&self, damage: &[Damage]) -> Result<Vec<Damage>> {
        let mut lost = Vec::new();
        for root in self.roots(None)? {
            let changed = damage.contains(&Damage::Changed(root.record));
            if changed || self.record(&root.record)?.is_none() {
                lost.push(Damage::Root { name: root.name, number: root.number });
            }
        }
        Ok(lost)
    }
}
