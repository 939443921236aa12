//! The section `versions`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;

/// Exact versions, without a leading `v`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("kubernetes"))]
pub struct VersionsSpec {
    /// Kubernetes, for instance 1.35.1.
    pub kubernetes: String,
    /// etcd; by default one that suits the Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etcd: Option<String>,
    /// containerd; by default one that suits the Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containerd: Option<String>,
    /// runc; by default one that suits the containerd version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runc: Option<String>,
    /// The CNI plugins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cni_plugins: Option<String>,
    /// crictl; by default one that suits the Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crictl: Option<String>,
    /// CoreDNS; by default the one that kubeadm gives the Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coredns: Option<String>,
    /// Cilium's chart and images; by default one that suits the Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cilium: Option<String>,
    /// The program that installs Cilium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cilium_cli: Option<String>,
}
