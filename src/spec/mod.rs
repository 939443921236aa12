//! The cluster file: strict parsing, and resolving into a `Cluster` with every problem located.

mod changes;
mod document;
mod parse;
mod place;
mod positions;
pub mod presets;
mod problem;
mod reading;
#[cfg(test)]
mod refusals;
mod resolve;
mod scalars;
mod schema;
mod tree;

pub use changes::{FieldChange, Written, changes};
pub use document::{
    API_VERSION, ApiSpec, AuditSpec, AuthenticationSpec, CloudProviderSpec, ClusterSpec, ComponentSpec,
    ComponentsSpec, ControlPlaneSpec, DownloadsSpec, EncryptionSpec, EtcdSpec, HostSpec, ImageFileSpec,
    ImageSpec, KIND, LoadBalancerSpec, MachineNetworkSpec, MachineSpec, MachinesSpec, MonitoringSpec,
    NetworkSpec, PkiSpec, PriorityClassSpec, SshSpec, TaintSpec, UserSpec, VersionsSpec,
};
pub use parse::parse;
pub use place::Place;
pub use positions::Positions;
pub use problem::{Located, Problem, Severity};
pub use resolve::resolve;
pub use schema::schema;

use std::collections::HashSet;

use crate::cluster::Cluster;

/// Reads a cluster file: the cluster with what to warn of, or everything that is wrong with the text.
pub fn load(text: &str) -> Result<(Cluster, Vec<Located>), Vec<Located>> {
    let (spec, mut problems) = parse::read(text);
    let Some(spec) = spec else { return Err(problems) };
    problems.extend(scalars::check(text, &spec));
    let more = match resolve(&spec) {
        Ok((cluster, warnings)) if problems.is_empty() => return Ok((cluster, locate(text, warnings))),
        Ok(_) => Vec::new(),
        Err(more) => locate(text, more),
    };
    // What is wrong with a value follows from how it was read.
    let known: HashSet<(usize, usize)> =
        problems.iter().map(|problem| (problem.line, problem.column)).collect();
    problems.extend(more.into_iter().filter(|problem| !known.contains(&(problem.line, problem.column))));
    problems.sort_by_key(|located| (located.line, located.column));
    Err(problems)
}

/// Gives each problem its place, in the order of the text.
fn locate(text: &str, problems: Vec<Problem>) -> Vec<Located> {
    let positions = Positions::new(text);
    let place = |problem: Problem| {
        let place = positions.locate(&problem.path);
        problem.at(place)
    };
    let mut located: Vec<_> = problems.into_iter().map(place).collect();
    located.sort_by_key(|located| (located.line, located.column));
    located
}
