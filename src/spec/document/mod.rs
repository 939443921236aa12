//! The cluster file as written: serde types that accept any word, so that all bad ones are reported together.

mod addons;
mod api;
mod audit;
mod authentication;
mod cloud_provider;
mod components;
mod control_plane;
mod downloads;
mod encryption;
mod etcd;
mod host;
mod machines;
mod monitoring;
mod network;
mod pki;
mod priority_class;
mod versions;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::required;

pub use addons::{AddonsSpec, CoreDnsSpec};
pub use api::{ApiSpec, LoadBalancerSpec};
pub use audit::AuditSpec;
pub use authentication::AuthenticationSpec;
pub use cloud_provider::{CloudControllerManagerSpec, CloudProviderSpec};
pub use components::{ComponentSpec, ComponentsSpec};
pub use control_plane::{ControlPlaneSpec, LeaderElectionSpec};
pub use downloads::DownloadsSpec;
pub use encryption::EncryptionSpec;
pub use etcd::{AutoCompactionSpec, BackupSpec, EtcdSpec, LayerSpec, OffSiteSpec};
pub use host::{HostSpec, SshSpec, TaintSpec};
pub use machines::{ImageFileSpec, ImageSpec, MachineNetworkSpec, MachineSpec, MachinesSpec, UserSpec};
pub use monitoring::MonitoringSpec;
pub use network::NetworkSpec;
pub use pki::{AuthoritiesSpec, PkiSpec};
pub use priority_class::PriorityClassSpec;
pub use versions::VersionsSpec;

/// The API version of the cluster file.
pub const API_VERSION: &str = "kthw.dev/v1alpha1";
/// The kind of the cluster file.
pub const KIND: &str = "Cluster";

/// A Kubernetes cluster, built the hard way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "Cluster", deny_unknown_fields, transform = required("apiVersion kind name versions hosts"))]
pub struct ClusterSpec {
    /// The version of this file's format.
    #[schemars(extend("const" = API_VERSION))]
    pub api_version: String,
    /// What this file describes.
    #[schemars(extend("const" = KIND))]
    pub kind: String,
    /// The name of the cluster: a DNS label.
    pub name: String,
    /// What runs on the hosts, in exact versions.
    pub versions: VersionsSpec,
    /// Address ranges and names.
    pub network: NetworkSpec,
    /// How clients reach the Kubernetes API.
    pub api: ApiSpec,
    /// The machines.
    #[schemars(length(min = 1))]
    pub hosts: Vec<HostSpec>,
    /// Changes to the flags and configuration of single programs.
    pub components: ComponentsSpec,
    /// Lifetimes of certificates, and authorities that are made elsewhere.
    pub pki: PkiSpec,
    /// How the members of etcd keep time and space, and copies of what they hold.
    pub etcd: EtcdSpec,
    /// Encryption at rest.
    pub encryption: EncryptionSpec,
    /// How control planes elect leaders, watch hosts and admit requests.
    pub control_plane: ControlPlaneSpec,
    /// Whom the API server believes.
    pub authentication: AuthenticationSpec,
    /// The cloud that the hosts are in; by default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CloudProviderSpec")]
    pub cloud_provider: Option<CloudProviderSpec>,
    /// What a Prometheus is given; by default nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MonitoringSpec")]
    pub monitoring: Option<MonitoringSpec>,
    /// How much pods matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priority_classes: Vec<PriorityClassSpec>,
    /// The API server's audit log.
    pub audit: AuditSpec,
    /// What is applied to the running cluster.
    pub addons: AddonsSpec,
    /// Where release files come from.
    pub downloads: DownloadsSpec,
    /// The virtual machines that are made for the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MachinesSpec")]
    pub machines: Option<MachinesSpec>,
}
