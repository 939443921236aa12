//! The section `pki`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifetimes of certificates, as durations such as 8760h.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct PkiSpec {
    /// How long a certificate is valid.
    pub certificate_validity_period: String,
    /// How long a certificate authority is valid.
    pub ca_certificate_validity_period: String,
}

impl Default for PkiSpec {
    fn default() -> PkiSpec {
        PkiSpec {
            certificate_validity_period: "8760h".to_owned(),
            ca_certificate_validity_period: "87600h".to_owned(),
        }
    }
}
