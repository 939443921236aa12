//! The section `monitoring`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a Prometheus is given to watch the cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct MonitoringSpec {
    /// How often it asks.
    pub scrape_interval: String,
    /// The folder where it finds ca.crt, client.crt and client.key.
    pub credentials: String,
}

impl Default for MonitoringSpec {
    fn default() -> MonitoringSpec {
        MonitoringSpec { scrape_interval: "30s".to_owned(), credentials: "/etc/prometheus/kthw".to_owned() }
    }
}
