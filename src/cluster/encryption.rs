//! Encryption at rest: what the API server encrypts before etcd sees it.

use super::choice::choice;

/// What is encrypted, and how. The keys are derived elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    pub provider: Provider,
    /// Resources as the API server names them, such as `secrets` or `configmaps`.
    pub resources: Vec<String>,
}

choice! {
    /// A provider of the API server's EncryptionConfiguration.
    Provider {
        /// XSalsa20 and Poly1305 with a 32-byte key.
        Secretbox = "secretbox",
        /// AES-CBC with a 32-byte key.
        Aescbc = "aescbc",
        /// AES-GCM with a 32-byte key, which wants frequent rotation.
        Aesgcm = "aesgcm",
        /// No encryption.
        Identity = "identity",
    }
}
