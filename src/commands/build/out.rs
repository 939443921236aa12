//! The tree of every host's public files, as ordinary files in a folder of kthw's.

use std::collections::BTreeMap;
use std::io::Write;

use camino::Utf8Path;
use kthw_graph::{Action, Content, NodeId, Yields};
use kthw_store::{Digest, Output};

use crate::failure::Failure;
use crate::file_list::trees;
use crate::opened::{Bound, ClusterSession, copy_blob, digest_of};
use crate::plan;
use crate::sys::files::cannot_write;
use crate::sys::owned_folder::{Files, OwnedFolder};
use crate::ui::Ui;

/// A file of the tree whose bytes are at hand.
struct Ready {
    node: NodeId,
    digest: Digest,
    mode: u32,
}

/// What goes into the tree, and how many files do not.
#[derive(Default)]
struct Tree {
    ready: BTreeMap<String, Ready>,
    files: Files,
    secret: usize,
    /// Public, and not to be made without the root secret.
    unmade: usize,
    unfetched: usize,
}

/// Writes every public file of every host and every machine below a folder, and removes what it wrote there before and does
/// not any more; says what it left out.
pub fn write(session: &ClusterSession, bound: &Bound, out: &Utf8Path, ui: &Ui) -> Result<(), Failure> {
    let mut tree = Tree::default();
    for (host, path, id) in plan::files(session.graph()) {
        let permissions = plan::permissions(session.graph(), host, path);
        let mode = permissions.map_or(0o644, |permissions| permissions.mode);
        tree.add(session, bound, format!("{host}/{}", path.trim_start_matches('/')), id, mode)?;
    }
    for (path, id) in plan::machine_files(session.graph()) {
        tree.add(session, bound, format!("machines/{path}"), id, 0o644)?;
    }
    let Tree { ready, files, secret, unmade, unfetched } = tree;
    let is_as_wanted = |here: &OwnedFolder, path: &str| {
        let Some(wanted) = ready.get(path) else { return Ok(false) };
        let file = here.open_file(path.into())?;
        let digest = file.map(|file| digest_of(file, &out.join(path))).transpose()?;
        Ok::<_, Failure>(digest == Some(wanted.digest))
    };
    let mode = bound.folder.restricted(0o755);
    let of = trees(&bound.lock.cluster);
    let filling = OwnedFolder::begin(out, mode, &of, files, is_as_wanted)?;
    for (path, Ready { node, digest, mode }) in &ready {
        match session.content(*node)? {
            Content::Public(bytes) => filling.fill(path, *mode, |file| {
                file.write_all(&bytes).map_err(|error| Failure::from(cannot_write(&out.join(path))(error)))
            })?,
            Content::Stored(_) => {
                filling.fill(path, *mode, |file| copy_blob(session.store(), digest, file, out.join(path)))?;
            }
            Content::Secret(_) => unreachable!("no secret is ready"),
        }
    }
    let removed = filling.finish()?;
    ui.message(format!("wrote {} files below {out}", ready.len()));
    if removed > 0 {
        ui.message(format!("removed {removed} files there that are no longer made"));
    }
    if secret > 0 {
        ui.message(format!("left out {secret} secret files: they only ever go to their hosts"));
    }
    if unmade > 0 {
        ui.message(format!(
            "left out {unmade} public files that follow from keys: the root secret is not here"
        ));
    }
    if unfetched > 0 {
        ui.message(format!(
            "left out {unfetched} downloads that are not here: `kthw build --fetch` gets them"
        ));
    }
    Ok(())
}

impl Tree {
    fn add(
        &mut self,
        session: &ClusterSession,
        bound: &Bound,
        path: String,
        node: NodeId,
        mode: u32,
    ) -> Result<(), Failure> {
        if session.graph().node(node).action.kind().yields == Yields::Secret {
            self.secret += 1;
            self.files.never.insert(path);
            return Ok(());
        }
        if !bound.can_make(node) {
            self.unmade += 1;
            self.files.later.insert(path);
            return Ok(());
        }
        let digest = match session.realised(node).map(|realised| realised.output) {
            // Nobody asked for it this time.
            None => {
                self.files.later.insert(path);
                return Ok(());
            }
            Some(Output::Public(digest)) => Some(digest),
            Some(Output::Pinned(action)) => {
                let blob = session.store().pinned_blob(&action)?;
                self.unfetched += usize::from(blob.is_none());
                blob
            }
            Some(Output::Secret(_)) => unreachable!("a secret kind alone yields a secret"),
        };
        match digest {
            Some(digest) => {
                self.files.written.insert(path.clone());
                self.ready.insert(path, Ready { node, digest, mode });
            }
            None => _ = self.files.of_others.insert(path),
        }
        Ok(())
    }
}
