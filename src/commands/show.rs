//! `kthw show`: print one output.

use std::io::{Read, Write};

use kthw_graph::{Content, Goal};
use kthw_store::{Digest, Output, Store};

use super::target;
use crate::cli::Show;
use crate::failure::Failure;
use crate::opened::{Opened, realise};
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Show, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    realise(&session, &bound.spec, Goal::Identify, &[id], ui)?;
    let secret = session.realised(id).is_some_and(|realised| matches!(realised.output, Output::Secret(_)));
    if secret && !args.reveal {
        let failure = Failure::failed(format!("{} is a secret", args.target));
        return Err(failure.help("add --reveal to print it all the same"));
    }
    match session.content(id)? {
        Content::Public(bytes) => ui.bytes(&bytes),
        Content::Secret(bytes) => ui.bytes(bytes.expose()),
        Content::Stored(blob) => copy_blob(session.store(), &blob, &mut ui.writer(), "stdout")?,
    }
    Ok(())
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
            // A closed pipe is the reader's choice, not a failure.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::failed(format!("cannot write {name}: {error}"))),
        }
    }
    if Digest::from_bytes(*hasher.finalize().as_bytes()) == *blob {
        return Ok(());
    }
    Err(Failure::failed(format!("{blob} is damaged")).help("`kthw store repair` makes or fetches it again"))
}
