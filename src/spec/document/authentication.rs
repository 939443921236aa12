//! The section `authentication`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::Anonymous;

/// Whom the API server believes besides those with a certificate of the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AuthenticationSpec {
    /// Issuers of tokens, as in an AuthenticationConfiguration; from Kubernetes 1.30.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<BTreeMap<String, serde_json::Value>>")]
    pub jwt: Vec<serde_json::Value>,
    /// What strangers may ask for, as far as RBAC lets them.
    #[schemars(with = "Anonymous")]
    pub anonymous: String,
}

impl Default for AuthenticationSpec {
    fn default() -> AuthenticationSpec {
        AuthenticationSpec { jwt: Vec::new(), anonymous: Anonymous::All.to_string() }
    }
}
