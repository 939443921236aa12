//! The section `audit`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the API server records of every request, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AuditSpec {
    /// A whole audit.k8s.io/v1 Policy, or just its `rules`, in place of kthw's own.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub policy: serde_json::Value,
    /// Days that a log file is kept.
    pub max_age: u32,
    /// Log files that are kept.
    pub max_backup: u32,
    /// Megabytes at which a log file is rotated.
    pub max_size: u32,
}

impl Default for AuditSpec {
    fn default() -> AuditSpec {
        AuditSpec { policy: serde_json::Value::Null, max_age: 30, max_backup: 10, max_size: 100 }
    }
}
