//! What every host holds, whatever its roles.

use std::net::IpAddr;

use super::flags::path;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, HostsEntry, HostsFile};
use crate::cluster::{Cluster, Host};

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
            decided_by: api_address(self.cluster, *address),
        })
    }
}

/// Who decided that the endpoint's name leads to an address: the endpoint, and whoever has that address.
pub fn api_address(cluster: &Cluster, address: IpAddr) -> DecidedBy {
    let host = cluster.hosts.iter().find(|host| host.address == address);
    let there =
        host.map_or("api.loadBalancer.address".to_owned(), |host| format!("hosts[{}].address", host.name));
    DecidedBy::Derived(vec!["api.endpoint".to_owned(), there])
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
