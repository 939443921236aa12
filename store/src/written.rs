//! What written bytes turned out to be.

use crate::digest::{Digest, Sha256};

/// What a written blob turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub digest: Digest,
    pub sha256: Sha256,
    pub size: u64,
}

impl Written {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), sha256: Sha256::of(bytes), size: bytes.len() as u64 }
    }
}
