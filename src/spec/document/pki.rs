//! The section `pki`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::schema::required;

/// Lifetimes of certificates, as durations such as 8760h, and authorities that are made elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct PkiSpec {
    /// How long a certificate is valid.
    pub certificate_validity_period: String,
    /// How long a certificate authority is valid.
    pub ca_certificate_validity_period: String,
    /// How long before a certificate ends `build`, `plan` and `diff` tell of it; by default 720h, and a third of its
    /// validity if that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub warn_before: Option<String>,
    /// Certificate authorities that are made elsewhere; by default none.
    #[serde(skip_serializing_if = "AuthoritiesSpec::is_empty")]
    pub authorities: AuthoritiesSpec,
}

impl Default for PkiSpec {
    fn default() -> PkiSpec {
        PkiSpec {
            certificate_validity_period: "8760h".to_owned(),
            ca_certificate_validity_period: "87600h".to_owned(),
            warn_before: None,
            authorities: AuthoritiesSpec::default(),
        }
    }
}

/// Certificate authorities that are made elsewhere. Those that are not named are made by kthw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AuthoritiesSpec {
    /// The one that API servers, kubelets and users know each other by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AuthoritySpec")]
    pub cluster: Option<AuthoritySpec>,
    /// The one of etcd.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AuthoritySpec")]
    pub etcd: Option<AuthoritySpec>,
    /// The one by which extension API servers know the front proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AuthoritySpec")]
    pub front_proxy: Option<AuthoritySpec>,
}

impl AuthoritiesSpec {
    fn is_empty(&self) -> bool {
        *self == AuthoritiesSpec::default()
    }
}

/// Where an authority's files are, seen from the cluster's folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("certificate key"))]
pub struct AuthoritySpec {
    /// Its certificate in PEM, and after it those of its issuers, if there are any.
    pub certificate: String,
    /// Its private key in PEM: ECDSA P-256, not encrypted, readable by its owner alone, and never committed.
    pub key: String,
}
