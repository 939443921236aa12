//! The section `api`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;
use crate::cluster::Balancer;

/// The address of the Kubernetes API and the names that its certificate carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ApiSpec {
    /// The URL that every client uses; by default port 6443 of the first control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What leads clients to a control plane that is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LoadBalancerSpec")]
    pub load_balancer: Option<LoadBalancerSpec>,
    /// Further DNS names and IP addresses for the API server's certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<String>,
}

/// A load balancer in front of the control planes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("kind"))]
pub struct LoadBalancerSpec {
    /// The program that balances.
    #[schemars(with = "Balancer")]
    pub kind: String,
    /// A virtual address within `network.hosts` that is no host's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The network interface on which keepalived takes the virtual address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}
