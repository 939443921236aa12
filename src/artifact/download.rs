//! A release file of an upstream project, pinned by the checksum that the project published.

use std::fmt::Display;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::lock::Pin;

/// A download, and what pins it.
pub struct Download {
    pub pin: Pin,
    /// The field of the cluster's file that pins it; `None` for the lock.
    written: Option<String>,
}

impl Download {
    /// Pinned by the lock.
    pub fn locked(pin: Pin) -> Self {
        Self { pin, written: None }
    }

    /// Pinned in the cluster's file.
    pub fn written(pin: Pin, path: String) -> Self {
        Self { pin, written: Some(path) }
    }
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
        let Self { pin, written } = self;
        let entry = format!("pin {} {} {}/{}", pin.name, pin.version, pin.os, pin.arch);
        let mut say = |name: &str, value: &dyn Display| match written {
            Some(path) => manifest.display(name, value, Origin::Spec(format_args!("{path}"))),
            None => manifest.display(name, value, Origin::Lock(format_args!("{entry}"))),
        };
        say("name", &pin.name);
        say("version", &pin.version);
        say("os", &pin.os);
        say("arch", &pin.arch);
        say("checksum", &pin.checksum);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Err("a download is fetched, not made".into())
    }
}
