//! What has arrived so far, and the judgement of the whole.

use std::fs;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use kthw_store::{BlobWriter, Store, Written};
use reqwest::Url;
use sha2::{Digest as _, Sha512};

use super::error::Cause;
use super::places::shown;
use crate::lock::{Algorithm, Checksum};
use crate::sys::files;

/// The partial file of one download, and a note of the URL and the ETag that its bytes came from.
///
/// The note is written before the first byte and removed before the bytes are, so bytes without a note, or with
/// half of one, are never continued.
#[derive(Debug, Clone)]
pub(super) struct Part {
    name: String,
    path: Utf8PathBuf,
    note: Utf8PathBuf,
}

impl Part {
    pub(super) fn of(store: &Store, checksum: &Checksum) -> Self {
        let name = format!("{}-{}", checksum.algorithm(), checksum.hex());
        let path = store.partial_path(&name);
        let note = store.partial_path(&format!("{name}.from"));
        Self { name, path, note }
    }

    pub(super) fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// The ETag of the bytes that are there, if they came from this place.
    pub(super) fn etag(&self, place: &Url) -> Option<String> {
        let note = files::read_text(&self.note).ok()??;
        let (url, etag) = note.strip_suffix('\n')?.split_once('\n')?;
        (url == shown(place) && self.size() > 0).then(|| etag.to_owned())
    }

    /// Forgets what is there and notes where the next bytes come from; without an ETag they cannot be continued.
    pub(super) fn begin(&self, place: &Url, etag: Option<&str>) -> Result<(), Cause> {
        self.discard()?;
        let Some(etag) = etag else { return Ok(()) };
        let note = format!("{}\n{etag}\n", shown(place));
        Ok(files::write(&self.note, note.as_bytes(), 0o600)?)
    }

    pub(super) fn discard(&self) -> Result<(), Cause> {
        for path in [&self.note, &self.path] {
            match fs::remove_file(path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(self.failed(path, source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn failed(&self, path: &Utf8Path, source: io::Error) -> Cause {
        Cause::Partial { path: path.to_owned(), source }
    }
}

/// How much of the beginning is looked at to tell what a wrong answer is.
const HEAD: usize = 512;

/// A download on its way into the store.
#[derive(Debug)]
pub(super) struct Intake {
    writer: BlobWriter,
    /// Computed here only where the pin wants it: the store computes SHA-256 anyway.
    sha512: Option<Sha512>,
    head: Vec<u8>,
    resumed: bool,
}

impl Intake {
    /// From the first byte; nothing is left of it unless it is kept.
    pub(super) fn new(store: &Store, checksum: &Checksum) -> Result<Self, Cause> {
        let sha512 = (checksum.algorithm() == Algorithm::Sha512).then(Sha512::new);
        Ok(Self { writer: store.writer()?, sha512, head: Vec::new(), resumed: false })
    }

    /// After the bytes that the partial file holds.
    pub(super) fn resume(store: &Store, part: &Part, checksum: &Checksum) -> Result<Self, Cause> {
        let mut intake = Self { writer: store.resume(&part.name)?, ..Self::new(store, checksum)? };
        intake.resumed = intake.writer.size() > 0;
        if intake.resumed {
            intake.reread(&part.path).map_err(|source| part.failed(&part.path, source))?;
        }
        Ok(intake)
    }

    fn reread(&mut self, path: &Utf8Path) -> io::Result<()> {
        let mut head = fs::File::open(path)?.take(HEAD as u64);
        head.read_to_end(&mut self.head)?;
        let Some(sha512) = &mut self.sha512 else {
            return Ok(());
        };
        let mut file = fs::File::open(path)?;
        let mut piece = vec![0; 256 * 1024];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(()),
                count => sha512.update(&piece[..count]),
            }
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.writer.size()
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        let wanting = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..wanting]);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
        Ok(self.writer.append(bytes)?)
    }

    /// Stores the whole if it is what was wanted.
    pub(super) fn keep(self, wanted: &Checksum, total: Option<u64>) -> Result<Written, Cause> {
        let size = self.size();
        if let Some(expected) = total.filter(|total| *total > size) {
            return Err(Cause::Truncated { expected, got: size });
        }
        let sealed = self.writer.seal()?;
        let got = match self.sha512 {
            Some(sha512) => hex(&sha512.finalize()),
            None => sealed.written().sha256.to_hex(),
        };
        if got == wanted.hex() {
            return Ok(sealed.keep()?);
        }
        Err(Cause::Mismatch {
            algorithm: wanted.algorithm(),
            expected: wanted.hex().to_owned(),
            got,
            size,
            html: looks_like_html(&self.head),
            resumed: self.resumed,
        })
    }
}

pub(super) fn hex(digest: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(digest)
}

/// Whether an answer is a page for people, as captive portals and log-in walls send.
fn looks_like_html(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_files() {
        for page in ["<!DOCTYPE html><p>", "\n  <html lang=en>", "\u{feff}<!doctype HTML>"] {
            assert!(looks_like_html(page.as_bytes()), "{page}");
        }
        for file in [&b""[..], b"\x7fELF", b"\x1f\x8b\x08", b"html", b"<?xml version"] {
            assert!(!looks_like_html(file), "{file:?}");
        }
    }
}
