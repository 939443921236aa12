//! The trees of the hosts of one of two states.

use std::collections::BTreeMap;

use crate::artifact::{ArchiveMember, Artifact};
use crate::plan;
use crate::side::Side;
use crate::tree::{Placed, Release, Tree};

/// What a host holds; `None` where it is no host of this state.
pub fn tree(side: Side<'_>, host: &str) -> Option<Tree> {
    let id = side.graph.find(&plan::bundle_name(host))?;
    let Artifact::Bundle(bundle) = side.action(id) else { return None };
    let mut files = BTreeMap::new();
    for (path, node) in &side.graph.node(id).inputs {
        let permissions = *bundle.files.get(path)?;
        files.insert(
            path.clone(),
            Placed { output: side.known(*node).output, permissions, release: release(side, *node) },
        );
    }
    Some(Tree { files, services: bundle.services.clone() })
}

/// Whether a host holds the same on both sides.
pub fn is_same(before: Side<'_>, after: Side<'_>, host: &str) -> bool {
    let bundle = |side: Side<'_>| side.graph.find(&plan::bundle_name(host)).map(|id| side.known(id).output);
    bundle(before) == bundle(after)
}

fn release(side: Side<'_>, id: kthw_graph::NodeId) -> Option<Release> {
    match side.action(id) {
        Artifact::Download(download) => {
            Some(Release { name: download.pin.name.clone(), version: download.pin.version.clone() })
        }
        Artifact::ArchiveMember(_) => release(side, side.input(id, ArchiveMember::ARCHIVE)?),
        _ => None,
    }
}
