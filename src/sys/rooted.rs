//! An open folder: what is below it is reached without following a link, and never left half written.

use std::fs::File;
use std::io::{Error, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};

use camino::{Utf8Path, Utf8PathBuf};
use data_encoding::HEXLOWER;
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RawMode};
use rustix::io::Errno;

use super::entropy;
use super::files::{self, FileError};

/// How files begin that are being written. They are left behind only where the program was killed.
const UNFINISHED: &str = ".kthw-unfinished-";
/// The digits after that.
const DIGITS: usize = 32;
/// A larger file is none that kthw wrote.
const MOST: u64 = 256 << 20;

const OPEN: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// The folder.
pub struct Rooted {
    folder: OwnedFd,
    path: Utf8PathBuf,
}

/// Something below a folder that is no folder itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: Utf8PathBuf,
    /// Whether it is a regular file, and not a link or a device.
    pub is_file: bool,
    /// Whether it is what a killed program left.
    pub is_unfinished: bool,
}

impl Rooted {
    /// `None` if there is nothing.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, FileError> {
        let plain: Utf8PathBuf = path.components().collect();
        match rustix::fs::open(plain.as_str(), OPEN | OFlags::DIRECTORY, Mode::empty()) {
            Ok(folder) => Ok(Some(Self { folder, path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) if files::is_link(&plain) => Err(refused(path, "it is a link")),
            Err(errno) => Err(FileError::new("open", path)(errno.into())),
        }
    }

    /// Creates the folder and its parents unless they are there.
    pub fn create(path: &Utf8Path, mode: u32) -> Result<Self, FileError> {
        if let Some(there) = Self::open(path)? {
            return Ok(there);
        }
        files::create_folder(path, mode)?;
        let gone = || FileError::new("open", path)(ErrorKind::NotFound.into());
        Self::open(path)?.ok_or_else(gone)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Waits until no other process that asks for it has the folder for itself. Some file systems cannot do that.
    pub fn lock(&self) {
        let _ = rustix::fs::flock(&self.folder, FlockOperation::LockExclusive);
    }

    /// Takes from everybody else what this mode does not give them.
    pub fn restrict(&self, mode: u32) -> Result<(), FileError> {
        let failed = |errno: Errno| FileError::new("protect", &self.path)(errno.into());
        let now = rustix::fs::fstat(&self.folder).map_err(failed)?.st_mode & 0o7777;
        match now & !mode & 0o077 {
            0 => Ok(()),
            more => rustix::fs::fchmod(&self.folder, Mode::from_raw_mode(now & !more)).map_err(failed),
        }
    }

    /// Everything below the folder but folders, sorted.
    pub fn list(&self) -> Result<Vec<Entry>, FileError> {
        let mut found = Vec::new();
        let mut folders = vec![Utf8PathBuf::new()];
        while let Some(next) = folders.pop() {
            let failed = |errno: Errno| FileError::new("list", &self.path.join(&next))(errno.into());
            let Some(folder) = self.folder(&next, false)? else { continue };
            for entry in Dir::new(folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                // A name that is no text is none that kthw wrote; it is shown, and found under no other.
                let name = entry.file_name().to_string_lossy().into_owned();
                if name == "." || name == ".." {
                    continue;
                }
                let path = next.join(&name);
                let kind = match entry.file_type() {
                    FileType::Unknown => self.kind(&path)?.unwrap_or(FileType::Unknown),
                    kind => kind,
                };
                match kind {
                    FileType::Directory => folders.push(path),
                    kind => {
                        let is_file = kind == FileType::RegularFile;
                        let is_unfinished = is_file && is_unfinished(&name);
                        found.push(Entry { path, is_file, is_unfinished });
                    }
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// The bytes of a file; `None` if there is nothing. Anything but a regular file is refused.
    pub fn read(&self, relative: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
        let Some(file) = self.open_file(relative)? else { return Ok(None) };
        files::read_whole(file, &self.path.join(relative), MOST).map(Some)
    }

    /// A file to be read; `None` if there is nothing. Anything but a regular file is refused.
    pub fn open_file(&self, relative: &Utf8Path) -> Result<Option<File>, FileError> {
        match self.kind(relative)? {
            None => return Ok(None),
            Some(FileType::RegularFile) => {}
            Some(kind) => return Err(refused(&self.path.join(relative), kind_name(kind))),
        }
        let (folder, name) = split(relative);
        let Some(folder) = self.folder(folder, false)? else { return Ok(None) };
        match rustix::fs::openat(&folder, name, OPEN, Mode::empty()) {
            Ok(file) => Ok(Some(File::from(file))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(FileError::new("read", &self.path.join(relative))(errno.into())),
        }
    }

    /// Has a whole file filled or nothing: under a name that nobody can know before, and then renamed. What is no
    /// regular file is not replaced. Whoever cannot make it again syncs it.
    pub fn fill<E: From<FileError>>(
        &self,
        relative: &Utf8Path,
        mode: u32,
        content: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.path.join(relative);
        let failed = |errno: Errno| FileError::new("write", &path)(errno.into());
        let (folder, name) = split(relative);
        let folder = self.folder(folder, true)?.expect("it was created");
        match self.kind(relative)? {
            None | Some(FileType::RegularFile) => {}
            Some(kind) => return Err(refused(&path, kind_name(kind)).into()),
        }
        let random =
            entropy::random().map_err(|error| FileError::new("write", &path)(Error::other(error)))?;
        let unfinished = format!("{UNFINISHED}{}", HEXLOWER.encode(&random[..DIGITS / 2]));
        let flags = OPEN | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let created = rustix::fs::openat(&folder, &unfinished, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(created.map_err(failed)?);
        let done = content(&mut file).and_then(|()| {
            let place = || -> Result<(), Errno> {
                // The umask may have taken bits away; outputs do not depend on it.
                rustix::fs::fchmod(&file, Mode::from_raw_mode(mode as RawMode))?;
                rustix::fs::renameat(&folder, &unfinished, &folder, name)
            };
            place().map_err(|errno| failed(errno).into())
        });
        if done.is_err() {
            // What failed is the thing to tell.
            let _ = rustix::fs::unlinkat(&folder, &unfinished, AtFlags::empty());
        }
        done
    }

    /// Writes a whole file or nothing.
    pub fn write(&self, relative: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
        let path = self.path.join(relative);
        self.fill(relative, mode, |file| file.write_all(bytes).map_err(FileError::new("write", &path)))
    }

    /// Removes a regular file, if there is one, and the folders that it leaves empty.
    pub fn remove(&self, relative: &Utf8Path) -> Result<(), FileError> {
        let path = self.path.join(relative);
        match self.kind(relative)? {
            None => return Ok(()),
            Some(FileType::RegularFile) => {}
            Some(kind) => return Err(refused(&path, kind_name(kind))),
        }
        let mut flags = AtFlags::empty();
        for gone in relative.ancestors().take_while(|gone| !gone.as_str().is_empty()) {
            let (folder, name) = split(gone);
            let Some(folder) = self.folder(folder, false)? else { return Ok(()) };
            match rustix::fs::unlinkat(&folder, name, flags) {
                Ok(()) | Err(Errno::NOENT) => flags = AtFlags::REMOVEDIR,
                // Others have something in it.
                Err(_) if flags == AtFlags::REMOVEDIR => return Ok(()),
                Err(errno) => return Err(FileError::new("remove", &path)(errno.into())),
            }
        }
        Ok(())
    }

    /// What there is, without following a link; `None` if nothing is.
    fn kind(&self, relative: &Utf8Path) -> Result<Option<FileType>, FileError> {
        let (folder, name) = split(relative);
        let Some(folder) = self.folder(folder, false)? else { return Ok(None) };
        match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(FileError::new("look at", &self.path.join(relative))(errno.into())),
        }
    }

    /// Opens a folder below this one, step by step; `None` if it is not there, unless it is to be created.
    fn folder(&self, relative: &Utf8Path, create: bool) -> Result<Option<OwnedFd>, FileError> {
        let flags = OPEN | OFlags::DIRECTORY;
        let mut at = self.path.clone();
        let mut folder = match rustix::fs::openat(self.folder.as_fd(), ".", flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(errno) => return Err(FileError::new("open", &at)(errno.into())),
        };
        for name in relative.components() {
            at.push(name);
            let name = name.as_str();
            let mut opened = rustix::fs::openat(&folder, name, flags, Mode::empty());
            if create && matches!(opened, Err(Errno::NOENT)) {
                match rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) => {
                        opened = rustix::fs::openat(&folder, name, flags, Mode::empty());
                        opened.as_ref().map_or(Ok(()), open_to_all)
                    }
                    Err(Errno::EXIST) => {
                        opened = rustix::fs::openat(&folder, name, flags, Mode::empty());
                        Ok(())
                    }
                    Err(errno) => Err(errno),
                }
                .map_err(|errno| FileError::new("create", &at)(errno.into()))?;
            }
            folder = match opened {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    let stat = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW);
                    let kind = stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
                    let what = match kind {
                        FileType::RegularFile => "it is a file, and not a folder",
                        kind => kind_name(kind),
                    };
                    return Err(refused(&at, what));
                }
                Err(errno) => return Err(FileError::new("open", &at)(errno.into())),
            };
        }
        Ok(Some(folder))
    }
}

/// Gives a new folder the mode that folders have on hosts: the umask may have taken bits away, and whoever copies a tree
/// copies its modes. What it has inherited from the folder above stays.
fn open_to_all(folder: &OwnedFd) -> Result<(), Errno> {
    let mode = rustix::fs::fstat(folder)?.st_mode & 0o7000 | 0o755;
    rustix::fs::fchmod(folder, Mode::from_raw_mode(mode))
}

/// Whether a name is that of a file that was being written.
fn is_unfinished(name: &str) -> bool {
    let digits = name.strip_prefix(UNFINISHED);
    digits.is_some_and(|rest| rest.len() == DIGITS && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn refused(path: &Utf8Path, what: &'static str) -> FileError {
    FileError::new("use", path)(Error::new(ErrorKind::InvalidData, what))
}

fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Symlink => "it is a link",
        kind => files::kind_name(kind),
    }
}

/// The folder and the name in it.
fn split(relative: &Utf8Path) -> (&Utf8Path, &str) {
    let folder = relative.parent().unwrap_or(Utf8Path::new(""));
    (folder, relative.file_name().unwrap_or("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str, at: &Utf8Path) {
        std::os::unix::fs::symlink(target, at).expect("a free name");
    }

    #[test]
    fn nothing_is_reached_through_a_link() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names");
        files::write(&root.join("out/file"), b"theirs", 0o644).expect("our own folder");
        let own = root.join("own");
        let rooted = Rooted::create(&own, 0o700).expect("our own folder");
        link("../out", &own.join("folder"));
        link("../out/file", &own.join("link"));
        for path in ["folder/file", "folder/new", "folder/new/deep", "link", "link/below"].map(Utf8Path::new)
        {
            assert!(rooted.read(path).is_err(), "{path}");
            assert!(rooted.write(path, b"ours", 0o644).is_err(), "{path}");
            assert!(rooted.remove(path).is_err(), "{path}");
        }
        assert_eq!(files::read_text(&root.join("out/file")).expect("text").as_deref(), Some("theirs"));
        assert!(Rooted::open(&own.join("folder")).is_err() && Rooted::open(&own.join("folder/")).is_err());
        assert!(Rooted::open(&own.join("none")).expect("nothing").is_none());
        let found: Vec<(String, bool)> = rooted
            .list()
            .expect("a list")
            .into_iter()
            .map(|entry| (entry.path.into(), entry.is_file))
            .collect();
        assert_eq!(found, [("folder".to_owned(), false), ("link".to_owned(), false)]);
    }

    #[test]
    fn a_file_is_whole_or_as_it_was_and_leaves_no_empty_folder() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names");
        let rooted = Rooted::create(root, 0o700).expect("our own folder");
        let path = Utf8Path::new("a/b/c");
        rooted.write(path, b"first", 0o640).expect("our own folder");
        assert_eq!(files::mode(&root.join(path)).expect("a file"), 0o640);
        let failed = rooted.fill(path, 0o644, |file| {
            file.write_all(b"half").expect("room");
            Err::<(), _>(refused(path, "enough"))
        });
        assert!(failed.is_err());
        assert_eq!(rooted.read(path).expect("a file").as_deref(), Some(&b"first"[..]));
        assert_eq!(rooted.list().expect("a list").len(), 1);
        rooted.write("a/d".into(), b"", 0o644).expect("our own folder");
        rooted.remove(path).expect("our own file");
        assert!(!files::exists(&root.join("a/b")) && files::exists(&root.join("a/d")));
        rooted.remove(path).expect("it is gone already");
        for (name, is) in [("0f".repeat(16), true), ("0f".repeat(15), false), ("zz".repeat(16), false)] {
            assert_eq!(is_unfinished(&format!("{UNFINISHED}{name}")), is, "{name}");
        }
    }
}
