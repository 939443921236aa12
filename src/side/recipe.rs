//! What a key, or what follows from one, is made from: known without the root secret, and other than before whenever it is.

use std::collections::{HashMap, HashSet};

use kthw_graph::{Action, Graph, Manifest, NodeId, Origin, Value};
use kthw_store::ActionDigest;

use super::Side;
use crate::artifact::Artifact;

/// Stands for the parameters of a node and all that it is made from, but for the root secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe([u8; 32]);

impl Recipe {
    /// Stands for the recipe together with the root that would carry it out, by its fingerprint.
    pub fn with_root(self, fingerprint: &str) -> [u8; 32] {
        let mut parts = Parts(blake3::Hasher::new());
        parts.add(fingerprint);
        parts.0.update(&self.0);
        *parts.0.finalize().as_bytes()
    }
}

impl std::fmt::Display for Recipe {
    /// Enough of it to be told from another.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("of:")?;
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a node alone adds to what it is made from: its parameters, and which nodes it reads. Two changes of a cluster that
/// touch different nodes change the recipes of different nodes, so that a list of them can be merged.
pub fn own_recipe(graph: &Graph<Artifact>, id: NodeId) -> Recipe {
    let node = graph.node(id);
    let mut parts = Parts::of(&node.action);
    for (slot, input) in &node.inputs {
        parts.add(slot);
        parts.add(graph.node(*input).name.as_str());
    }
    parts.recipe()
}

/// The recipes of these nodes, to which all belong that are made from one of them. Where another action was carried out
/// than the node's own, its name belongs to the recipe.
pub fn recipes(
    side: Side<'_>,
    of: &HashSet<NodeId>,
    others: &HashMap<NodeId, ActionDigest>,
) -> HashMap<NodeId, Recipe> {
    let mut recipes: HashMap<NodeId, Recipe> = HashMap::with_capacity(of.len());
    for id in side.graph.order().iter().filter(|id| of.contains(id)) {
        let node = side.graph.node(*id);
        let mut parts = Parts::of(&node.action);
        if let Some(other) = others.get(id) {
            parts.add(&other.to_string());
        }
        for (slot, input) in &node.inputs {
            parts.add(slot);
            match (recipes.get(input), side.output(*input)) {
                (Some(recipe), _) => parts.add(&recipe.to_string()),
                (None, Some(output)) => parts.add(&output.to_string()),
                (None, None) => unreachable!("whatever follows from no key is realised"),
            }
        }
        recipes.insert(*id, parts.recipe());
    }
    recipes
}

/// Whether a parameter is the root's fingerprint.
pub fn is_root(origin: &Origin<'_>) -> bool {
    matches!(origin, Origin::Lock(entry) if entry.to_string() == "root")
}

/// Each with its length, so that no two lists of parts are the same bytes.
struct Parts(blake3::Hasher);

impl Parts {
    /// The kind and the parameters of an action.
    fn of(action: &Artifact) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        let kind = action.kind();
        parts.add(kind.name);
        parts.add(&kind.version.to_string());
        action.describe(&mut parts);
        parts
    }

    fn recipe(&self) -> Recipe {
        Recipe(*self.0.finalize().as_bytes())
    }

    fn add(&mut self, part: &str) {
        self.0.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
}

impl Manifest for Parts {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        if !is_root(&origin) {
            self.add(name);
            match value {
                Value::Text(text) => self.add(text),
                other => self.add(&other.to_string()),
            }
        }
    }
}
