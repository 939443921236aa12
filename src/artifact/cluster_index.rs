//! The cluster as a whole: the bundles of its hosts, and their machines. Its identity is the identity of everything.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// The list of all bundles, each an input in the slot of its host's name, and of what is made for machines, each in
/// the slot of its node's name.
pub struct ClusterIndex {
    pub name: String,
}

impl Make for ClusterIndex {
    const KIND: Kind = Kind {
        name: "cluster",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("name", &self.name, Origin::Spec(format_args!("name")));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let lines = from.inputs().iter().map(|bundle| format!("{} {}\n", bundle.output, bundle.slot));
        Ok(Content::public(lines.collect::<String>().into_bytes()))
    }
}
