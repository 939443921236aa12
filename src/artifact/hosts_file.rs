//! The names that a host knows without asking a DNS server.

use std::net::IpAddr;

use indexmap::IndexMap;
use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{DecidedBy, Ingredients, Make};

/// The file /etc/hosts: the host itself first, then the hosts that it must find.
pub struct HostsFile {
    /// Entries of the same address share a line, which stands where the first of them does.
    pub entries: Vec<HostsEntry>,
}

/// A name and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsEntry {
    pub address: IpAddr,
    pub name: String,
    /// Such as `hosts[worker-node-1].address` or `api.endpoint`.
    pub decided_by: DecidedBy,
}

/// What every host knows.
const LOCAL: &str = "\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
";

impl HostsFile {
    fn render(&self) -> String {
        let mut lines: IndexMap<IpAddr, Vec<&str>> = IndexMap::new();
        for HostsEntry { address, name, .. } in &self.entries {
            let names = lines.entry(*address).or_default();
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let lines = lines.iter().map(|(address, names)| format!("{address} {}\n", names.join(" ")));
        std::iter::once(format!("{LOCAL}\n")).chain(lines).collect()
    }
}

impl Make for HostsFile {
    const KIND: Kind = Kind {
        name: "hosts-file",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        for HostsEntry { address, name, decided_by } in &self.entries {
            decided_by.describe(manifest, "entry", &format!("{address} {name}"));
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.render().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn hosts(entries: &[(&str, &str)]) -> HostsFile {
        let entry = |(address, name): &(&str, &str)| HostsEntry {
            address: address.parse().expect("an address"),
            name: (*name).to_owned(),
            decided_by: DecidedBy::Spec(format!("hosts[{name}].address")),
        };
        HostsFile { entries: entries.iter().map(entry).collect() }
    }

    #[test]
    fn names_of_one_address_share_a_line_and_the_order_stays() {
        let file = hosts(&[
            ("10.0.0.36", "worker-node-1"),
            ("10.0.0.5", "control-plane-2"),
            ("10.0.0.4", "control-plane-1"),
            ("10.0.0.5", "api.example.org"),
            ("10.0.0.5", "control-plane-2"),
        ]);
        insta::assert_snapshot!(text(file, &[]), @r"
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        ff02::1 ip6-allnodes
        ff02::2 ip6-allrouters

        10.0.0.36 worker-node-1
        10.0.0.5 control-plane-2 api.example.org
        10.0.0.4 control-plane-1
        ");
    }

    #[test]
    fn an_entry_is_described_with_its_place() {
        insta::assert_snapshot!(
            description(&hosts(&[("10.0.0.4", "control-plane-1")]).into()),
            @"entry = 10.0.0.4 control-plane-1 (hosts[control-plane-1].address)"
        );
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            hosts(&[("10.0.0.4", "a"), ("10.0.0.5", "b")]).into(),
            hosts(&[("10.0.0.5", "b"), ("10.0.0.4", "a")]).into(),
            hosts(&[("10.0.0.4", "a"), ("10.0.0.5", "c")]).into(),
            hosts(&[("10.0.0.4", "a"), ("10.0.0.6", "b")]).into(),
            hosts(&[("10.0.0.4", "a")]).into(),
        ]);
    }
}
