//! The machines' names for whoever serves them.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{HostsEntry, Ingredients, Make};

/// Names and addresses as dnsmasq's `host-record` lines; the first of an address also answers to the address.
pub struct DnsRecords {
    pub domain: String,
    pub names: Vec<HostsEntry>,
}

impl Make for DnsRecords {
    const KIND: Kind = Kind {
        name: "dns-records",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let at = kthw_graph::Origin::Spec(format_args!("machines.network.domain"));
        manifest.text("domain", &self.domain, at);
        for HostsEntry { name, address, decided_by } in &self.names {
            decided_by.describe(manifest, "record", &format!("{name} {address}"));
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let record = |entry: &HostsEntry| format!("host-record={},{}\n", entry.name, entry.address);
        let records = self.names.iter().map(record);
        let text = format!("local=/{}/\n{}", self.domain, records.collect::<String>());
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::DecidedBy;
    use crate::artifact::trial::{all_differ, text};
    use crate::judge::{approved, file, judge, refused};

    fn records(domain: &str, names: &[(&str, &str)]) -> DnsRecords {
        let name = |(name, address): &(&str, &str)| HostsEntry {
            name: (*name).to_owned(),
            address: address.parse().expect("an address"),
            decided_by: DecidedBy::Program,
        };
        DnsRecords { domain: domain.to_owned(), names: names.iter().map(name).collect() }
    }

    fn sample() -> DnsRecords {
        records(
            "kubevms",
            &[("kubernetes", "192.168.1.21"), ("control0", "192.168.1.11"), ("api.example.org", "fd00::1")],
        )
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(sample(), &[]), @r"
        local=/kubevms/
        host-record=kubernetes,192.168.1.21
        host-record=control0,192.168.1.11
        host-record=api.example.org,fd00::1
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            records("a", &[("b", "10.0.0.1")]).into(),
            records("b", &[("b", "10.0.0.1")]).into(),
            records("a", &[("c", "10.0.0.1")]).into(),
            records("a", &[("b", "10.0.0.2")]).into(),
            records("a", &[]).into(),
        ]);
    }

    #[test]
    fn dnsmasq_reads_it() {
        let written = text(sample(), &[]);
        let Some(mut dnsmasq) = judge("dnsmasq") else { return };
        approved(dnsmasq.args(["--test", "-C"]).arg(file(&written).path()));
        let Some(mut dnsmasq) = judge("dnsmasq") else { return };
        refused(dnsmasq.args(["--test", "-C"]).arg(file(&written.replace("host-record", "host-rec")).path()));
    }
}
