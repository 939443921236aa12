//! Authentication: whom the API server believes besides those with a certificate of the cluster.

use semver::Version;
use serde_json::{Map, Value};

use super::choice::choice;

/// Issuers of tokens, and strangers.
#[derive(Debug, Clone, PartialEq)]
pub struct Authentication {
    /// As in an AuthenticationConfiguration.
    pub jwt: Vec<Map<String, Value>>,
    pub anonymous: Anonymous,
}

impl Authentication {
    /// Whether flags cannot say it, so that the API server is given a file.
    pub fn needs_file(&self) -> bool {
        !self.jwt.is_empty() || self.anonymous == Anonymous::Health
    }

    /// The version of the AuthenticationConfiguration that this Kubernetes reads, if it reads one.
    pub fn api_version(kubernetes: &Version) -> Option<&'static str> {
        match kubernetes.minor {
            ..30 => None,
            30..34 => Some("apiserver.config.k8s.io/v1beta1"),
            34.. => Some("apiserver.config.k8s.io/v1"),
        }
    }
}

choice! {
    /// What strangers may ask for.
    Anonymous {
        /// Anything that RBAC lets them.
        All = "all",
        /// Whether the API server is well, and nothing else; from Kubernetes 1.32.
        Health = "health",
        /// Nothing, so that health checks need a certificate.
        None = "none",
    }
}
