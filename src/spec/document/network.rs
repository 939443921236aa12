//! The section `network`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::{Allocation, Cni};

/// Address ranges in CIDR notation, which must not meet, and the names and addresses within them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The range of the hosts' own addresses.
    pub hosts: String,
    /// The range of service addresses.
    pub services: String,
    /// The range of pod addresses, cut into one range per worker.
    pub pods: String,
    /// The DNS domain of the cluster.
    pub domain: String,
    /// The address of the cluster's DNS service; by default the tenth of the service range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<String>,
    /// Who connects pods: the bridge plugin with static ranges and routes, Cilium, or none until an add-on is installed.
    #[schemars(with = "Cni")]
    pub cni: String,
    /// Whether workers run kube-proxy; by default unless Cilium stands in for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_proxy: Option<bool>,
    /// Who gives each worker its pod range; by default kthw for the bridge plugin, and else the controller manager.
    #[schemars(with = "Option<Allocation>")]
    #[serde(rename = "podCIDRAllocation", skip_serializing_if = "Option::is_none")]
    pub pod_cidr_allocation: Option<String>,
    /// The prefix length of each worker's pod range; by default 24, or 64 for IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_mask: Option<u8>,
}

impl Default for NetworkSpec {
    fn default() -> NetworkSpec {
        NetworkSpec {
            hosts: "10.0.0.0/24".to_owned(),
            services: "10.96.0.0/24".to_owned(),
            pods: "10.200.0.0/16".to_owned(),
            domain: "cluster.local".to_owned(),
            dns: None,
            cni: Cni::Bridge.to_string(),
            kube_proxy: None,
            pod_cidr_allocation: None,
            pod_mask: None,
        }
    }
}
