//! What every host holds, whatever its roles.

use super::flags::path;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, HostsEntry, HostsFile};
use crate::cluster::Host;

impl Planner<'_> {
    pub(super) fn place_common(&mut self, files: &mut HostFiles<'_>) {
        let mut entries = hosts_entries(files.host, &self.control_planes);
        entries.extend(self.endpoint_entries());
        let hosts = self.define(&format!("host/{}/hosts", files.host.name), HostsFile { entries }, []);
        files.public(path::HOSTS, hosts);
        self.place_programs(files);
    }

    /// Where the endpoint's name leads, if it is a name and a load balancer of the cluster stands there.
    fn endpoint_entries(&self) -> impl Iterator<Item = HostsEntry> {
        let endpoint = &self.cluster.api.endpoint;
        let addresses = if endpoint.ip().is_none() { self.balanced_addresses.as_slice() } else { &[] };
        addresses.iter().map(|address| HostsEntry {
            address: *address,
            name: endpoint.host.clone(),
            decided_by: DecidedBy::Spec("api.endpoint".to_owned()),
        })
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
