//! The root secret of a cluster, from which every other secret is derived.

use kthw_graph::Secret;

/// 32 bytes that every private key, token and encryption key of one cluster comes from.
pub struct RootSecret(Secret<[u8; 32]>);

impl RootSecret {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }
}
