//! The cluster file as written: serde types that accept any word, so that all bad ones are reported together.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::required;
use crate::cluster::{Arch, Cni, Effect, Provider, Role};

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
    /// Where release files come from.
    pub downloads: DownloadsSpec,
}

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
}

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
    /// Who connects pods: the bridge plugin with static ranges, or none until an add-on is installed.
    #[schemars(with = "Cni")]
    pub cni: String,
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
            pod_mask: None,
        }
    }
}

/// The address of the Kubernetes API and the names that its certificate carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ApiSpec {
    /// The URL that every client uses; by default port 6443 of the first control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Further DNS names and IP addresses for the API server's certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<String>,
}

/// A machine of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("name address roles"))]
pub struct HostSpec {
    /// The name of the machine and of its Kubernetes node, in lower case.
    pub name: String,
    /// The IP address of the machine, within `network.hosts`.
    pub address: String,
    /// What the machine is for.
    #[schemars(with = "Vec<Role>", length(min = 1))]
    pub roles: Vec<String>,
    /// The processor architecture; by default amd64.
    #[schemars(with = "Option<Arch>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// How ssh reaches the machine.
    #[serde(skip_serializing_if = "SshSpec::is_default")]
    pub ssh: SshSpec,
    /// Labels of the Kubernetes node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Taints of the Kubernetes node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<TaintSpec>,
    /// The pod range of this worker; by default cut from `network.pods` after the host's address.
    #[serde(rename = "podCIDR", skip_serializing_if = "Option::is_none")]
    pub pod_cidr: Option<String>,
}

/// How ssh reaches a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct SshSpec {
    /// The user to log in as; by default root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The port of sshd; by default 22.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl SshSpec {
    fn is_default(&self) -> bool {
        *self == SshSpec::default()
    }
}

/// A taint of a Kubernetes node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("key effect"))]
pub struct TaintSpec {
    /// The key, as in a label.
    pub key: String,
    /// The value, as in a label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// What happens to pods that do not tolerate the taint.
    #[schemars(with = "Effect")]
    pub effect: String,
}

/// Changes to single programs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
#[schemars(deny_unknown_fields)]
pub struct ComponentsSpec {
    /// The API server.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub kube_apiserver: ComponentSpec,
    /// The controller manager.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub kube_controller_manager: ComponentSpec,
    /// The scheduler; its configuration is a KubeSchedulerConfiguration.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub kube_scheduler: ComponentSpec,
    /// The kubelet; its configuration is a KubeletConfiguration.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub kubelet: ComponentSpec,
    /// etcd, which is configured by flags alone.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub etcd: ComponentSpec,
    /// containerd; its configuration is config.toml, written here as YAML.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub containerd: ComponentSpec,
}

/// Changes to the flags and the configuration of one program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ComponentSpec {
    /// Flags by name without dashes. A value overrides or adds; null removes a default.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::schema::flags")]
    pub flags: BTreeMap<String, serde_json::Value>,
    /// A JSON merge patch (RFC 7386) for the configuration file that kthw writes.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub config: serde_json::Value,
}

impl ComponentSpec {
    fn is_default(&self) -> bool {
        *self == ComponentSpec::default()
    }
}

/// Lifetimes of certificates, as durations such as 8760h.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct PkiSpec {
    /// How long a certificate is valid.
    pub certificate_validity_period: String,
    /// How long a certificate authority is valid.
    pub ca_certificate_validity_period: String,
}

impl Default for PkiSpec {
    fn default() -> PkiSpec {
        PkiSpec {
            certificate_validity_period: "8760h".to_owned(),
            ca_certificate_validity_period: "87600h".to_owned(),
        }
    }
}

/// Encryption of resources before they reach etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct EncryptionSpec {
    /// The algorithm; identity encrypts nothing.
    #[schemars(with = "Provider")]
    pub provider: String,
    /// The resources to encrypt, for instance secrets.
    #[schemars(length(min = 1))]
    pub resources: Vec<String>,
}

impl Default for EncryptionSpec {
    fn default() -> EncryptionSpec {
        EncryptionSpec { provider: Provider::Secretbox.to_string(), resources: vec!["secrets".to_owned()] }
    }
}

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

/// Where release files come from besides their publishers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct DownloadsSpec {
    /// http, https or file URLs that hold the publishers' paths; tried in order, before the publisher.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<String>,
}
