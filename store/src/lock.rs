//! Locks between processes: flock(2) on files, freed by the kernel when their holder dies.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::process;

use camino::Utf8Path;

use crate::error::{At as _, Result};
use crate::file;

/// A held lock on a file, which may be of something else than a store; freed on drop.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing alone would leave the lock to a child that another thread has forked and that has not yet executed its
    /// program, which closes the file there.
    fn drop(&mut self) {
        // Then closing has to do.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Shares a lock, waiting while it is held exclusively. Works on a read-only file too; where there is none and none
    /// can be made, nobody else can write either, and there is nothing to lock against.
    pub(crate) fn shared(path: &Utf8Path, writable: bool) -> Result<Option<Self>> {
        let file = if writable {
            open(path)?
        } else {
            match File::open(path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                file => file.at("open", path)?,
            }
        };
        uninterrupted(|| file.lock_shared()).at("lock", path)?;
        Ok(Some(Self { file }))
    }

    /// Takes a lock exclusively, or says that it is held.
    pub(crate) fn try_exclusive(path: &Utf8Path) -> Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self::named(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e).at("lock", path),
        }
    }

    /// Takes a lock exclusively; waits for it after telling `waiting` who holds it.
    pub fn exclusive(path: &Utf8Path, waiting: impl FnOnce(&str)) -> Result<Self> {
        if let Some(lock) = Self::try_exclusive(path)? {
            return Ok(lock);
        }
        waiting(&written_holder(path));
        let file = open(path)?;
        uninterrupted(|| file.lock()).at("lock", path)?;
        Ok(Self::named(file))
    }

    /// The holder's name is a courtesy to whoever waits: failing to write it must not fail the lock.
    fn named(mut file: File) -> Self {
        let program = env::args_os().next().unwrap_or_default();
        let name = format!("{}\n", holder(process::id(), &program.to_string_lossy()));
        let _ = file.set_len(0).and_then(|()| file.write_all(name.as_bytes()));
        Self { file }
    }
}

/// A process by its number and its program. Its arguments are nobody else's business.
fn holder(process: u32, program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or_default();
    format!("process {process} ({name})")
}

fn open(path: &Utf8Path) -> Result<File> {
    match file::open_own(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().expect("a lock lies in a folder");
            file::create_folder(folder)?;
            file::open_own(path)
        }
        file => file,
    }
    .at("open", path)
}

fn uninterrupted(mut lock: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match lock() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Who holds an exclusive lock, by what it wrote there.
fn written_holder(path: &Utf8Path) -> String {
    let mut name = String::new();
    let read = File::open(path).and_then(|f| f.take(4096).read_to_string(&mut name));
    match (read, name.trim()) {
        (Ok(_), name) if !name.is_empty() => name.to_owned(),
        _ => "another process".to_owned(),
    }
}

/// Who holds a lock in whatever way, as far as the kernel tells.
pub(crate) fn holders(path: &Utf8Path) -> String {
    let names: Vec<_> = holding_processes(path)
        .into_iter()
        .map(|pid| match fs::read(format!("/proc/{pid}/cmdline")) {
            Ok(line) => holder(pid, String::from_utf8_lossy(&line).split('\0').next().unwrap_or_default()),
            Err(_) => format!("process {pid}"),
        })
        .collect();
    if names.is_empty() {
        return "another process".to_owned();
    }
    names.join(", ")
}

/// Lines of /proc/locks read `1: FLOCK ADVISORY READ <pid> <major>:<minor>:<inode> …`, and those of waiters `1: -> …`.
fn holding_processes(path: &Utf8Path) -> Vec<u32> {
    let (Ok(table), Ok(file)) = (fs::read_to_string("/proc/locks"), fs::metadata(path)) else {
        return Vec::new();
    };
    let inode = format!(":{}", file.ino());
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let here =
                fields.get(1) == Some(&"FLOCK") && fields.get(5).is_some_and(|id| id.ends_with(&inode));
            here.then(|| fields[4].parse().ok()).flatten()
        })
        .filter(|pid| *pid != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_names_its_holder_and_is_freed_on_drop() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("a/lock");
        let held = Lock::try_exclusive(&path).unwrap().unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        let program = env::current_exe().unwrap();
        let program = program.file_name().unwrap().to_str().unwrap();
        let name = format!("process {} ({program})", process::id());
        assert_eq!(written_holder(&path), name);
        // In a process namespace the kernel may not tell.
        assert!([&name, "another process"].contains(&holders(&path).as_str()));
        drop(held);
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn a_shared_lock_is_shared_but_excludes_an_exclusive_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("lock");
        assert!(Lock::shared(&path, false).unwrap().is_none());
        let first = Lock::shared(&path, true).unwrap();
        let second = Lock::shared(&path, false).unwrap();
        assert!(first.is_some() && second.is_some());
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
    }
}
