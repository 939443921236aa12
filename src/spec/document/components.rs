//! The section `components`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// kube-proxy; its configuration is a KubeProxyConfiguration.
    #[serde(skip_serializing_if = "ComponentSpec::is_default")]
    pub kube_proxy: ComponentSpec,
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
    #[schemars(schema_with = "crate::spec::schema::flags")]
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
