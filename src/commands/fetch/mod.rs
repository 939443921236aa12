//! `kthw fetch`: download and verify every pin; list them, or write a mirror of them.

mod mirror;

use std::collections::BTreeSet;

use kthw_graph::{Action, Encoder, Goal, NodeId, Yields};
use kthw_store::Store;
use serde::Serialize;

use crate::artifact::{Artifact, Download, Make};
use crate::cli::Fetch;
use crate::failure::Failure;
use crate::lock::Pin;
use crate::opened::{Opened, open_store, realise};
use crate::redaction::redacted;
use crate::sources::Folder;
use crate::sys::files;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Fetch, ui: &Ui) -> Result<(), Failure> {
    if let Some(place) = &args.mirror {
        mirror::prepare(&folder, place)?;
    }
    let opened = Opened::read(folder, ui)?;
    if args.images {
        for image in images(&opened) {
            ui.result(image);
        }
        return Ok(());
    }
    if args.list {
        return list(&opened, args.json, ui);
    }
    let layout = args.mirror.as_ref().map(|_| mirror::lay_out(&opened.plan.graph)).transpose()?;
    if let (Some(place), Some(layout)) = (&args.mirror, &layout) {
        mirror::check(place, layout)?;
    }
    let pull = !images(&opened).is_empty();
    let (session, bound) = opened.session(ui)?;
    let wanted = |id: &NodeId| match &session.graph().node(*id).action {
        Artifact::Download(_) => true,
        // A mirror holds what is published, not what is in it.
        artifact => args.mirror.is_none() && artifact.kind().yields == Yields::Pinned,
    };
    let targets: Vec<NodeId> = session.graph().order().iter().copied().filter(wanted).collect();
    let outcome = realise(&session, &bound, Goal::Fetch, &targets, ui)?;
    if let (Some(place), Some(layout)) = (&args.mirror, layout) {
        mirror::write(&session, layout, place, ui)?;
        if pull {
            ui.message("hosts pull container images besides: `kthw fetch --images` names them");
        }
        return Ok(());
    }
    let (fetched, there) = (outcome.executed.len(), outcome.reused);
    ui.result(format_args!("{fetched} fetched or unpacked and verified, {there} were here"));
    Ok(())
}

/// Everything that the cluster has from elsewhere.
#[derive(Serialize)]
struct Listing<'a> {
    downloads: Vec<ListedDownload<'a>>,
    images: BTreeSet<String>,
}

#[derive(Serialize)]
struct ListedDownload<'a> {
    name: &'a str,
    version: String,
    os: &'a str,
    arch: &'a str,
    url: String,
    algorithm: &'static str,
    digest: &'a str,
    /// Of what is in the store; a lock knows no sizes.
    size: Option<u64>,
}

fn list(opened: &Opened, json: bool, ui: &Ui) -> Result<(), Failure> {
    let downloads = || {
        let nodes = opened.plan.graph.order().iter().map(|id| &opened.plan.graph.node(*id).action);
        nodes.filter_map(|artifact| match artifact {
            Artifact::Download(download) => Some(download),
            _ => None,
        })
    };
    if !json {
        for Download { pin, .. } in downloads() {
            ui.result(format_args!("{} {}", pin.checksum, redacted(&pin.url)));
        }
        return Ok(());
    }
    let store = match files::exists(&opened.folder.store()) {
        true => Some(open_store(&opened.folder, ui)?),
        false => None,
    };
    let mut listing = Listing { downloads: Vec::new(), images: images(opened) };
    for download in downloads() {
        let size = store.as_ref().map(|store| size(download, store)).transpose()?.flatten();
        let Pin { name, version, os, arch, url, checksum, published: _, measured: _ } = &download.pin;
        let (algorithm, digest) = (checksum.algorithm().as_str(), checksum.hex());
        let (version, url) = (version.to_string(), redacted(url));
        listing.downloads.push(ListedDownload { name, version, os, arch, url, algorithm, digest, size });
    }
    ui.json(&listing);
    Ok(())
}

/// How large a download is that the store holds.
fn size(download: &Download, store: &Store) -> Result<Option<u64>, Failure> {
    let mut description = Encoder::default();
    description.begin(&Download::KIND);
    download.describe(&mut description);
    let Some(blob) = store.pinned_blob(&description.digest())? else { return Ok(None) };
    Ok(store.stat(&blob)?.map(|stat| stat.size))
}

/// The container images that the cluster's files name.
fn images(opened: &Opened) -> BTreeSet<String> {
    let graph = &opened.plan.graph;
    graph.order().iter().flat_map(|id| graph.node(*id).action.images()).collect()
}
