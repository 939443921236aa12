//! The section `cloudProvider`: the cloud, and the program of its controllers.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use super::names;
use crate::cluster::{Arch, CloudControllerManager, CloudDownload, CloudProvider, Role};
use crate::field_path::join;
use crate::spec::document::{CloudControllerManagerSpec, CloudProviderSpec, HostSpec};
use crate::spec::problem::Problem;

/// The flags that kthw gives to every cloud controller manager.
const OWN: [&str; 5] =
    ["authentication-kubeconfig", "authorization-kubeconfig", "cloud-provider", "cluster-name", "kubeconfig"];

/// Decides the cloud.
pub fn resolve(
    spec: &CloudProviderSpec,
    hosts: &[HostSpec],
    problems: &mut Vec<Problem>,
) -> Option<CloudProvider> {
    let path = "cloudProvider.name";
    match spec.name.as_str() {
        "" => problems
            .push(names::missing(path, "the name that its controller manager has, for instance openstack")),
        name => names::subdomain(path, name, problems),
    }
    let controller_manager = match &spec.controller_manager {
        Some(spec) => Some(controller_manager(spec, hosts, problems)?),
        None => None,
    };
    Some(CloudProvider { name: spec.name.clone(), controller_manager })
}

fn controller_manager(
    spec: &CloudControllerManagerSpec,
    hosts: &[HostSpec],
    problems: &mut Vec<Problem>,
) -> Option<CloudControllerManager> {
    let path = "cloudProvider.controllerManager";
    let version = Version::parse(&spec.version).ok();
    if version.is_none() {
        let path = format!("{path}.version");
        problems.push(match spec.version.as_str() {
            "" => names::missing(&path, "its exact version, for instance 1.36.0"),
            text => Problem::error(&path, format!("{path} {text} is not an exact version"))
                .fix("write major, minor and patch, for instance 1.36.0"),
        });
    }
    let mut downloads = BTreeMap::new();
    for (word, download) in &spec.downloads {
        let path = join(&format!("{path}.downloads"), word);
        let Some(arch) = names::choose(&path, word, Arch::WORDS, Arch::from_word, problems) else { continue };
        if !["https://", "http://"].iter().any(|scheme| download.url.starts_with(scheme)) {
            let path = format!("{path}.url");
            let problem = Problem::error(&path, format!("{path} {} is not a URL", download.url));
            problems.push(problem.fix("write the https URL of the program"));
        }
        if !names::is_digest("sha256", &download.sha256) {
            let path = format!("{path}.sha256");
            let problem = Problem::error(&path, format!("{path} {} is not a SHA-256", download.sha256));
            problems
                .push(problem.fix("write the 64 lower-case digits that `sha256sum` prints of the program"));
        }
        let (url, sha256) = (download.url.clone(), download.sha256.clone());
        downloads.insert(arch, CloudDownload { url, sha256 });
    }
    let control_planes = hosts.iter().filter(|host| host.has(Role::ControlPlane));
    for arch in control_planes.filter_map(HostSpec::arch).collect::<BTreeSet<_>>() {
        if !downloads.contains_key(&arch) {
            let path = format!("{path}.downloads");
            let problem = Problem::error(&path, format!("{path} lack {arch}, which a control plane has"));
            problems.push(problem.fix(format!("add {arch}: {{url: …, sha256: …}}")));
        }
    }
    for name in spec.flags.keys() {
        let path = join(&format!("{path}.flags"), name);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if name.starts_with('-') || !name.bytes().all(plain) {
            let problem = Problem::error(&path, format!("{path} is not the name of a flag"));
            problems.push(problem.fix("write it without dashes in front"));
        } else if OWN.contains(&name.as_str()) {
            problems.push(Problem::error(&path, format!("{path} is kthw's own")).fix("remove the flag"));
        }
    }
    Some(CloudControllerManager { version: version?, downloads, flags: spec.flags.clone() })
}
