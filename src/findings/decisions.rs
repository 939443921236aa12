//! What was decided before and after.

use std::collections::HashMap;

use crate::cluster::{Cluster, Host};
use crate::lock::Lock;

pub struct Decisions<'a> {
    pub clusters: [&'a Cluster; 2],
    pub locks: [&'a Lock; 2],
    /// The moment of the plan, in seconds since 1970.
    pub now: u64,
    hosts: [HashMap<&'a str, &'a Host>; 2],
}

impl<'a> Decisions<'a> {
    pub fn new(clusters: [&'a Cluster; 2], locks: [&'a Lock; 2], now: u64) -> Self {
        let hosts = clusters.map(|cluster| {
            cluster.hosts.iter().map(|host| (host.name.as_str(), host)).collect::<HashMap<_, _>>()
        });
        Self { clusters, locks, now, hosts }
    }

    /// The host of a name on both sides.
    pub fn host(&self, name: &str) -> [Option<&'a Host>; 2] {
        [0, 1].map(|side: usize| self.hosts[side].get(name).copied())
    }
}
