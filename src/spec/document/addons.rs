//! The section `addons`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is applied to the running cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AddonsSpec {
    /// Whether CoreDNS answers for the cluster's domain.
    #[serde(rename = "coreDNS")]
    pub core_dns: bool,
    /// Cilium, where `network.cni` is cilium.
    #[serde(skip_serializing_if = "CiliumSpec::is_default")]
    pub cilium: CiliumSpec,
}

impl Default for AddonsSpec {
    fn default() -> AddonsSpec {
        AddonsSpec { core_dns: true, cilium: CiliumSpec::default() }
    }
}

/// Changes to Cilium.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct CiliumSpec {
    /// A JSON merge patch (RFC 7386) for the values that kthw gives Cilium's chart.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub values: serde_json::Value,
}

impl CiliumSpec {
    fn is_default(&self) -> bool {
        *self == CiliumSpec::default()
    }
}
