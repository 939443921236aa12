//! The control plane: how its parts elect leaders, watch hosts and admit requests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Settings of the three programs; what is `None` is left to them. Durations are as Go writes them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ControlPlane {
    pub leader_election: LeaderElection,
    pub node_monitor_period: Option<String>,
    pub node_monitor_grace_period: Option<String>,
    /// In seconds, as are those of unreachable hosts.
    pub not_ready_toleration: Option<u64>,
    pub unreachable_toleration: Option<u64>,
    /// Besides NodeRestriction.
    pub admission_plugins: Vec<String>,
    /// The configuration of plugins, by name.
    pub admission_config: BTreeMap<String, Map<String, Value>>,
}

/// Durations of leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaderElection {
    pub lease_duration: Option<String>,
    pub renew_deadline: Option<String>,
    pub retry_period: Option<String>,
}
