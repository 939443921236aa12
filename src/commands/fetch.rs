//! `kthw fetch`: download and verify every pin.

use kthw_graph::Action;
use kthw_graph::{Goal, NodeId, Yields};

use super::failure::Failure;
use super::opened::{Opened, realise};
use crate::artifact::Artifact;
use crate::cli::Fetch;
use crate::sources::Folder;
use crate::ui::Ui;

pub fn run(folder: Folder, args: Fetch, ui: &Ui) -> Result<(), Failure> {
    let opened = Opened::read(folder, ui)?;
    if args.list {
        let graph = &opened.plan.graph;
        for id in graph.order() {
            if let Artifact::Download(download) = &graph.node(*id).action {
                ui.result(format_args!("{} {}", download.pin.checksum, download.pin.url));
            }
        }
        return Ok(());
    }
    let (session, _) = opened.session(ui)?;
    let pinned = |id: &NodeId| session.graph().node(*id).action.kind().yields == Yields::Pinned;
    let targets: Vec<NodeId> = session.graph().order().iter().copied().filter(pinned).collect();
    let outcome = realise(&session, Goal::Fetch, &targets, ui)?;
    let (fetched, there) = (outcome.executed.len(), outcome.reused);
    ui.result(format_args!("{fetched} fetched or unpacked and verified, {there} were here"));
    Ok(())
}
