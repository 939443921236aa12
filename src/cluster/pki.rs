//! The PKI's settings: how long certificates live.

use std::time::Duration;

/// Lifetimes of certificates, counted from the epoch of their class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pki {
    /// Of a certificate authority.
    pub ca_lifetime: Duration,
    /// Of every other certificate; shorter than an authority's.
    pub leaf_lifetime: Duration,
}
