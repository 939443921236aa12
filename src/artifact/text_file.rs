//! Placeholder kind while the real ones land.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A fixed text.
pub struct TextFile {
    pub text: String,
}

impl Make for TextFile {
    const KIND: Kind = Kind {
        name: "text-file",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("text", &self.text, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.text.as_bytes()))
    }
}
