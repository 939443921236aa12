//! Files as the store wants them: never through a link, and durable before they have a name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;
use tempfile::{NamedTempFile, TempPath};

use crate::error::{At as _, Result};

/// A name in a folder, with its type looked at without following a link.
pub(crate) struct FolderEntry {
    pub(crate) name: String,
    pub(crate) path: Utf8PathBuf,
    pub(crate) is_file: bool,
    pub(crate) is_folder: bool,
    pub(crate) size: u64,
}

/// What lies in a folder, sorted by name; nothing when there is no folder. A name that is not UTF-8 is shown with
/// replacement characters, so it is seen but leads to no file.
pub(crate) fn entries(folder: &Utf8Path) -> Result<Vec<FolderEntry>> {
    let listing = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.at("list", folder)?,
    };
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry.at("list", folder)?;
        let metadata = match entry.metadata() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata.at("look at a file in", folder)?,
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push(FolderEntry {
            path: folder.join(&name),
            name,
            is_file: metadata.is_file(),
            is_folder: metadata.is_dir(),
            size: metadata.len(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Opens a regular file for reading; `None` when there is none, or when a link or anything else stands in its place.
pub(crate) fn open_regular(path: &Utf8Path) -> Result<Option<(File, u64)>> {
    // Without NONBLOCK, opening a planted fifo would wait for ever.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(e) if is_absent(&e) => return Ok(None),
        Err(e) => return Err(e).at("open", path),
    };
    let metadata = file.metadata().at("look at", path)?;
    Ok(metadata.is_file().then_some((file, metadata.len())))
}

/// Opens a file for reading and writing, creating it where it is absent. What is elsewhere and has a link here is nobody's to
/// write.
pub(crate) fn open_own(path: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path)
}

/// Writes a small file in the place of whatever stands there.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Creates a folder of the store, and its parents. A link in its place is refused.
pub(crate) fn create_folder(path: &Utf8Path) -> Result<()> {
    if is_link(path) {
        let refused = io::Error::new(io::ErrorKind::InvalidInput, "it is a link");
        return Err(refused).at("use", path);
    }
    // Whatever the umask, what everybody could write to would be nobody's.
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).at("create", path)
}

/// Who may read a file; everybody where it is not there yet.
pub(crate) fn readers(path: &Utf8Path) -> u32 {
    fs::symlink_metadata(path).map_or(0o444, |metadata| metadata.permissions().mode() & 0o444)
}

/// What stands in the place of a file, if something else does.
pub(crate) fn no_file(path: &Utf8Path) -> Option<&'static str> {
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a link"),
        () if kind.is_dir() => Some("a folder"),
        () => Some("no regular file"),
    }
}

pub(crate) fn is_link(path: &Utf8Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Takes from others what this mode does not give them, where that can be changed: whoever owns it may have decided otherwise.
pub(crate) fn restrict(path: &Utf8Path, mode: u32) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    let now = metadata.permissions().mode();
    if !metadata.is_symlink() && now & !mode & 0o077 != 0 {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(now & (mode | 0o7700)));
    }
}

/// The size of a regular file; `None` when there is none, or when a link or anything else stands in its place.
pub(crate) fn regular_size(path: &Utf8Path) -> Result<Option<u64>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
        Err(e) if is_absent(&e) => Ok(None),
        Err(e) => Err(e).at("look at", path),
    }
}

/// No file there: nothing, a link (refused by NOFOLLOW), a socket or device without a driver, or a file for a folder.
fn is_absent(error: &io::Error) -> bool {
    use rustix::io::Errno;
    error.kind() == io::ErrorKind::NotFound
        || [Errno::LOOP, Errno::NXIO, Errno::NODEV, Errno::NOTDIR]
            .iter()
            .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Utf8Path) -> Result<()> {
    let sync = || File::open(folder)?.sync_all();
    sync().at("sync", folder)
}

/// A new file under a name of its own, removed again unless it is published.
pub(crate) fn create_temporary(folder: &Utf8Path) -> Result<NamedTempFile> {
    tempfile::Builder::new().prefix("blob-").tempfile_in(folder).at("create a file in", folder)
}

/// Gives a written file its place, for those whom the mode lets read: synced, read-only, renamed, and its name durable.
pub(crate) fn publish(file: &File, temporary: TempPath, to: &Utf8Path, mode: u32) -> Result<()> {
    let folder = to.parent().expect("a blob lies in a folder");
    create_shard(folder)?;
    let place = || -> io::Result<()> {
        file.set_permissions(fs::Permissions::from_mode(mode & 0o444))?;
        file.sync_all()?;
        temporary.persist(to).map_err(|e| e.error)
    };
    place().at("write", to)?;
    sync_folder(folder)
}

fn create_shard(folder: &Utf8Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o755).create(folder) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            create_folder(folder)?;
        }
        Err(e) => return Err(e).at("create", folder),
    }
    sync_folder(folder.parent().expect("a shard lies in a folder"))
}

/// Removes a file or a link; its absence is no failure.
pub(crate) fn remove(path: &Utf8Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if !is_absent(&e) => Err(e).at("remove", path),
        _ => Ok(()),
    }
}

/// Removes whatever stands there: a folder with its content, a link itself.
pub(crate) fn remove_all(path: &Utf8Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).at("remove", path),
        _ => remove(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        fs::write(root.join("file"), "four").unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        symlink("file", root.join("link")).unwrap();
        symlink("/etc/shadow", root.join("planted")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("fifo").as_str(), rustix::fs::Mode::RUSR).unwrap();
        for (name, size) in [
            ("file", Some(4)),
            ("folder", None),
            ("link", None),
            ("planted", None),
            ("fifo", None),
            ("absent", None),
            ("file/below", None),
        ] {
            let path = root.join(name);
            assert_eq!(open_regular(&path).unwrap().map(|(_, size)| size), size, "{name}");
            assert_eq!(regular_size(&path).unwrap(), size, "{name}");
        }
    }
}
