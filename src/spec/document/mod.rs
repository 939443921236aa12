//! The cluster file as written: serde types that accept any word, so that all bad ones are reported together.

mod addons;
mod api;
mod audit;
mod components;
mod downloads;
mod encryption;
mod host;
mod machines;
mod network;
mod pki;
mod versions;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::required;

pub use addons::AddonsSpec;
pub use api::ApiSpec;
pub use audit::AuditSpec;
pub use components::{ComponentSpec, ComponentsSpec};
pub use downloads::DownloadsSpec;
pub use encryption::EncryptionSpec;
pub use host::{HostSpec, SshSpec, TaintSpec};
pub use machines::{ImageFileSpec, ImageSpec, MachineNetworkSpec, MachineSpec, MachinesSpec, UserSpec};
pub use network::NetworkSpec;
pub use pki::PkiSpec;
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
    /// Lifetimes of certificates.
    pub pki: PkiSpec,
    /// Encryption at rest.
    pub encryption: EncryptionSpec,
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
