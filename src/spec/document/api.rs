//! The section `api`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The address of the Kubernetes API and the names that its certificate carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ApiSpec {
    /// The URL that every client uses; by default port 6443 of the first control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Further DNS names and IP addresses for the API server's certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<String>,
}
