//! All that makes one machine, by identity.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// The list of a machine's files, each an input in the slot of its name.
pub struct Machine {
    pub host: String,
}

impl Make for Machine {
    const KIND: Kind = Kind {
        name: "machine",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("host", &self.host, Origin::Spec(format_args!("hosts[{}].name", self.host)));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let lines = from.inputs().iter().map(|file| format!("{} {}\n", file.output, file.slot));
        Ok(Content::public(lines.collect::<String>().into_bytes()))
    }
}
