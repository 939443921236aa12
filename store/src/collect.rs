//! Collection: removes what no root keeps.

use std::collections::HashSet;

use camino::Utf8Path;
use rusqlite::Transaction;

use crate::digest::{ActionDigest, Digest, Output};
use crate::error::{Result, StoreError};
use crate::file;
use crate::realisation::Realisation;
use crate::root::RootRow;
use crate::shelves::Shelves;
use crate::store::Store;

/// Roots that collection never drops: what hosts run.
const KEPT_FOR_EVER: &str = "applied/";

/// What a collection removed, or would remove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    pub roots: u64,
    pub realisations: u64,
    pub blobs: u64,
    /// The bytes of the blobs.
    pub bytes: u64,
}

/// Keeps the last `keep` roots of every name, all those below `applied/`, and what they need; removes the rest, with
/// unfinished writes, partial downloads and the quarantine. Needs the store alone, unless it is a `dry_run`.
///
/// Rows go first, in one transaction, and files after: a collection killed between leaves files that no row names, and
/// the next one removes them.
pub fn collect(root: &Utf8Path, keep: usize, dry_run: bool) -> Result<Collected> {
    if dry_run {
        let store = Store::open(root)?;
        return Ok(Sweep::plan(&store, keep)?.collected());
    }
    let store = Store::open_alone(root)?;
    // Before all else, because it may be what a full disk needs.
    for folder in [
        store.layout().tmp(),
        store.layout().partial(),
        store.layout().quarantine(),
        store.layout().transfer_locks(),
    ] {
        clear(&folder)?;
    }
    let sweep = Sweep::plan(&store, keep)?;
    match store.database().write(|t| sweep.delete_rows(t)) {
        // Deleting rows needs room for their log. What is to go is a miss already, so its files may go before.
        Err(StoreError::Full { .. }) => {
            sweep.remove_files(&store)?;
            store.database().write(|t| sweep.delete_rows(t))?;
        }
        result => result?,
    }
    sweep.remove_files(&store)?;
    store.database().compact()?;
    Ok(sweep.collected())
}

/// What the kept roots need.
#[derive(Default)]
struct Marked {
    actions: HashSet<ActionDigest>,
    blobs: HashSet<Digest>,
}

/// What is to go.
#[derive(Default)]
struct Sweep {
    roots: Vec<RootRow>,
    realisations: Vec<i64>,
    blobs: Vec<(i64, u64)>,
    files: Shelves,
}

impl Marked {
    /// Marks a root's record and what it lists; `false` when the record is lost, and with it all that the root is for.
    fn root(&mut self, store: &Store, root: &RootRow) -> Result<bool> {
        if self.blobs.contains(&root.record) {
            return Ok(true);
        }
        let Ok(Some(record)) = store.record(&root.record) else {
            return Ok(false);
        };
        self.blobs.insert(root.record);
        for entry in record.entries {
            self.actions.insert(entry.action);
            match entry.output {
                Output::Public(digest) => _ = self.blobs.insert(digest),
                Output::Pinned(action) => _ = self.actions.insert(action),
                Output::Secret(_) => {}
            }
        }
        Ok(true)
    }
}

impl Sweep {
    fn plan(store: &Store, keep: usize) -> Result<Self> {
        let mut sweep = Self::default();
        let mut marked = Marked::default();
        sweep.mark_roots(store, keep, &mut marked)?;
        sweep.find_realisations(store, &mut marked)?;
        sweep.find_blobs(store, &marked)?;
        Ok(sweep)
    }

    fn mark_roots(&mut self, store: &Store, keep: usize, marked: &mut Marked) -> Result<()> {
        let mut of_this_name = 0;
        let mut last_name = None;
        for root in store.roots(None)? {
            if last_name.as_ref() != Some(&root.name) {
                last_name = Some(root.name.clone());
                of_this_name = 0;
            }
            of_this_name += 1;
            let kept = of_this_name <= keep || root.name.starts_with(KEPT_FOR_EVER);
            if !kept || !marked.root(store, &root)? {
                self.roots.push(root);
            }
        }
        Ok(())
    }

    fn find_realisations(&mut self, store: &Store, marked: &mut Marked) -> Result<()> {
        let rows = store.database().read(|c| {
            c.prepare("SELECT action, output, blob, description, seal, id FROM realisation")?
                .query_map([], |row| {
                    let live = Realisation::read(row)?.filter(|r| marked.actions.contains(&r.action));
                    Ok((row.get::<_, i64>(5)?, live.map(|r| r.blob)))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        for (id, live) in rows {
            match live {
                Some(blob) => marked.blobs.extend(blob),
                None => self.realisations.push(id),
            }
        }
        Ok(())
    }

    fn find_blobs(&mut self, store: &Store, marked: &Marked) -> Result<()> {
        let rows = store.database().read(|c| {
            c.prepare("SELECT id, digest, size FROM blob")?
                .query_map([], |row| {
                    let digest = Digest::from_bytes(row.get(1)?);
                    Ok((row.get::<_, i64>(0)?, digest, row.get::<_, u64>(2)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut named = HashSet::new();
        for (id, digest, size) in rows {
            if marked.blobs.contains(&digest) {
                named.insert(digest);
            } else {
                self.blobs.push((id, size));
            }
        }
        self.files = Shelves::look(store.layout())?;
        self.files.blobs.retain(|(digest, _)| !named.contains(digest));
        Ok(())
    }

    fn delete_rows(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut root = transaction.prepare("DELETE FROM root WHERE name = ?1 AND number = ?2")?;
        for r in &self.roots {
            root.execute((&r.name, r.number))?;
        }
        let mut realisation = transaction.prepare("DELETE FROM realisation WHERE id = ?1")?;
        for id in &self.realisations {
            realisation.execute([id])?;
        }
        let mut blob = transaction.prepare("DELETE FROM blob WHERE id = ?1")?;
        for (id, _) in &self.blobs {
            blob.execute([id])?;
        }
        Ok(())
    }

    fn remove_files(&self, store: &Store) -> Result<()> {
        for (digest, _) in &self.files.blobs {
            file::remove(&store.layout().blob(digest))?;
        }
        for path in &self.files.strays {
            file::remove_all(path)?;
        }
        Ok(())
    }

    fn collected(&self) -> Collected {
        Collected {
            roots: self.roots.len() as u64,
            realisations: self.realisations.len() as u64,
            blobs: self.blobs.len() as u64,
            bytes: self.blobs.iter().map(|(_, size)| size).sum(),
        }
    }
}

fn clear(folder: &Utf8Path) -> Result<()> {
    for entry in file::entries(folder)? {
        file::remove_all(&entry.path)?;
    }
    Ok(())
}
