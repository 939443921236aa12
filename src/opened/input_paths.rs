//! Files that flags and configurations name and that nothing here puts on a host.

use std::collections::BTreeSet;
use std::sync::Arc;

use kthw_graph::Graph;

use crate::artifact::Artifact;
use crate::cluster::{Cluster, Host, InputPath, Program, Role};
use crate::meant::{AMONG_MANY, did_you_mean};
use crate::plan;
use crate::sources::SPEC;
use crate::spec::{Place, Positions};
use crate::ui::Diagnostic;

/// What a distribution has, or makes when it starts.
const DISTRIBUTIONS: &[&str] = &[
    "/dev",
    "/etc/machine-id",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/proc",
    "/run",
    "/sys",
    "/usr/lib",
    "/usr/share",
    "/var/lib/dbus",
    "/var/run",
];

/// A warning for each: a program that does not find a file does not start, and only whoever deploys knows of other sources.
/// The prefix says which state of the folder that is.
pub fn missing(prefix: &str, text: &Arc<str>, cluster: &Cluster, graph: &Graph<Artifact>) -> Vec<Diagnostic> {
    let named = cluster.input_paths();
    if named.is_empty() {
        return Vec::new();
    }
    let positions = Positions::new(text);
    let written = written(cluster);
    let warning = |InputPath { program, field, path }: &InputPath| {
        if is_below(path, DISTRIBUTIONS.iter().copied()) || written.contains(path.as_str()) {
            return None;
        }
        let host = cluster.hosts.iter().find(|host| runs(host, *program) && !holds(graph, host, path))?;
        let message = format!("{field} {path}: nothing here puts this file on host {}", host.name);
        let near = plan::files(graph).filter(|(of, _, _)| *of == host.name).map(|(_, path, _)| path);
        let help = did_you_mean(path, near, AMONG_MANY)
            .unwrap_or_else(|| format!("put it there before {program} starts, which would not without it"));
        let Place { line, column, len } = positions.locate(field);
        Some(Diagnostic::warning(message).help(Some(help)).at(
            &format!("{prefix}{SPEC}"),
            text,
            line,
            column,
            len,
        ))
    };
    named.iter().filter_map(warning).collect()
}

fn runs(host: &Host, program: Program) -> bool {
    match program {
        Program::KubeApiserver | Program::KubeControllerManager | Program::KubeScheduler => {
            host.is(Role::ControlPlane)
        }
        Program::Kubelet | Program::KubeProxy | Program::Containerd => host.is(Role::Worker),
        Program::Etcd => host.is(Role::Etcd),
    }
}

/// What machines are given by the user's own cloud-config.
fn written(cluster: &Cluster) -> BTreeSet<&str> {
    let files =
        cluster.machines.as_ref().and_then(|machines| machines.user_data.get("write_files")?.as_array());
    files.into_iter().flatten().filter_map(|file| file.get("path")?.as_str()).collect()
}

/// Whether a host's bundle has the file, or something in the folder.
fn holds(graph: &Graph<Artifact>, host: &Host, path: &str) -> bool {
    plan::files(graph).any(|(of, held, _)| of == host.name && is_below(held, [path]))
}

fn is_below<'p>(path: &str, tops: impl IntoIterator<Item = &'p str>) -> bool {
    tops.into_iter()
        .any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
