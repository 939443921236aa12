//! An open store.

use std::fs;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::Access as Permission;

use crate::access::Access;
use crate::database::Database;
use crate::error::{At as _, Result, StoreError};
use crate::file;
use crate::layout::Layout;
use crate::lock::{Lock, holders};

/// An open store; a clone is the same one.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// Fields are dropped in order: the lock outlives the database.
#[derive(Debug)]
struct Inner {
    layout: Layout,
    access: Access,
    database: Database,
    set_aside: Option<Utf8PathBuf>,
    _lock: Option<Lock>,
}

impl Store {
    /// Opens the store in a folder, creating what is absent, and keeps collection out until it is dropped; waits while a
    /// collection runs. A damaged database is set aside, and [`Store::set_aside`] says so.
    pub fn open(root: &Utf8Path) -> Result<Self> {
        let layout = Layout::new(root);
        match access(root)? {
            Access::ReadWrite => Self::open_writable(layout),
            Access::ReadOnly => Self::open_read_only(layout),
        }
    }

    /// Opens a store while nobody else has it open, and keeps everybody out until it is dropped.
    pub(crate) fn open_alone(root: &Utf8Path) -> Result<Self> {
        let layout = Layout::new(root);
        if access(root)? == Access::ReadOnly {
            return Err(read_only(&layout));
        }
        create(&layout)?;
        let setup = Lock::exclusive(&layout.setup_lock(), |_| {})?;
        let lock = lock_alone(&layout)?;
        drop(setup);
        let mut set_aside = None;
        let database = loop {
            match sound_database(&layout)? {
                Some(database) => break database,
                None => set_aside = rebuild(&layout)?,
            }
        };
        Ok(Self::new(layout, Access::ReadWrite, database, set_aside, Some(lock)))
    }

    fn open_writable(layout: Layout) -> Result<Self> {
        create(&layout)?;
        let mut set_aside = None;
        loop {
            {
                let _looking = Lock::shared(&layout.setup_lock(), true)?;
                let lock = Lock::shared(&layout.store_lock(), true)?;
                if let Some(database) = sound_database(&layout)? {
                    return Ok(Self::new(layout, Access::ReadWrite, database, set_aside, lock));
                }
            }
            let _setup = Lock::exclusive(&layout.setup_lock(), |_| {})?;
            // Unless another process was quicker, and may have the store open by now.
            if sound_database(&layout)?.is_none() {
                let _alone = lock_alone(&layout)?;
                set_aside = rebuild(&layout)?;
            }
        }
    }

    fn open_read_only(layout: Layout) -> Result<Self> {
        if !layout.holds_store()? {
            return Err(read_only(&layout));
        }
        let lock = Lock::shared(&layout.store_lock(), false)?;
        let database = Database::open(&layout, Access::ReadOnly)?.ok_or_else(|| read_only(&layout))?;
        Ok(Self::new(layout, Access::ReadOnly, database, None, lock))
    }

    fn new(
        layout: Layout,
        access: Access,
        database: Database,
        set_aside: Option<Utf8PathBuf>,
        lock: Option<Lock>,
    ) -> Self {
        let inner = Inner { layout, access, database, set_aside, _lock: lock };
        Self { inner: Arc::new(inner) }
    }

    pub fn access(&self) -> Access {
        self.inner.access
    }

    pub fn root(&self) -> &Utf8Path {
        self.inner.layout.root()
    }

    /// Takes the store from those whom this mode, of a file, does not let read: what is put into it from now on may be
    /// nothing for them.
    pub fn restrict(&self, mode: u32) {
        let folder = mode | (mode & 0o444) >> 2;
        file::restrict(self.root(), folder);
        let path = self.layout().database();
        for suffix in ["", "-wal", "-shm"] {
            file::restrict(&Utf8PathBuf::from(format!("{path}{suffix}")), mode);
        }
    }

    /// Where a damaged database was put when this store was opened: a warning worth printing.
    pub fn set_aside(&self) -> Option<&Utf8Path> {
        self.inner.set_aside.as_deref()
    }

