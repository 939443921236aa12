//! The section `encryption`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::Provider;

/// Encryption of resources before they reach etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct EncryptionSpec {
    /// The algorithm; identity encrypts nothing.
    #[schemars(with = "Provider")]
    pub provider: String,
    /// The resources to encrypt, for instance secrets.
    #[schemars(length(min = 1))]
    pub resources: Vec<String>,
}

impl Default for EncryptionSpec {
    fn default() -> EncryptionSpec {
        EncryptionSpec { provider: Provider::Secretbox.to_string(), resources: vec!["secrets".to_owned()] }
    }
}
