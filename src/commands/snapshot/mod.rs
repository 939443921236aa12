//! `kthw snapshot`: write, or check, the golden files.

mod change;
mod history;
mod search;
mod stale;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use kthw_graph::{Content, Goal, NodeId};
use kthw_store::Digest;

use crate::cli::Snapshot;
use crate::failure::Failure;
use crate::golden::{self, Golden, GoldenFiles, NODES};
use crate::opened::{ClusterSession, Opened, realise};
use crate::shell::quoted;
use crate::side::{self, Side};
use crate::sources::Folder;
use crate::sys::files;
use crate::ui::{Diagnostic, Ui};

use change::{Change, Found};

pub fn run(folder: Folder, args: Snapshot, ui: &Ui) -> Result<(), Failure> {
    let place = args.dir.clone().unwrap_or_else(|| folder.join("snapshots"));
    let listed = place.clone();
    // Thousands of folders are listed while the cluster is planned.
    let listed = std::thread::spawn(move || files::list(&listed));
    let (session, bound) = Opened::read(folder.clone(), ui)?.session(ui)?;
    let graph = session.graph();
    // No golden file follows from a key, so that nobody needs one to write or to check them.
    let keyed = side::keyed(graph);
    let public: Vec<NodeId> = graph.order().iter().copied().filter(|id| !keyed.contains(id)).collect();
    realise(&session, &bound, Goal::Identify, &public, ui)?;
    let realised = |id| session.realised(id);
    let wanted = golden::files(Side { graph, realised: &realised }, &bound.cluster);
    let present = listed.join().expect("listing does not panic")?;
    let comparison = Comparison { place: &place, present, session: &session, wanted: &wanted };
    let changes = comparison.changes()?;
    let done = match args.check {
        true => comparison.report(&folder, &args, changes, ui),
        false => comparison.accept(&changes, ui),
    };
    // The process ends with the command, as for the graph.
    std::mem::forget(wanted);
    done
}

/// What the golden files are, beside what they should be.
struct Comparison<'a> {
    place: &'a Utf8Path,
    /// Every file that is there.
    present: Vec<Utf8PathBuf>,
    session: &'a Arc<ClusterSession>,
    wanted: &'a GoldenFiles,
}

impl Comparison<'_> {
    fn changes(&self) -> Result<Vec<Change>, Failure> {
        let wanted: Vec<(&String, &Golden)> = self.wanted.iter().collect();
        let mut changes = in_parallel(&wanted, |(path, golden)| self.compare(path, golden))?;
        let orphans = self.present.iter().filter(|path| !self.wanted.contains_key(path.as_str()));
        changes.extend(orphans.map(|path| Change { path: path.to_string(), found: Found::Orphan }));
        Ok(changes)
    }

    fn compare(&self, path: &str, golden: &Golden) -> Result<Option<Change>, Failure> {
        let change = |found| Some(Change { path: path.to_owned(), found });
        let Some(found) = files::read(&self.place.join(path))? else { return Ok(change(Found::Missing)) };
        if Digest::of(&found) == golden.digest() {
            return Ok(None);
        }
        let is_mark = |line: &[u8]| line.starts_with(b"<<<<<<< ");
        if found.split(|byte| *byte == b'\n').any(is_mark) {
            return Ok(change(Found::Conflict));
        }
        let wanted = self.bytes(golden)?;
        if String::from_utf8_lossy(&found).replace("\r\n", "\n").as_bytes() == wanted {
            return Ok(change(Found::LineEnds));
        }
        Ok(change(Found::Differs { line: first_difference(&found, &wanted) }))
    }

    fn bytes(&self, golden: &Golden) -> Result<Vec<u8>, Failure> {
        match golden {
            Golden::Text(text) => Ok(text.bytes()),
            Golden::Output { node, .. } => match self.session.content(*node)? {
                Content::Public(bytes) => Ok(bytes.to_vec()),
                Content::Secret(_) | Content::Stored(_) => unreachable!("only public text is golden"),
            },
        }
    }

    /// Makes the golden files what they should be.
    fn accept(&self, changes: &[Change], ui: &Ui) -> Result<(), Failure> {
        let orphans = changes.iter().any(|change| matches!(change.found, Found::Orphan));
        if orphans && !files::exists(&self.place.join(NODES)) {
            let message = format!("{} holds files, and no {NODES}: these are no golden files", self.place);
            let help = "what is no longer made is removed there: name a folder of its own";
            return Err(Failure::wrong_input(vec![Diagnostic::error(message).help(Some(help))]));
        }
        in_parallel(changes, |change| {
            match self.wanted.get(&change.path) {
                Some(golden) => files::write_cheaply(&self.place.join(&change.path), &self.bytes(golden)?)?,
                None => files::remove(self.place, Utf8Path::new(&change.path))?,
            }
            Ok(None::<()>)
        })?;
        for change in changes {
            ui.result(change);
        }
        let (files, place) = (self.wanted.len(), self.place);
        ui.result(format_args!("{files} golden files below {place}, {} of them changed", changes.len()));
        Ok(())
    }

    /// Says which files are stale and why, or what exactly was found to be as it should.
    fn report(&self, folder: &Folder, args: &Snapshot, changes: Vec<Change>, ui: &Ui) -> Result<(), Failure> {
        let (files, place) = (self.wanted.len(), self.place);
        if changes.is_empty() {
            ui.result(format_args!("{files} golden files below {place} are as the build yields them"));
            return Ok(());
        }
        let stale = if changes.len() == 1 { "file is" } else { "files are" };
        let summary = format!("{} golden {stale} stale below {place}", changes.len());
        let accept = command(folder, args);
        let help = format!("review the change; `{accept}` accepts it");
        let mut diagnostics = stale::explain(folder, place, changes, ui)?;
        diagnostics.push(Diagnostic::error(summary).help(Some(help)));
        Err(Failure::differences(diagnostics))
    }
}

/// The command that accepts what this one found.
fn command(folder: &Folder, args: &Snapshot) -> String {
    let place = args.dir.as_ref().map(|place| format!(" --dir {}", quoted(place.as_str())));
    format!("{} snapshot{}", folder.command(), place.unwrap_or_default())
}

/// The number of the first line in which two texts differ.
fn first_difference(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b);
    1 + same.filter(|(byte, _)| **byte == b'\n').count()
}

/// Does something for each item on all processors; what comes of it, in order.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<Option<R>, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let part = items.len().div_ceil(threads).max(1);
    let done = std::thread::scope(|scope| {
        let work = &work;
        let start = |items| scope.spawn(move || -> Result<Vec<R>, Failure> { collect(items, work) });
        let started: Vec<_> = items.chunks(part).map(start).collect();
        started.into_iter().map(|thread| thread.join().expect("the work does not panic")).collect::<Vec<_>>()
    });
    let done: Result<Vec<Vec<R>>, Failure> = done.into_iter().collect();
    Ok(done?.into_iter().flatten().collect())
}

fn collect<T, R>(items: &[T], work: impl Fn(&T) -> Result<Option<R>, Failure>) -> Result<Vec<R>, Failure> {
    items.iter().filter_map(|item| work(item).transpose()).collect()
}
