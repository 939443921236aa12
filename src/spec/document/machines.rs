//! The section `machines`, and what a host changes of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;
use crate::cluster::{Acceleration, Addressing, BaseImage, Carry};

/// The virtual machines that are made for the hosts; without this section the machines are there already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct MachinesSpec {
    /// The number of virtual processors of each machine.
    pub cpus: u32,
    /// The memory of each machine.
    pub memory: String,
    /// The size of each machine's disk, most of which takes no room until it is written to.
    pub disk: String,
    /// Whether the hypervisor runs the machines on its own processor or emulates one.
    #[schemars(with = "Acceleration")]
    pub acceleration: String,
    /// The folder on the hypervisor that the machines' files are put into; by default
    /// /var/lib/libvirt/images and the cluster's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// What the disks start as.
    #[serde(skip_serializing_if = "ImageSpec::is_default")]
    pub image: ImageSpec,
    /// The network that the machines are in.
    #[serde(skip_serializing_if = "MachineNetworkSpec::is_default")]
    pub network: MachineNetworkSpec,
    /// Who logs in.
    #[serde(skip_serializing_if = "UserSpec::is_default")]
    pub user: UserSpec,
    /// Further cloud-config for every machine: lists are appended to kthw's, anything else comes before it.
    /// It is public; secrets have no place here.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub user_data: serde_json::Value,
    /// Whether a new machine starts with the public files of its bundle.
    #[schemars(with = "Carry")]
    pub carry: String,
}

impl Default for MachinesSpec {
    fn default() -> MachinesSpec {
        MachinesSpec {
            cpus: 2,
            memory: "2GiB".to_owned(),
            disk: "20GiB".to_owned(),
            acceleration: Acceleration::Kvm.to_string(),
            folder: None,
            image: ImageSpec::default(),
            network: MachineNetworkSpec::default(),
            user: UserSpec::default(),
            user_data: serde_json::Value::Null,
            carry: Carry::Public.to_string(),
        }
    }
}

/// The image that the machines' disks start as: a published one, or one's own for each architecture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct ImageSpec {
    /// A published image, in the version that this kthw knows; by default ubuntu-24.04.
    #[schemars(with = "Option<BaseImage>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One's own image for amd64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImageFileSpec")]
    pub amd64: Option<ImageFileSpec>,
    /// One's own image for arm64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImageFileSpec")]
    pub arm64: Option<ImageFileSpec>,
}

impl ImageSpec {
    fn is_default(&self) -> bool {
        *self == ImageSpec::default()
    }
}

/// A qcow2 image and what proves that it is the right one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("url checksum"))]
pub struct ImageFileSpec {
    /// Where it is published.
    pub url: String,
    /// Its digest, as `sha256:…` or `sha512:…` in lower-case hexadecimal.
    pub checksum: String,
}

/// The network that the machines are in; its range is `network.hosts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct MachineNetworkSpec {
    /// What libvirt calls it; by default the cluster's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The bridge on the hypervisor; by default `br-` and a digest of the cluster's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// The hypervisor's address in the network; by default the first of `network.hosts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Who the machines ask for names; by default the gateway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nameservers: Vec<String>,
    /// Whether a machine knows its address or is told by the network; by default static.
    #[schemars(with = "Option<Addressing>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addressing: Option<String>,
    /// The DNS domain of the machines' names; by default the cluster's name and `.internal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What a machine calls its network interface; by default that of `api.loadBalancer`, or eth0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

impl MachineNetworkSpec {
    fn is_default(&self) -> bool {
        *self == MachineNetworkSpec::default()
    }
}

/// Who logs in to a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct UserSpec {
    /// The user's name; by default root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Public keys that ssh lets in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_authorized_keys: Vec<String>,
    /// Further groups of the user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether the user may become root without a password; by default yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo: Option<bool>,
}

impl UserSpec {
    fn is_default(&self) -> bool {
        *self == UserSpec::default()
    }
}

/// What is different about one host's machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct MachineSpec {
    /// The number of virtual processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// The memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The size of the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
    /// The hardware address of the network interface; by default decided by the names of cluster and host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
}

impl MachineSpec {
    pub fn is_default(&self) -> bool {
        *self == MachineSpec::default()
    }
}
