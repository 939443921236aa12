//! Writes a mirror of a cluster's downloads: a folder that `downloads.mirrors` may name.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use kthw_graph::{Graph, NodeId, NodeName};
use kthw_store::{Digest, Output};

use crate::artifact::{Artifact, Download};
use crate::failure::Failure;
use crate::lock::{Algorithm, Checksum, Pin};
use crate::mirror::ChecksumList;
use crate::opened::{ClusterSession, copy_blob, digest_of};
use crate::redaction::redacted;
use crate::sources::Folder;
use crate::sys::fetch::mirror_path;
use crate::sys::files::{self, FileError};
use crate::sys::owned_folder::NotOwned;
use crate::sys::rooted::{Entry, Rooted};
use crate::territory::Territory;
use crate::ui::{Diagnostic, Ui};

/// Refuses a folder that cannot become a mirror, before anything is fetched for it.
pub fn prepare(folder: &Folder, mirror: &Utf8Path) -> Result<(), Failure> {
    if files::exists(mirror) && !files::is_folder(mirror) {
        let error = Diagnostic::error(format!("{mirror} is a file; name a folder, new or old"));
        return Err(Failure::wrong_input(vec![error]));
    }
    Territory::of(folder).check_folder(mirror)?;
    files::ensure_writable(mirror)?;
    for algorithm in ALGORITHMS {
        let name = ChecksumList::name(algorithm);
        let text = read_list(&open(mirror)?, name)?;
        if let Some(line) = ChecksumList::foreign_line(algorithm, &text) {
            let message =
                format!("{}: `{}` is no line of a mirror's list", mirror.join(name), redacted(line));
            let help = "name a folder of its own, or move that file away: kthw writes it anew";
            return Err(Failure::wrong_input(vec![Diagnostic::error(message).help(Some(help))]));
        }
    }
    Ok(())
}

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

fn open(mirror: &Utf8Path) -> Result<Rooted, FileError> {
    Rooted::create(mirror, 0o755)
}

fn read_list(mirror: &Rooted, name: &str) -> Result<String, FileError> {
    let text = mirror.read(name.into())?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The downloads with their places below the root of a mirror.
pub type Layout = Vec<(NodeId, Utf8PathBuf)>;

/// Decides where each download is to be, before anything is fetched.
pub fn lay_out(graph: &Graph<Artifact>) -> Result<Layout, Failure> {
    let mut layout = Layout::new();
    let mut taken: BTreeMap<Utf8PathBuf, (&NodeName, &Checksum)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (id, node) in graph.order().iter().map(|id| (*id, graph.node(*id))) {
        let Artifact::Download(Download { pin, .. }) = &node.action else { continue };
        let place = mirror_path(&pin.url).map_err(Failure::failed)?;
        match taken.get(&place) {
            Some((other, checksum)) if **checksum != pin.checksum => {
                let message = format!("{other} and {} would both be {place} in a mirror", node.name);
                let fix = "a mirror knows files by the hosts and paths of their URLs: give one of them another path";
                problems.push(Diagnostic::error(message).help(Some(fix)));
            }
            _ => _ = taken.insert(place.clone(), (&node.name, &pin.checksum)),
        }
        layout.push((id, place));
    }
    if problems.is_empty() { Ok(layout) } else { Err(Failure::wrong_input(problems)) }
}

/// Refuses a folder that is no mirror and holds something else, before anything is fetched for it.
pub fn check(place: &Utf8Path, layout: &Layout) -> Result<(), Failure> {
    let mirror = open(place)?;
    let entries = mirror.list()?;
    let is_list = |path: &Utf8Path| ALGORITHMS.iter().any(|algorithm| path == ChecksumList::name(*algorithm));
    // Whatever is beside the files of a mirror is for those who serve it.
    if entries.iter().any(|entry| is_list(&entry.path)) {
        return Ok(());
    }
    let tops: BTreeSet<&str> = layout.iter().filter_map(|(_, path)| top(path)).collect();
    let is_strange =
        |entry: &&Entry| !entry.is_unfinished && top(&entry.path).is_none_or(|top| !tops.contains(top));
    let strangers: Vec<Utf8PathBuf> =
        entries.iter().filter(is_strange).map(|entry| entry.path.clone()).collect();
    match strangers.is_empty() {
        true => Ok(()),
        false => Err(NotOwned::Strangers { folder: place.to_owned(), strangers }.into()),
    }
}

fn top(path: &Utf8Path) -> Option<&str> {
    path.components().next().map(|name| name.as_str())
}

/// A download in a mirror.
struct Held<'a> {
    path: Utf8PathBuf,
    pin: &'a Pin,
    blob: Digest,
    is_right: bool,
}

