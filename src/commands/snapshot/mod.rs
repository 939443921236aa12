//! `kthw snapshot`: write, or check, the golden files.

mod change;
mod history;
mod merge;
mod search;
mod stale;

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use kthw_graph::{Content, Goal, NodeId};
use kthw_store::Digest;

use crate::cli::Snapshot;
use crate::failure::Failure;
use crate::file_list::{FILE_LIST, golden_files};
use crate::golden::{self, Golden, GoldenFiles};
use crate::opened::{Bound, ClusterSession, Opened, realise};
use crate::shell::quoted;
use crate::side::{self, Side};
use crate::sources::Folder;
use crate::sys::files;
use crate::sys::owned_folder::{Files, OwnedFolder};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};

use change::{Change, Found};
use merge::Sides;

pub fn run(folder: Folder, args: Snapshot, ui: &Ui) -> Result<(), Failure> {
    let place = args.dir.clone().unwrap_or_else(|| folder.join("snapshots"));
    Territory::of(&folder).check_folder(&place)?;
    let listed = place.clone();
    // Thousands of folders are listed while the cluster is planned.
    let listed = std::thread::spawn(move || OwnedFolder::open(&listed));
    let (session, bound) = Opened::read(folder.clone(), ui)?.session(ui)?;
    let graph = session.graph();
    // No golden file follows from a key, so that nobody needs one to write or to check them.
    let keyed = side::keyed(graph);
    let public: Vec<NodeId> = graph.order().iter().copied().filter(|id| !keyed.contains(id)).collect();
    realise(&session, &bound, Goal::Identify, &public, ui)?;
    let realised = |id| session.realised(id);
    let wanted = golden::files(Side { graph, realised: &realised }, &bound.cluster, &bound.lock.cluster);
    let here = listed.join().expect("listing does not panic")?;
    let comparison = Comparison { place: &place, here, session: &session, wanted: &wanted };
    let changes = comparison.changes()?;
    let done = match args.check {
        true => comparison.report(&folder, &args, changes, ui),
        false => comparison.accept(&bound, &changes, ui),
    };
    // The process ends with the command, as for the graph.
    std::mem::forget(wanted);
    done
}

/// What the golden files are, beside what they should be.
struct Comparison<'a> {
    place: &'a Utf8Path,
    here: OwnedFolder,
    session: &'a Arc<ClusterSession>,
    wanted: &'a GoldenFiles,
}

impl Comparison<'_> {
    fn changes(&self) -> Result<Vec<Change>, Failure> {
        let wanted: Vec<(&String, &Golden)> = self.wanted.iter().collect();
        let mut changes = in_parallel(&wanted, |(path, golden)| self.compare(path, golden))?;
        let orphans = self.here.entries().filter(|entry| !self.wanted.contains_key(entry.path.as_str()));
        changes.extend(orphans.map(|entry| Change {
            path: entry.path.to_string(),
            found: if entry.is_file { Found::Orphan } else { Found::NoFile },
        }));
        Ok(changes)
    }

    fn compare(&self, path: &str, golden: &Golden) -> Result<Option<Change>, Failure> {
        let change = |found| Some(Change { path: path.to_owned(), found });
        let found = match self.here.read(path.into()) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(change(Found::Missing)),
            Err(error) if error.is_content() => return Ok(change(Found::NoFile)),
            Err(error) => return Err(error.into()),
        };
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
    fn accept(&self, bound: &Bound, changes: &[Change], ui: &Ui) -> Result<(), Failure> {
        let written: BTreeSet<String> =
            self.wanted.keys().filter(|path| *path != FILE_LIST).cloned().collect();
        let (folder, of) = (&bound.folder, golden_files(&bound.lock.cluster));
        let place = files::absolute(self.place);
        let sides = LazyCell::new(|| Sides::read(&place, &of));
        let is_ours = |here: &OwnedFolder, path: &str| {
            let Some(bytes) = here.read(path.into())? else { return Ok::<_, Failure>(false) };
            let is_as_wanted =
                self.wanted.get(path).is_some_and(|golden| Digest::of(&bytes) == golden.digest());
            Ok(is_as_wanted || sides.left(path, &bytes))
        };
        let (files, mode) = (Files { written, ..Files::default() }, folder.restricted(0o755));
        let filling = OwnedFolder::begin(self.place, mode, &of, files, is_ours)?;
        let stale = changes.iter().filter(|change| change.path != FILE_LIST);
        let stale: Vec<(&str, &Golden)> =
            stale.filter_map(|change| Some((change.path.as_str(), self.wanted.get(&change.path)?))).collect();
        in_parallel(&stale, |(path, golden)| {
            filling.write(path, &self.bytes(golden)?, folder.restricted(0o644))?;
            Ok(None::<()>)
        })?;
        filling.finish()?;
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
        let mut diagnostics = stale::explain(folder, &self.here, place, changes, ui)?;
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
