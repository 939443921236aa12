//! The section `controlPlane`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How control planes elect leaders, watch hosts and admit requests; what is not written is the programs' own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ControlPlaneSpec {
    /// Which of several controller managers and schedulers works.
    pub leader_election: LeaderElectionSpec,
    /// When a host that is silent counts as lost.
    pub node_monitor: NodeMonitorSpec,
    /// How long pods stay bound to a host that is lost.
    pub eviction: EvictionSpec,
    /// Admission plugins besides NodeRestriction and those that are on anyway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admission_plugins: Vec<String>,
    /// The configuration of admission plugins, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub admission_config: BTreeMap<String, serde_json::Value>,
}

/// Durations of leases; by default 15s, 10s and 2s.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct LeaderElectionSpec {
    /// How long others wait for a leader that is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_duration: Option<String>,
    /// How long a leader tries to stay one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_deadline: Option<String>,
    /// How long anyone waits between attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_period: Option<String>,
}

/// Durations of the controller manager.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct NodeMonitorSpec {
    /// How often it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// How long a host may be silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_period: Option<String>,
}

/// Durations that the API server gives to pods which do not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct EvictionSpec {
    /// How long a pod tolerates a host that is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<String>,
    /// How long a pod tolerates a host that cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
}