    /// Where a resumable download keeps what it has so far; `name` is a plain file name.
    pub fn partial_path(&self, name: &str) -> Utf8PathBuf {
        self.layout().partial().join(name)
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.inner.access == Access::ReadWrite
    }

    /// Says no where nothing can be written, before any work is done for it.
    pub fn require_write(&self) -> Result<()> {
        if self.is_writable() {
            return Ok(());
        }
        Err(read_only(self.layout()))
    }
}

fn read_only(layout: &Layout) -> StoreError {
    StoreError::ReadOnly { root: layout.root().to_owned() }
}

/// Creates the root when it is absent, and says whether it and the database can be written.
fn access(root: &Utf8Path) -> Result<Access> {
    if !root.is_dir() {
        file::create_folder(root)?;
    }
    for path in [root.to_owned(), Layout::new(root).database()] {
        match rustix::fs::access(path.as_std_path(), Permission::WRITE_OK) {
            Ok(()) => {}
            Err(e) if io::Error::from(e).kind() == io::ErrorKind::NotFound => {}
            Err(_) => return Ok(Access::ReadOnly),
        }
    }
    Ok(Access::ReadWrite)
}

/// Creates the version file and the folders where they are absent.
fn create(layout: &Layout) -> Result<()> {
    if !layout.holds_store()? {
        let _setup = Lock::exclusive(&layout.setup_lock(), |_| {})?;
        if !layout.holds_store()? {
            layout.write_version()?;
        }
    }
    layout.create_folders()
}

/// The database, unless it is absent, empty, damaged, marked as damaged, or elsewhere.
fn sound_database(layout: &Layout) -> Result<Option<Database>> {
    let path = layout.database();
    if let Some(kind) = file::no_file(&path) {
        let refused = io::Error::new(io::ErrorKind::InvalidInput, format!("it is {kind}; remove it"));
        return Err(refused).at("open", &path);
    }
    if layout.damaged().exists() {
        return Ok(None);
    }
    match Database::open(layout, Access::ReadWrite) {
        Err(StoreError::Damaged { .. }) => Ok(None),
        result => result,
    }
}

/// The exclusive store lock. The caller holds the setup lock, which whoever opens a store shares while it looks: so only
/// those who really have it open are in the way.
fn lock_alone(layout: &Layout) -> Result<Lock> {
    let path = layout.store_lock();
    Lock::try_exclusive(&path)?
        .ok_or_else(|| StoreError::Busy { root: layout.root().to_owned(), holder: holders(&path) })
}

/// Replaces an absent or damaged database, and says where the damaged one is now. The caller has the store alone.
fn rebuild(layout: &Layout) -> Result<Option<Utf8PathBuf>> {
    let mut set_aside = set_aside(layout, false)?;
    match Database::create(layout) {
        // It has lost its tables and looks as if it had never had any, and it is not what an empty one is.
        Err(StoreError::Damaged { .. }) => {
            set_aside = self::set_aside(layout, true)?;
            Database::create(layout)?;
        }
        created => created?,
    }
    file::sync_folder(layout.root())?;
    Ok(set_aside)
}

/// Moves the database with its log into quarantine: whatever it is, or unless it is absent or was never filled.
fn set_aside(layout: &Layout, whatever: bool) -> Result<Option<Utf8PathBuf>> {
    let path = layout.database();
    let mut moved = None;
    if whatever || !matches!(Database::open(layout, Access::ReadWrite), Ok(None)) {
        let folder = tempfile::Builder::new()
            .prefix("database-")
            .tempdir_in(layout.quarantine())
            .at("create a folder in", &layout.quarantine())?
            .keep();
        let folder = Utf8PathBuf::from_path_buf(folder).expect("a store's path is UTF-8");
        for suffix in ["", "-wal", "-shm"] {
            let from = Utf8PathBuf::from(format!("{path}{suffix}"));
            if from.exists() {
                let to = folder.join(format!("store.db{suffix}"));
                fs::rename(&from, &to).at("set aside", &from)?;
            }
        }
        moved = Some(folder);
    }
    file::remove(&layout.damaged())?;
    Ok(moved)
}
