//! One of the section `hosts`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;
use super::MachineSpec;
use crate::cluster::{Arch, Effect, Role};

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
    /// What is different about its virtual machine.
    #[serde(skip_serializing_if = "MachineSpec::is_default")]
    pub machine: MachineSpec,
}

impl HostSpec {
    /// Whether the host is written to have the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.iter().any(|word| word == role.as_str())
    }

    /// The architecture that is written, or that is meant where none is; none if there is none of that name.
    pub fn arch(&self) -> Option<Arch> {
        self.arch.as_deref().map_or(Some(Arch::Amd64), Arch::from_word)
    }
}

/// How ssh reaches a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct SshSpec {
    /// The user to log in as; by default that of `machines.user`, or root.
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
