//! The section `cloudProvider`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;

/// The cloud that the hosts are in: kubelets leave their addresses and zones to its controllers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("name"))]
pub struct CloudProviderSpec {
    /// The name by which its controller manager knows the cloud.
    pub name: String,
    /// A cloud controller manager on every control plane; by default it is up to an add-on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CloudControllerManagerSpec")]
    pub controller_manager: Option<CloudControllerManagerSpec>,
}

/// A program that kthw does not know, pinned here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("version downloads"))]
pub struct CloudControllerManagerSpec {
    /// Its exact version.
    pub version: String,
    /// The program for each architecture of the control planes.
    pub downloads: BTreeMap<String, CloudDownloadSpec>,
    /// Flags by name without dashes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, String>,
}

/// Where a program is, and which bytes it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("url sha256"))]
pub struct CloudDownloadSpec {
    /// An https URL of the program itself, not of an archive.
    pub url: String,
    /// The SHA-256 of the program in lower-case hexadecimal.
    pub sha256: String,
}
