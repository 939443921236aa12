//! What really lies in `blobs/`, whatever the database says.

use camino::Utf8PathBuf;

use crate::digest::Digest;
use crate::error::Result;
use crate::file::{self, FolderEntry};
use crate::layout::Layout;

/// The content of `blobs/`. Links are seen and never followed.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    /// Files in the place of a blob, with their sizes. One that no row names is what a crash leaves.
    pub(crate) blobs: Vec<(Digest, u64)>,
    /// Everything else.
    pub(crate) strays: Vec<Utf8PathBuf>,
}

impl Shelves {
    pub(crate) fn look(layout: &Layout) -> Result<Self> {
        let mut found = Self::default();
        for shard in file::entries(&layout.blobs())? {
            if !shard.is_folder || shard.name.len() != 2 {
                found.strays.push(shard.path);
                continue;
            }
            for entry in file::entries(&shard.path)? {
                match blob_name(&entry) {
                    Some(digest) if layout.blob(&digest) == entry.path => {
                        found.blobs.push((digest, entry.size));
                    }
                    _ => found.strays.push(entry.path),
                }
            }
        }
        Ok(found)
    }
}

fn blob_name(entry: &FolderEntry) -> Option<Digest> {
    format!("b3:{}", entry.name).parse().ok().filter(|_| entry.is_file)
}
