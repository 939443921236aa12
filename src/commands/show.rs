//! `kthw show`: print one output.

use kthw_graph::{Content, Goal};
use kthw_store::Output;

use super::target;
use crate::cli::Show;
use crate::failure::Failure;
use crate::opened::{Opened, copy_blob, realise};
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Show, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let id = target::find(session.graph(), &args.target)?;
    realise(&session, &bound, Goal::Identify, &[id], ui)?;
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
