//! The SQLite database: its schema, its connections, and what its errors mean.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::access::Access;
use crate::error::{Result, StoreError};
use crate::file;
use crate::layout::{FORMAT, Layout};

/// "kthw" as SQLite's application id.
const APPLICATION: i32 = 0x6b74_6877;

/// How long a write waits for those of other processes. They take milliseconds, so this is for a stopped process.
const PATIENCE: Duration = Duration::from_secs(600);

/// Tables with large rows keep them in order of insertion, with the random digests in an index beside, so that a
/// batch of rows fills pages one after the other.
const SCHEMA: &str = "
    CREATE TABLE blob (
        id      INTEGER PRIMARY KEY,
        digest  BLOB NOT NULL UNIQUE,
        sha256  BLOB NOT NULL,
        size    INTEGER NOT NULL,
        bytes   BLOB                    -- NULL: in a file
    ) STRICT;
    CREATE INDEX blob_in_file ON blob (digest, size) WHERE bytes IS NULL;

    CREATE TABLE realisation (
        id          INTEGER PRIMARY KEY,
        action      BLOB NOT NULL UNIQUE,
        output      BLOB NOT NULL,
        blob        BLOB,               -- what the output's bytes are, where they are known and may be stored
        description BLOB NOT NULL,
        seal        INTEGER NOT NULL    -- a checksum of the row: nothing else would notice a changed output
    ) STRICT;

    CREATE TABLE root (
        name    TEXT NOT NULL,
        number  INTEGER NOT NULL,
        record  BLOB NOT NULL,
        created INTEGER NOT NULL,
        PRIMARY KEY (name, number)
    ) STRICT, WITHOUT ROWID;
";

/// The connections of one process to the database of a store.
#[derive(Debug)]
pub(crate) struct Database {
    layout: Layout,
    access: Access,
    /// Idle connections; a reader takes one or opens one, so that no reader waits for another.
    idle: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
}

/// What the file turned out to be.
enum Identity {
    Ours,
    Empty,
    Other(String),
}

impl Database {
    /// Opens a database that is there and sound; `None` when it is empty.
    pub(crate) fn open(layout: &Layout, access: Access) -> Result<Option<Self>> {
        let database =
            Self { layout: layout.clone(), access, idle: Mutex::default(), writer: Mutex::default() };
        match database.read(identity)? {
            Identity::Ours => Ok(Some(database)),
            Identity::Empty => Ok(None),
            Identity::Other(reason) => Err(StoreError::Damaged { path: layout.database(), reason }),
        }
    }

    /// Fills an empty database. The caller holds the setup lock: two processes that switch to WAL at once would fail.
    pub(crate) fn create(layout: &Layout) -> Result<()> {
        let path = layout.database();
        let create = || -> rusqlite::Result<()> {
            let mut connection = connect(&path, Access::ReadWrite)?;
            // Certificates and units fit a page of this size without overflowing into others.
            connection.pragma_update(None, "page_size", 8192)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()
        };
        create().map_err(|e| failure(&path, "create", e))
    }

    /// Runs a query; it sees the state of its own moment and waits for no writer.
    pub(crate) fn read<T>(&self, query: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let connection = match lock(&self.idle).pop() {
            Some(connection) => connection,
            None => self.settled(|| connect(&self.path(), self.access), "open")?,
        };
        let result = self.settled(|| query(&connection), "read");
        lock(&self.idle).push(connection);
        result
    }

    /// Runs one transaction; when this returns, its outcome is durable.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut writer = lock(&self.writer);
        if writer.is_none() {
            *writer = Some(self.settled(|| connect(&self.path(), self.access), "open")?);
        }
        let connection = writer.as_mut().expect("it was opened just now");
        let run = || -> rusqlite::Result<T> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = change(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        run().map_err(|e| self.failure("write", e))
    }

