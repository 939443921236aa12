//! The golden files of a cluster: everything that is public of what its hosts will hold, laid out for those who review a change.
//!
//! No golden file follows from a key: what certificates say is in the plan, and their bytes are nothing to read. And none
//! follows from everything: changes that touch different things change different lines.

mod layout;
mod listing;
mod nodes;
mod pki;
mod share;
mod text;

use std::collections::BTreeMap;

use kthw_graph::NodeId;
use kthw_store::Digest;

pub use layout::files;
pub use nodes::{kind, name_and_kind};
pub use text::Text;

/// The golden file of all nodes.
pub const NODES: &str = "graph.txt";

/// What a golden file holds.
#[derive(Debug, Clone)]
pub enum Golden {
    /// What a node yields, and the bundle that has it, if one does.
    Output {
        node: NodeId,
        digest: Digest,
        bundle: Option<NodeId>,
    },
    Text(Text),
}

/// By their paths.
pub type GoldenFiles = BTreeMap<String, Golden>;

impl Golden {
    /// Names the bytes, so that a file can be compared without making them.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Output { digest, .. } => *digest,
            Self::Text(text) => Digest::of(&text.bytes()),
        }
    }
}
