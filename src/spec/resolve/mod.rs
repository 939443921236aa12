//! Resolving: a `ClusterSpec` into a `Cluster`, deciding what was left open and reporting everything that is wrong.

mod api;
mod components;
mod duration;
mod hosts;
mod names;
mod network;
mod ranges;
mod settings;
mod versions;

use super::document::{API_VERSION, ClusterSpec, KIND};
use super::problem::{Problem, Severity};
use crate::cluster::Cluster;

/// Decides everything: the cluster with warnings, or every error and warning.
pub fn resolve(spec: &ClusterSpec) -> Result<(Cluster, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let cluster = decide(spec, &mut problems);
    let refused = problems.iter().any(|p| p.severity == Severity::Error);
    match cluster {
        Some(cluster) if !refused => Ok((cluster, problems)),
        _ => Err(problems),
    }
}

/// Every section is decided before any is given up, so that each reports its own problems.
fn decide(spec: &ClusterSpec, problems: &mut Vec<Problem>) -> Option<Cluster> {
    header(spec, problems);
    let versions = versions::resolve(&spec.versions, problems);
    let ranges = network::ranges(&spec.network, problems);
    let network = network::resolve(&spec.network, &ranges, problems);
    let hosts = hosts::resolve(&spec.hosts, &ranges, problems);
    let api = api::resolve(&spec.api, &spec.hosts, &ranges, problems);
    let pki = settings::pki(&spec.pki, problems);
    let encryption = settings::encryption(&spec.encryption, problems);
    let audit = settings::audit(&spec.audit, problems);
    let downloads = settings::downloads(&spec.downloads, problems);
    let cluster = Cluster {
        name: spec.name.clone(),
        versions: versions?,
        network: network?,
        api: api?,
        hosts: hosts?,
        components: Default::default(),
        pki: pki?,
        encryption: encryption?,
        audit: audit?,
        downloads,
    };
    let components = components::resolve(&spec.components, &cluster, problems);
    Some(Cluster { components, ..cluster })
}

fn header(spec: &ClusterSpec, problems: &mut Vec<Problem>) {
    let mut constant = |path: &str, written: &str, expected: &str| {
        let message = match written {
            "" => format!("{path} is missing"),
            _ if written == expected => return,
            _ => format!("{path} {written} is not known"),
        };
        problems.push(Problem::error(path, message).fix(format!("write {path}: {expected}")));
    };
    constant("apiVersion", &spec.api_version, API_VERSION);
    constant("kind", &spec.kind, KIND);
    names::label("name", &spec.name, problems);
}
