//! A file that somebody names for a result: what is there is written, and never replaced by something of another kind.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::OFlags;

use super::files::{self, FileError};

/// Whether a path is another name of this process's stdout.
pub fn is_stdout(path: &Utf8Path) -> bool {
    let (Ok(named), Ok(stdout)) = (std::fs::metadata(path), rustix::fs::fstat(std::io::stdout())) else {
        return false;
    };
    let is_same = (named.dev(), named.ino()) == (stdout.st_dev, stdout.st_ino);
    // A file that stdout is, under a name of its own, is a file; the name of an open one is the open one.
    is_same && (!named.is_file() || is_name_of_open_file(path))
}

/// Writes a result where the path leads: a whole regular file or nothing, with the mode of the one that is there, or into
/// what is no regular file.
pub fn write(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() && !is_name_of_open_file(path) => {
            let mode = there.permissions().mode() & 0o7777;
            files::write(&files::way(path).end, bytes, mode)
        }
        Ok(there) => write_into(path, &there, bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let files::Way { end, links } = files::way(path);
            // A link that leads nowhere has not said that there are to be folders.
            if let Some(link) = links.iter().find(|link| !link.exists() && !is_folder_of(&end)) {
                let nowhere = format!("the link {link} leads to {end}, whose folder is not there");
                return Err(FileError::new("write", path)(Error::new(ErrorKind::NotFound, nowhere)));
            }
            files::write(&end, bytes, mode)
        }
        Err(error) => Err(FileError::new("write", path)(error)),
    }
}

/// Whether the folder is there that a file would be in.
fn is_folder_of(file: &Utf8Path) -> bool {
    file.parent().is_none_or(Utf8Path::is_dir)
}

fn write_into(path: &Utf8Path, there: &Metadata, bytes: &[u8]) -> Result<(), FileError> {
    let kind = there.file_type();
    let refusal = match () {
        () if kind.is_dir() => Some("it is a folder, and not a file"),
        () if kind.is_block_device() => Some("it is a disk, and not a file"),
        () if kind.is_socket() => Some("it is a socket, and not a file"),
        () => None,
    };
    if let Some(refusal) = refusal {
        return Err(FileError::new("write", path)(Error::new(ErrorKind::InvalidData, refusal)));
    }
    // What an open file holds already stays; anything else has no place to write at.
    let opened = OpenOptions::new().append(true).custom_flags(OFlags::NOCTTY.bits().cast_signed()).open(path);
    opened.and_then(|mut file: File| file.write_all(bytes)).map_err(FileError::new("write", path))
}

/// Whether a result would be written into what is there, instead of taking its place.
pub fn is_special(path: &Utf8Path) -> bool {
    let is_node = |there: Metadata| !there.is_file() && !there.is_dir();
    is_name_of_open_file(path) || std::fs::metadata(path).is_ok_and(is_node)
}

/// Whether a path goes through a link to something that a process has open, such as `/dev/stdout`.
fn is_name_of_open_file(path: &Utf8Path) -> bool {
    let is_one = |link: &Utf8PathBuf| {
        link.starts_with("/proc") && link.parent().and_then(Utf8Path::file_name) == Some("fd")
    };
    files::way(path).links.iter().any(is_one)
}
