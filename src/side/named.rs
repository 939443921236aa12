//! What an action is called by whoever has the root secret.

use kthw_graph::{Action, Encoder, Manifest, NodeId, Origin, Value};
use kthw_store::ActionDigest;

use super::Side;
use super::recipe::is_root;

/// The name of a node's action, with the root of this fingerprint, and with what its inputs yield. None where that is not
/// known of one of them.
pub fn named(side: Side<'_>, id: NodeId, root: &str) -> Option<ActionDigest> {
    let node = side.graph.node(id);
    let mut rooted = Rooted { encoder: Encoder::default(), root };
    rooted.encoder.begin(&node.action.kind());
    node.action.describe(&mut rooted);
    for (slot, input) in &node.inputs {
        rooted.encoder.input(slot, side.output(*input)?);
    }
    Some(rooted.encoder.digest())
}

/// Puts a root in the place of the one that was planned with.
struct Rooted<'a> {
    encoder: Encoder,
    root: &'a str,
}

impl Manifest for Rooted<'_> {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let value = if is_root(&origin) { Value::Text(self.root) } else { value };
        self.encoder.param(name, value, origin);
    }
}
