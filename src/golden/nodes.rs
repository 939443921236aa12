//! The list of all nodes, each with its kind; of those that no other golden file tells about also what they are made from.
//!
//! No line of it changes because of what another node is or yields. So two changes of a cluster that touch different
//! nodes change different lines, between which one stays as it was, and git merges them.

use std::collections::HashSet;

use kthw_graph::{Action, Graph, NodeId};
use kthw_store::{Digest, Output};

use super::text::{Entry, Text};
use crate::artifact::Artifact;
use crate::side::{self, Side};

/// Every node, by name. These outputs are golden files, each of one or more nodes.
pub fn nodes(side: Side<'_>, shown: &HashSet<Digest>) -> Text {
    let graph = side.graph;
    let is_shown =
        |id: NodeId| matches!(side.output(id), Some(Output::Public(digest)) if shown.contains(&digest));
    let entry = |id: &NodeId| {
        let mut text = format!("{} {}\n", graph.node(*id).name, kind(graph, *id));
        if !is_shown(*id) && !is_told_elsewhere(&graph.node(*id).action) {
            // The empty line keeps this one apart from whatever comes next.
            text += &format!("  {}\n\n", side::own_recipe(graph, *id));
        }
        Entry { text, about: vec![*id] }
    };
    let mut entries: Vec<Entry> = graph.order().iter().map(entry).collect();
    entries.sort_by(|a, b| a.text.cmp(&b.text));
    Text::lines(entries)
}

/// Whether another golden file says what an action's parameters are: `files.txt` of a bundle and of a member of an
/// archive, `pki.txt` of a certificate, and a golden text without its secrets of user-data. The cluster has none.
fn is_told_elsewhere(action: &Artifact) -> bool {
    matches!(
        action,
        Artifact::ArchiveMember(_)
            | Artifact::Bundle(_)
            | Artifact::Certificate(_)
            | Artifact::ClusterIndex(_)
            | Artifact::ImportedCertificate(_)
            | Artifact::UserData(_)
    )
}

/// What the list says of a node's kind: another version of it may yield other bytes.
pub fn kind(graph: &Graph<Artifact>, id: NodeId) -> String {
    let kind = graph.node(id).action.kind();
    format!("{kind} {}", kind.version)
}

/// What a line of a written list says: a node's name and its kind.
pub fn name_and_kind(line: &str) -> Option<(&str, &str)> {
    line.split_once(' ').filter(|(name, _)| !name.is_empty())
}
