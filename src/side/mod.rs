//! One of the two states that a comparison is between.

mod keyed;
mod named;
mod recipe;

use kthw_graph::{Graph, NodeId, Realised};
use kthw_store::Output;

use crate::artifact::Artifact;

pub use keyed::{following, keyed};
pub use named::named;
pub use recipe::{own_recipe, recipes};

/// A planned cluster with what is known of its nodes. Of the sides of a comparison that is everything: whoever makes one
/// has identified all nodes, or named them by their recipes.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub graph: &'a Graph<Artifact>,
    pub realised: &'a (dyn Fn(NodeId) -> Option<Realised> + Sync),
}

impl<'a> Side<'a> {
    pub fn name(&self, id: NodeId) -> &'a str {
        self.graph.node(id).name.as_str()
    }

    pub fn action(&self, id: NodeId) -> &'a Artifact {
        &self.graph.node(id).action
    }

    /// What a node of a comparison does and yields.
    pub fn known(&self, id: NodeId) -> Realised {
        (self.realised)(id).unwrap_or_else(|| unreachable!("{} is not identified", self.name(id)))
    }

    pub fn output(&self, id: NodeId) -> Option<Output> {
        (self.realised)(id).map(|realised| realised.output)
    }

    /// The input of a node in a slot.
    pub fn input(&self, id: NodeId, slot: &str) -> Option<NodeId> {
        self.graph.node(id).input(slot)
    }
}
