//! The content-addressed store of kthw.
//!
//! It keeps blobs, realisations, descriptions and roots, and knows no graph, no Kubernetes and no hosts.

mod digest;

pub use digest::{ActionDigest, Digest, Mac, Output, ParseDigestError, Sha256};
