//! Files, with their path in every error.

#![expect(clippy::disallowed_methods, reason = "this is the home of file access")]

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {error}")]
pub struct FileError {
    action: &'static str,
    path: Utf8PathBuf,
    error: std::io::Error,
}

impl FileError {
    /// Whether the file was read and is not what it should be.
    pub fn is_content(&self) -> bool {
        self.error.kind() == ErrorKind::InvalidData
    }

    fn new<'a>(action: &'static str, path: &'a Utf8Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |error| Self { action, path: path.to_owned(), error }
    }
}

/// The text of a file; `None` if there is no such file.
pub fn read_text(path: &Utf8Path) -> Result<Option<String>, FileError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let not_text = || std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text");
    let text = String::from_utf8(bytes).map_err(|_| not_text());
    text.map(Some).map_err(FileError::new("read", path))
}

/// The bytes of a small file; `None` if there is none.
pub fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::new("read", path)(error)),
    }
}

/// Whether there is anything at this path.
pub fn exists(path: &Utf8Path) -> bool {
    path.exists()
}

pub fn is_folder(path: &Utf8Path) -> bool {
    path.is_dir()
}

/// Opens a regular file to read it; `None` if there is none.
pub fn open(path: &Utf8Path) -> Result<Option<File>, FileError> {
    match File::open(path) {
        Ok(_) if !path.is_file() => Ok(None),
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_read(path)(error)),
    }
}

/// What went wrong while an open file was read.
pub fn cannot_read(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    FileError::new("read", path)
}

/// Creates a folder unless it is there, and sees whether files can be made in it.
pub fn ensure_writable(folder: &Utf8Path) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(FileError::new("create", folder))?;
    tempfile::tempfile_in(folder).map(drop).map_err(FileError::new("write to", folder))
}

/// Writes a whole file or nothing. Parents are created.
pub fn write(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    fill(path, mode, |file| file.write_all(bytes).map_err(FileError::new("write", path)))
}

/// Writes a whole file or nothing, of which a crash may lose the latest. It takes the place of a link, too.
pub fn write_cheaply(path: &Utf8Path, bytes: &[u8]) -> Result<(), FileError> {
    create_parent(path)?;
    let near = path.with_file_name(format!(".kthw-{}", path.file_name().unwrap_or_default()));
    std::fs::write(&near, bytes).map_err(FileError::new("write", &near))?;
    std::fs::rename(&near, path).map_err(FileError::new("write", path))
}

/// Has a whole file filled or nothing: a neighbour first, then renamed over. Parents are created.
pub fn fill<E: From<FileError>>(
    path: &Utf8Path,
    mode: u32,
    content: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    create_parent(path)?;
    let folder = path.parent().filter(|p| !p.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let permissions = || std::fs::Permissions::from_mode(mode);
    let created = tempfile::Builder::new().prefix(".kthw-").permissions(permissions()).tempfile_in(folder);
    let mut file = created.map_err(FileError::new("write", path))?;
    content(file.as_file_mut())?;
    let place = || -> std::io::Result<()> {
        // The umask may have taken bits away; outputs do not depend on it.
        file.as_file().set_permissions(permissions())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    Ok(place().map_err(FileError::new("write", path))?)
}

/// Creates a file that must not exist yet; `false` if it does.
pub fn create(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<bool, FileError> {
    create_parent(path)?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    match opened {
        Ok(mut file) => {
            let written = file.write_all(bytes).and_then(|()| file.sync_all());
            written.map(|()| true).map_err(FileError::new("write", path))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(FileError::new("create", path)(error)),
    }
}

/// The same path from wherever one looks, where that can be told.
pub fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    camino::absolute_utf8(path).unwrap_or_else(|_| path.to_owned())
}

/// Where a path leads once every link is followed, as far as there is anything.
pub fn resolved(path: &Utf8Path) -> Utf8PathBuf {
    let path = absolute(path);
    let found = path.ancestors().find_map(|there| Some((there, there.canonicalize_utf8().ok()?)));
    match found {
        Some((there, real)) => real.join(path.strip_prefix(there).expect("it is an ancestor")),
        None => path,
    }
}

/// The permission bits of a file.
pub fn mode(path: &Utf8Path) -> Result<u32, FileError> {
    let stat = std::fs::metadata(path).map_err(FileError::new("read", path))?;
    Ok(stat.permissions().mode() & 0o7777)
}

/// Every regular file below a folder, as sorted relative paths; none where there is no such folder.
pub fn list(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, FileError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = match next.read_dir_utf8() {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(FileError::new("list", &next)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(FileError::new("list", &next))?;
            let path = entry.path().to_owned();
            let kind = entry.file_type().map_err(FileError::new("list", &path))?;
            if kind.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("it was listed below").to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The names of the folders in a folder, sorted; none where there is no such folder.
pub fn folders(folder: &Utf8Path) -> Result<Vec<String>, FileError> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::new("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FileError::new("list", folder))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Creates a folder with a mode, and its parents with their usual ones. One that is there keeps its own.
pub fn create_folder(path: &Utf8Path, mode: u32) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path).map_err(FileError::new("create", path))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(FileError::new("protect", path))
}

/// Removes a folder, if it is there and nothing is in it.
pub fn remove_empty_folder(path: &Utf8Path) -> Result<(), FileError> {
    match std::fs::remove_dir(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
            Err(FileError::new("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a file, if it is there.
pub fn remove_file(path: &Utf8Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::new("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Whether this user may read and write what is at a path, such as a device.
pub fn is_usable(path: &Utf8Path) -> bool {
    OpenOptions::new().read(true).write(true).open(path).is_ok()
}

/// Removes a file, and the folders that it leaves empty, up to `top`.
pub fn remove(top: &Utf8Path, relative: &Utf8Path) -> Result<(), FileError> {
    let path = top.join(relative);
    std::fs::remove_file(&path).map_err(FileError::new("remove", &path))?;
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != top) {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

/// What tells one build of this program from another, without reading all of it.
pub fn program_identity() -> String {
    use std::os::unix::fs::MetadataExt;
    let stat = std::env::current_exe().and_then(std::fs::metadata);
    stat.map_or_else(
        |_| String::new(),
        |s| {
            format!(
                "{}:{} {} {}.{} {}.{}",
                s.dev(),
                s.ino(),
                s.size(),
                s.mtime(),
                s.mtime_nsec(),
                s.ctime(),
                s.ctime_nsec()
            )
        },
    )
}

fn create_parent(path: &Utf8Path) -> Result<(), FileError> {
    match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).map_err(FileError::new("create", parent)),
        None => Ok(()),
    }
}
