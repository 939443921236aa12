//! What a host sets in its kernel when it starts.

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A file of /etc/sysctl.d.
pub struct Sysctls {
    /// Name and value, in the order of the file.
    pub settings: Vec<(&'static str, u64)>,
}

impl Sysctls {
    /// What pods' traffic needs, and what a kubelet with `protectKernelDefaults` insists on.
    pub fn for_kubelet(pods: &IpNet) -> Self {
        let mut settings = vec![
            // All that root runs, on the host and in pods, shares these: the kernel's own number of instances is 128.
            ("fs.inotify.max_user_instances", 8192),
            ("fs.inotify.max_user_watches", 524_288),
            ("kernel.keys.root_maxbytes", 25_000_000),
            ("kernel.keys.root_maxkeys", 1_000_000),
            ("kernel.panic", 10),
            ("kernel.panic_on_oops", 1),
            ("net.bridge.bridge-nf-call-ip6tables", 1),
            ("net.bridge.bridge-nf-call-iptables", 1),
            ("net.ipv4.ip_forward", 1),
            ("vm.overcommit_memory", 1),
            ("vm.panic_on_oom", 0),
        ];
        if let IpNet::V6(_) = pods {
            settings.insert(9, ("net.ipv6.conf.all.forwarding", 1));
        }
        Self { settings }
    }

    /// Says nothing by ARP of addresses that are on another interface than where it is asked, as the loopback one is.
    pub fn silent_about_loopback() -> Self {
        Self { settings: vec![("net.ipv4.conf.all.arp_announce", 2), ("net.ipv4.conf.all.arp_ignore", 1)] }
    }
}

impl Make for Sysctls {
    const KIND: Kind = Kind {
        name: "sysctls",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        for (name, value) in &self.settings {
            manifest.number(name, *value, Origin::Program);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let text: String = self.settings.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(Sysctls::for_kubelet(&range("10.200.0.0/16")), &[]));
    }

    #[test]
    fn what_a_host_forwards_follows_the_pods() {
        let text = text(Sysctls::for_kubelet(&range("fd00:200::/48")), &[]);
        assert!(text.contains("net.ipv6.conf.all.forwarding = 1\n"), "{text}");
    }

    fn range(text: &str) -> IpNet {
        text.parse().expect("a range")
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            Sysctls { settings: vec![("a", 1)] }.into(),
            Sysctls { settings: vec![("a", 2)] }.into(),
            Sysctls { settings: vec![("b", 1)] }.into(),
            Sysctls { settings: vec![("a", 1), ("b", 1)] }.into(),
        ]);
    }
}
