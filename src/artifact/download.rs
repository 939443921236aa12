//! A release file of an upstream project, pinned by the checksum that the project published.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::lock::Pin;

/// A download, as the lock pins it.
pub struct Download {
    pub pin: Pin,
}

impl Make for Download {
    const KIND: Kind = Kind {
        name: "download",
        version: 1,
        yields: Yields::Pinned,
        reads: Reads::Identities,
        resource: Resource::Network,
    };

    /// Where the bytes come from is not what they are: the URL is left out.
    fn describe(&self, manifest: &mut dyn Manifest) {
        let pin = &self.pin;
        let entry = format!("pin {} {} {}/{}", pin.name, pin.version, pin.os, pin.arch);
        manifest.text("name", &pin.name, Origin::Lock(format_args!("{entry}")));
        manifest.display("version", &pin.version, Origin::Lock(format_args!("{entry}")));
        manifest.text("os", &pin.os, Origin::Lock(format_args!("{entry}")));
        manifest.text("arch", &pin.arch, Origin::Lock(format_args!("{entry}")));
        manifest.display("checksum", &pin.checksum, Origin::Lock(format_args!("{entry}")));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Err("a download is fetched, not made".into())
    }
}
