//! The cloud that the hosts are in.

use std::collections::BTreeMap;

use semver::Version;

use super::Arch;

/// A cloud whose controllers run outside of Kubernetes' own programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudProvider {
    pub name: String,
    /// Without one, an add-on brings the controllers.
    pub controller_manager: Option<CloudControllerManager>,
}

/// A program that the cluster file pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudControllerManager {
    pub version: Version,
    /// One for each architecture of the control planes.
    pub downloads: BTreeMap<Arch, CloudDownload>,
    pub flags: BTreeMap<String, String>,
}

/// Where a program is, and which bytes it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudDownload {
    pub url: String,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
}
