//! `kthw snapshot`: write, or check, the golden files.

use camino::Utf8Path;
use kthw_graph::Goal;

use super::failure::Failure;
use super::opened::{Opened, realise};
use crate::cli::Snapshot;
use crate::golden::{self, GoldenFiles};
use crate::sources::Folder;
use crate::sys::files;
use crate::ui::{Diagnostic, Ui};

pub fn run(folder: Folder, args: Snapshot, ui: &Ui) -> Result<(), Failure> {
    let place = args.dir.unwrap_or_else(|| folder.join("snapshots"));
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let all = session.graph().order().to_vec();
    realise(&session, &bound.spec, Goal::Identify, &all, ui)?;
    let wanted = golden::render(&session)?;
    let changes = compare(&place, &wanted)?;
    if args.check {
        return check(&place, &changes, wanted.len(), ui);
    }
    for change in &changes {
        match change {
            Change::Added(path) | Change::Changed(path, _) => {
                files::write(&place.join(path), &wanted[path], 0o644)?;
            }
            Change::Orphan(path) => files::remove(&place, Utf8Path::new(path))?,
        }
        ui.result(change);
    }
    ui.result(format_args!("{} golden files below {place}, {} of them changed", wanted.len(), changes.len()));
    Ok(())
}

/// How a golden file differs from what the build yields.
enum Change {
    Added(String),
    /// With the first line that differs.
    Changed(String, usize),
    Orphan(String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Added(path) => write!(f, "{path} is new"),
            Self::Changed(path, line) => write!(f, "{path} differs from line {line} on"),
            Self::Orphan(path) => write!(f, "{path} is no longer made"),
        }
    }
}

fn compare(place: &Utf8Path, wanted: &GoldenFiles) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for (path, bytes) in wanted {
        match files::read_text(&place.join(path))? {
            None => changes.push(Change::Added(path.clone())),
            Some(found) if found.as_bytes() == bytes => {}
            Some(found) => {
                changes.push(Change::Changed(path.clone(), first_difference(found.as_bytes(), bytes)))
            }
        }
    }
    for path in files::list(place)? {
        if !wanted.contains_key(path.as_str()) {
            changes.push(Change::Orphan(path.into_string()));
        }
    }
    Ok(changes)
}

/// The number of the first line in which two texts differ.
fn first_difference(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b);
    1 + same.filter(|(byte, _)| **byte == b'\n').count()
}

fn check(place: &Utf8Path, changes: &[Change], files: usize, ui: &Ui) -> Result<(), Failure> {
    if changes.is_empty() {
        ui.result(format_args!("{files} golden files below {place} are as the build yields them"));
        return Ok(());
    }
    let diagnostics = changes.iter().map(|change| Diagnostic::error(change.to_string())).collect();
    Err(Failure::differences(diagnostics).help("review the change; `kthw snapshot` accepts it"))
}
