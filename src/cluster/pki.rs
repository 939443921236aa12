//! The PKI's settings: how long certificates live, and which authorities are made elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Lifetimes of certificates, counted from the epoch of their class, and authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pki {
    /// Of a certificate authority.
    pub ca_lifetime: Duration,
    /// Of every other certificate; shorter than an authority's.
    pub leaf_lifetime: Duration,
    /// How long before its end a certificate is told of, if that is written.
    pub warn_before: Option<Duration>,
    /// The authorities that are made elsewhere; the others are made here.
    pub authorities: BTreeMap<Authority, AuthorityFiles>,
}

/// A certificate authority. A client that one of them vouches for is nobody to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    Cluster,
    Etcd,
    FrontProxy,
}

impl Authority {
    pub const ALL: [Self; 3] = [Self::Cluster, Self::Etcd, Self::FrontProxy];

    /// The common name of one that is made here.
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Cluster => "kubernetes",
            Self::Etcd => "etcd-ca",
            Self::FrontProxy => "front-proxy-ca",
        }
    }
}

/// The field of an authority in the section `pki.authorities`.
impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::Etcd => "etcd",
            Self::FrontProxy => "frontProxy",
        })
    }
}

/// Where an authority that is made elsewhere is found, seen from the cluster's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityFiles {
    pub certificate: String,
    pub key: String,
}
