//! One file out of a downloaded archive.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A regular file in the gzip-compressed tar archive that is the input `archive`.
pub struct ArchiveMember {
    /// Its path in the archive.
    pub path: String,
}

impl ArchiveMember {
    pub const ARCHIVE: &str = "archive";
}

impl Make for ArchiveMember {
    const KIND: Kind = Kind {
        name: "archive-member",
        version: 1,
        yields: Yields::Pinned,
        reads: Reads::Contents,
        resource: Resource::Disk,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("path", &self.path, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Err("an archive's member is extracted, not made".into())
    }
}