/// Writes what the mirror lacks, from the store, and the lists of checksums. Only a file that a list names is replaced.
pub fn write(session: &ClusterSession, layout: Layout, place: &Utf8Path, ui: &Ui) -> Result<(), Failure> {
    let mirror = open(place)?;
    mirror.lock();
    let mut lists = Vec::new();
    for algorithm in ALGORITHMS {
        lists.push(ChecksumList::parse(algorithm, &read_list(&mirror, ChecksumList::name(algorithm))?));
    }
    let (mut held, mut strangers) = (Vec::new(), Vec::new());
    for (id, path) in layout {
        let Artifact::Download(Download { pin, .. }) = &session.graph().node(id).action else {
            unreachable!("a layout is of downloads")
        };
        let Some(Output::Pinned(action)) = session.realised(id).map(|realised| realised.output) else {
            unreachable!("a download is realised as what is pinned")
        };
        let url = redacted(&pin.url);
        let missing = || Failure::failed(format!("{url} is not in the store any more")).help("run it again");
        let blob = session.store().pinned_blob(&action)?.ok_or_else(missing)?;
        let there = mirror.open_file(&path)?;
        let is_right = match there {
            None => false,
            Some(file) => {
                let is_right = digest_of(file, &place.join(&path))? == blob;
                if !is_right && !lists.iter().any(|list| list.names(&path)) {
                    strangers.push(path.clone());
                }
                is_right
            }
        };
        held.push(Held { path, pin, blob, is_right });
    }
    if !strangers.is_empty() {
        return Err(NotOwned::Strangers { folder: place.to_owned(), strangers }.into());
    }
    let mut written = 0;
    for Held { path, pin, blob, .. } in held.iter().filter(|held| !held.is_right) {
        let at = place.join(path);
        mirror.fill(path, 0o644, |file| {
            copy_blob(session.store(), blob, file, &at)?;
            // Whoever carries it away may not have the store.
            file.sync_all().map_err(|error| Failure::from(files::cannot_write(&at)(error)))
        })?;
        written += 1;
        ui.result(format_args!("{} {at}", pin.checksum));
    }
    for algorithm in ALGORITHMS {
        write_list(&mirror, algorithm, &held)?;
    }
    // Nobody else writes.
    for entry in mirror.list()?.into_iter().filter(|entry| entry.is_unfinished) {
        mirror.remove(&entry.path)?;
    }
    let kept = held.len() - written;
    ui.result(format_args!("{place} mirrors {} files: {written} written, {kept} as they were", held.len()));
    Ok(())
}

/// Lists these files beside those of other clusters that are still there.
fn write_list(mirror: &Rooted, algorithm: Algorithm, held: &[Held<'_>]) -> Result<(), FileError> {
    let name = ChecksumList::name(algorithm);
    let before = read_list(mirror, name)?;
    let mut list = ChecksumList::parse(algorithm, &before);
    list.retain(|path| files::exists(&mirror.path().join(path)));
    for Held { path, pin, .. } in held {
        list.set(path, &pin.checksum);
    }
    match list.render() {
        list if list == before => Ok(()),
        list if list.is_empty() => mirror.remove(name.into()),
        list => mirror.write(name.into(), list.as_bytes(), 0o644),
    }
}
