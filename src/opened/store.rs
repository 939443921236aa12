//! The store of a cluster folder, and what leaves it.

use std::io::{Read, Write};

use camino::Utf8Path;
use kthw_store::{Digest, Store};

use crate::failure::Failure;
use crate::sources::{self, Folder};
use crate::sys::files::{self, FileError};
use crate::ui::{Diagnostic, Ui};

/// Fails where there is no store yet, so that looking after one does not make one.
pub fn require_store(folder: &Folder) -> Result<(), Failure> {
    let store = folder.store();
    if files::exists(&store) {
        return Ok(());
    }
    sources::read_spec(folder)?;
    sources::read_lock(folder)?;
    Err(Failure::failed(format!("there is no store at {store}; `kthw build` makes one")))
}

/// Opens the folder's store and passes on what it has to say.
pub fn open_store(folder: &Folder, ui: &Ui) -> Result<Store, Failure> {
    if folder.store().starts_with(folder.private()) {
        // Where that is not possible, the store says why.
        let _ = folder.create_private();
    }
    let store = Store::open(&folder.store())?;
    store.restrict(folder.restricted(0o644));
    if let Some(aside) = store.set_aside() {
        let text =
            format!("the store's database was damaged and is set aside as {aside}; everything is made anew");
        ui.diagnostics(&[Diagnostic::warning(text)]);
    }
    Ok(store)
}

/// Names the bytes of a file.
pub fn digest_of(mut file: impl Read, path: &Utf8Path) -> Result<Digest, FileError> {
    let (mut buffer, mut hasher) = (vec![0; 1 << 20], blake3::Hasher::new());
    loop {
        match file.read(&mut buffer).map_err(files::cannot_read(path))? {
            0 => return Ok(Digest::from_bytes(*hasher.finalize().as_bytes())),
            read => _ = hasher.update(&buffer[..read]),
        }
    }
}

/// Copies a blob of any size to what has this name, and fails at its end if these were not its bytes.
pub fn copy_blob(
    store: &Store,
    blob: &Digest,
    to: &mut dyn Write,
    name: impl std::fmt::Display,
) -> Result<(), Failure> {
    let mut reader =
        store.open_blob(blob)?.ok_or_else(|| Failure::failed(format!("{blob} is not in the store")))?;
    let (mut buffer, mut hasher) = (vec![0; 1 << 20], blake3::Hasher::new());
    loop {
        let read = reader.read(&mut buffer);
        let read = read.map_err(|error| Failure::failed(format!("cannot read {blob}: {error}")))?;
        if read == 0 {
            break;
        }
        match to.write_all(&buffer[..read]) {
            Ok(()) => _ = hasher.update(&buffer[..read]),
            Err(error) => return Err(Failure::undelivered(&error, name)),
        }
    }
    if Digest::from_bytes(*hasher.finalize().as_bytes()) == *blob {
        return Ok(());
    }
    Err(Failure::failed(format!("{blob} is damaged")).help("`kthw store repair` makes or fetches it again"))
}
