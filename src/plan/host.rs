//! What every host holds, whatever its roles.

use super::flags::path;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, HostsEntry, HostsFile};
use crate::cluster::{Cluster, Host};

impl Planner<'_> {
    pub(super) fn place_common(&mut self, files: &mut HostFiles<'_>) {
        let mut entries = hosts_entries(files.host, &self.control_planes);
        entries.extend(endpoint_entries(self.cluster));
        let hosts = self.define(&format!("host/{}/hosts", files.host.name), HostsFile { entries }, []);
        files.public(path::HOSTS, hosts);
        self.place_programs(files);
    }
}

/// The host itself, the control planes and the API: what a host has to reach by name. Not every worker, so
/// that a new one changes nothing on the others.
fn hosts_entries(host: &Host, control_planes: &[&Host]) -> Vec<HostsEntry> {
    let entry = |host: &Host| HostsEntry {
        address: host.address,
        name: host.name.clone(),
        decided_by: DecidedBy::Spec(format!("hosts[{}].address", host.name)),
    };
    let others = control_planes.iter().filter(|other| other.name != host.name);
    std::iter::once(entry(host)).chain(others.map(|other| entry(other))).collect()
}

/// Where the endpoint's name leads, if it is a name and a load balancer of the cluster stands there.
fn endpoint_entries(cluster: &Cluster) -> impl Iterator<Item = HostsEntry> {
    let endpoint = &cluster.api.endpoint;
    let addresses = match endpoint.ip() {
        None => cluster.balanced_addresses(),
        Some(_) => Vec::new(),
    };
    let decided_by = || DecidedBy::Spec("api.endpoint".to_owned());
    addresses.into_iter().map(move |address| HostsEntry {
        address,
        name: endpoint.host.clone(),
        decided_by: decided_by(),
    })
}
