//! Writes a mirror of a cluster's downloads: a folder that `downloads.mirrors` may name.

use std::collections::BTreeMap;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use kthw_graph::{Graph, NodeId, NodeName};
use kthw_store::{Digest, Output};

use crate::artifact::{Artifact, Download};
use crate::failure::Failure;
use crate::lock::{Algorithm, Checksum, Pin};
use crate::mirror::ChecksumList;
use crate::opened::{ClusterSession, copy_blob};
use crate::sources::Folder;
use crate::sys::fetch::mirror_path;
use crate::sys::files::{self, FileError};
use crate::ui::{Diagnostic, Ui};

/// Refuses a folder that cannot become a mirror, before anything is fetched for it.
pub fn prepare(folder: &Folder, mirror: &Utf8Path) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::wrong_input(vec![Diagnostic::error(why)]));
    if files::exists(mirror) && !files::is_folder(mirror) {
        return refuse(format!("{mirror} is a file; name a folder, new or old"));
    }
    let place = files::resolved(mirror);
    for private in [folder.private(), folder.store()] {
        if place.starts_with(files::resolved(&private)) {
            return refuse(format!("{mirror} is within {private}, which is kthw's own; name another folder"));
        }
    }
    Ok(files::ensure_writable(mirror)?)
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

/// Writes what the mirror lacks, from the store, and the lists of checksums.
pub fn write(session: &ClusterSession, layout: Layout, mirror: &Utf8Path, ui: &Ui) -> Result<(), Failure> {
    let mut held: Vec<(Utf8PathBuf, &Checksum)> = Vec::new();
    let mut written = 0;
    for (id, relative) in layout {
        let Artifact::Download(download) = &session.graph().node(id).action else {
            unreachable!("a layout is of downloads")
        };
        let Pin { url, checksum, .. } = &download.pin;
        let place = mirror.join(&relative);
        let Some(Output::Pinned(action)) = session.realised(id).map(|realised| realised.output) else {
            unreachable!("a download is realised as what is pinned")
        };
        let missing = || Failure::failed(format!("{url} is not in the store any more")).help("run it again");
        let blob = session.store().pinned_blob(&action)?.ok_or_else(missing)?;
        if digest(&place)? != Some(blob) {
            files::fill(&place, 0o644, |file| copy_blob(session.store(), &blob, file, &place))?;
            written += 1;
            ui.result(format_args!("{checksum} {place}"));
        }
        held.push((relative, checksum));
    }
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        write_list(mirror, algorithm, &held)?;
    }
    let kept = held.len() - written;
    ui.result(format_args!("{mirror} mirrors {} files: {written} written, {kept} as they were", held.len()));
    Ok(())
}

/// Lists these files beside those of other clusters that are still there.
fn write_list(
    mirror: &Utf8Path,
    algorithm: Algorithm,
    held: &[(Utf8PathBuf, &Checksum)],
) -> Result<(), FileError> {
    let name = ChecksumList::name(algorithm);
    let place = mirror.join(name);
    let before = files::read_text(&place)?;
    let mut list = ChecksumList::parse(algorithm, before.as_deref().unwrap_or_default());
    list.retain(|path| files::exists(&mirror.join(path)));
    for (path, checksum) in held {
        list.set(path, checksum);
    }
    match before {
        None if list.is_empty() => Ok(()),
        Some(_) if list.is_empty() => files::remove(mirror, name.into()),
        Some(before) if before == list.render() => Ok(()),
        _ => files::write(&place, list.render().as_bytes(), 0o644),
    }
}

/// The identity of the bytes of a file; `None` if there is no such file.
fn digest(path: &Utf8Path) -> Result<Option<Digest>, FileError> {
    let Some(mut file) = files::open(path)? else { return Ok(None) };
    let (mut buffer, mut hasher) = (vec![0; 1 << 20], blake3::Hasher::new());
    loop {
        match file.read(&mut buffer).map_err(files::cannot_read(path))? {
            0 => return Ok(Some(Digest::from_bytes(*hasher.finalize().as_bytes()))),
            read => _ = hasher.update(&buffer[..read]),
        }
    }
}