    /// Gives freed space back to the file system. Only for the holder of the exclusive store lock.
    pub(crate) fn compact(&self) -> Result<()> {
        let writer = lock(&self.writer);
        let Some(connection) = writer.as_ref() else {
            return Ok(());
        };
        let compact = || -> rusqlite::Result<()> {
            let count = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            if count("freelist_count")? * 4 > count("page_count")? {
                connection.execute_batch("VACUUM")?;
            }
            Ok(())
        };
        match compact() {
            // It needs room for a second copy; without it, the space is reused instead.
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(()),
            result => result.map_err(|e| self.failure("compact", e)),
        }
    }

    fn path(&self) -> Utf8PathBuf {
        self.layout.database()
    }

    /// Repeats while another process recovers or closes the database, which SQLite reports as busy without waiting.
    fn settled<T>(&self, run: impl Fn() -> rusqlite::Result<T>, action: &'static str) -> Result<T> {
        let step = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        loop {
            match run() {
                Err(e) if is_busy(&e) && waited < PATIENCE => {
                    thread::sleep(step);
                    waited += step;
                }
                result => return result.map_err(|e| self.failure(action, e)),
            }
        }
    }

    /// Has the next opening set the database aside.
    pub(crate) fn mark_damaged(&self, reason: String) -> StoreError {
        if self.access == Access::ReadWrite {
            // Without the mark the next run meets the same damage and says the same.
            let _ = file::replace(&self.layout.damaged(), b"", 0o644);
        }
        StoreError::Damaged { path: self.path(), reason }
    }

    /// Names the error; a damaged database is marked, so that the next opening sets it aside.
    fn failure(&self, action: &'static str, error: rusqlite::Error) -> StoreError {
        match failure(&self.path(), action, error) {
            StoreError::Damaged { reason, .. } => self.mark_damaged(reason),
            error => error,
        }
    }
}

/// A panic elsewhere leaves a connection as usable as before: SQLite rolls back what was not committed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Utf8Path, access: Access) -> rusqlite::Result<Connection> {
    let connection = match access {
        Access::ReadWrite => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
        }
        Access::ReadOnly => connect_read_only(path)?,
    };
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA cache_size = -16384;
         PRAGMA wal_autocheckpoint = 2000;
         PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// A WAL database in a folder that cannot be written is readable only beside the files of a writer; when there are none,
/// nobody writes, and it may be read as a file that does not change.
fn connect_read_only(path: &Utf8Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    match identity(&connection) {
        Err(e) if matches!(e.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) => {
            let uri = format!("file:{}?immutable=1", uri_path(path));
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        Err(e) => Err(e),
        Ok(_) => Ok(connection),
    }
}

fn uri_path(path: &Utf8Path) -> String {
    path.as_str().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let found = (pragma("application_id")?, pragma("user_version")?);
    Ok(match found {
        _ if tables == 0 => Identity::Empty,
        found if found == (APPLICATION.into(), FORMAT.into()) => Identity::Ours,
        (application, version) => Identity::Other(format!(
            "application id {application:#x} and version {version} are not those of a store"
        )),
    })
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn failure(path: &Utf8Path, action: &'static str, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { action, path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged { path, reason: error.to_string() }
        }
        _ if is_cut_short(&error) => StoreError::Damaged { path, reason: "it ends too early".to_owned() },
        _ if is_out_of_space(&error) => StoreError::Full { action, path },
        _ if is_foreign_schema(&error) => StoreError::Damaged { path, reason: error.to_string() },
        _ => StoreError::Database { path, source: Box::new(error) },
    }
}

/// Growing the shared-memory file is where SQLite reports a full disk as a plain I/O error.
fn is_out_of_space(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// A page that the file no longer has.
fn is_cut_short(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ)
}

/// The statements are constant and fit the schema, so a statement or a value that does not fit means a changed file.
fn is_foreign_schema(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, SqlInputError,
    };
    match error {
        FromSqlConversionFailure(..)
        | IntegralValueOutOfRange(..)
        | InvalidColumnType(..)
        | SqlInputError { .. } => true,
        _ => error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_ERROR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_marks_of_a_uri_keeps_them() {
        assert_eq!(uri_path("/a b/50%?#".into()), "/a b/50%25%3f%23");
    }
}
