//! Files, with their path in every error.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rustix::fs::{FileType, OFlags};

/// What is read as a whole is not larger: neither an input of a cluster nor a note of kthw's.
pub const MOST: u64 = 16 << 20;

/// How files begin that are being written.
const UNFINISHED: &str = ".kthw-";

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

    /// Whether it was written to somebody who stopped reading.
    pub fn is_unread(&self) -> bool {
        self.error.kind() == ErrorKind::BrokenPipe
    }

    pub(super) fn new<'a>(
        action: &'static str,
        path: &'a Utf8Path,
    ) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |error| Self { action, path: path.to_owned(), error }
    }
}

/// The text of a file; `None` if there is no such file.
pub fn read_text(path: &Utf8Path) -> Result<Option<String>, FileError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let not_text = || Error::new(ErrorKind::InvalidData, "it is not UTF-8 text");
    let text = String::from_utf8(bytes).map_err(|_| not_text());
    text.map(Some).map_err(FileError::new("read", path))
}

/// The bytes of a small file; `None` if there is none. A device or a FIFO, which may have no end or never begin, is refused
/// without being opened.
pub fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
    match open_regular(path) {
        Ok(file) => read_whole(file, path, MOST).map(Some),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(FileError::new("read", path)(error)),
    }
}

/// All of an open file, unless that is too much. What a file says of its own size may be wrong.
pub(super) fn read_whole(file: File, path: &Utf8Path, most: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let failed = FileError::new("read", path);
    match file.take(most + 1).read_to_end(&mut bytes) {
        Err(error) => Err(failed(error)),
        Ok(read) if read as u64 > most => {
            Err(failed(Error::new(ErrorKind::InvalidData, format!("it is larger than {} MiB", most >> 20))))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Opens what a path leads to, if that is a regular file.
pub(super) fn open_regular(path: &Utf8Path) -> std::io::Result<File> {
    // To open a device may already be to use it.
    require_regular(&std::fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    require_regular(&file.metadata()?)?;
    Ok(file)
}

fn require_regular(metadata: &std::fs::Metadata) -> std::io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let kind = match () {
        () if kind.is_dir() => FileType::Directory,
        () if kind.is_fifo() => FileType::Fifo,
        () if kind.is_socket() => FileType::Socket,
        () => FileType::CharacterDevice,
    };
    Err(Error::new(ErrorKind::InvalidData, kind_name(kind)))
}

/// What is in the place of a regular file.
pub(super) fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Directory => "it is a folder, and not a file",
        FileType::Fifo => "it is a FIFO, and not a file",
        FileType::Socket => "it is a socket, and not a file",
        _ => "it is a device, and not a file",
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether there is anything at this path.
pub fn exists(path: &Utf8Path) -> bool {
    path.exists()
}

pub fn is_folder(path: &Utf8Path) -> bool {
    path.is_dir()
}

/// What went wrong while an open file was written.
pub fn cannot_write(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    FileError::new("write", path)
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

/// Has a whole file filled or nothing: a neighbour first, then renamed over. Parents are created.
pub fn fill<E: From<FileError>>(
    path: &Utf8Path,
    mode: u32,
    content: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    create_parent(path)?;
    let folder = path.parent().filter(|p| !p.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let permissions = || std::fs::Permissions::from_mode(mode);
    let created = tempfile::Builder::new().prefix(UNFINISHED).permissions(permissions()).tempfile_in(folder);
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

/// Whether there is a link, wherever it leads.
pub fn is_link(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok_and(|stat| stat.is_symlink())
}

/// Whether there is anything at this path, be it a link that leads nowhere.
pub fn is_taken(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
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

/// Where a path leads, and the links that it goes through, each at its own real place.
pub struct Way {
    pub end: Utf8PathBuf,
    pub links: Vec<Utf8PathBuf>,
}

/// Follows a path as far as there is anything, and goes on as it is written.
pub fn way(path: &Utf8Path) -> Way {
    let mut way = Way { end: "/".into(), links: Vec::new() };
    way.follow(&absolute(path));
    way
}

/// The system follows no more than these either.
const MOST_LINKS: usize = 40;

impl Way {
    fn follow(&mut self, path: &Utf8Path) {
        for step in path.components() {
            match step {
                Utf8Component::RootDir => self.end = "/".into(),
                Utf8Component::ParentDir => _ = self.end.pop(),
                Utf8Component::Normal(name) => {
                    let next = self.end.join(name);
                    match next.read_link_utf8() {
                        Ok(target) if self.links.len() < MOST_LINKS => {
                            self.links.push(next);
                            self.follow(&target);
                        }
                        _ => self.end = next,
                    }
                }
                Utf8Component::CurDir | Utf8Component::Prefix(_) => {}
            }
        }
    }
}

/// The permission bits of a file.
pub fn mode(path: &Utf8Path) -> Result<u32, FileError> {
    let stat = std::fs::metadata(path).map_err(FileError::new("read", path))?;
    Ok(stat.permissions().mode() & 0o7777)
}

/// The first name in a folder, but for what a killed program left there.
pub fn first_entry(folder: &Utf8Path) -> Result<Option<String>, FileError> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(FileError::new("list", folder)(error)),
    };
    let names: Result<Vec<String>, _> =
        entries.map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect();
    let names = names.map_err(FileError::new("list", folder))?;
    Ok(names.into_iter().filter(|name| !name.starts_with(UNFINISHED)).min())
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

/// Creates a folder with a mode, whatever the umask, and its parents with their usual ones. One that is there keeps its own.
pub fn create_folder(path: &Utf8Path, mode: u32) -> Result<(), FileError> {
    if path.is_dir() {
        return Ok(());
    }
    create_parent(path)?;
    match DirBuilder::new().mode(mode).create(path) {
        // Another process was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        created => created.map_err(FileError::new("create", path))?,
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(FileError::new("protect", path))
}

/// Creates a folder for its owner alone. Nobody else writes into one that is there, unless that is not to be changed.
pub fn create_private_folder(path: &Utf8Path) -> Result<(), FileError> {
    create_folder(path, 0o700)?;
    let mode = mode(path)?;
    if mode & 0o022 != 0 && !is_link(path) {
        // Somebody else's folder is as they want it.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & !0o022));
    }
    Ok(())
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
