//! Which kernel modules a host loads when it starts.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A file of /etc/modules-load.d.
pub struct KernelModules {
    pub names: Vec<&'static str>,
}

impl KernelModules {
    /// What containers need (their file system, and bridged traffic that the packet filter sees), and more.
    pub fn for_containers(more: &[&'static str]) -> Self {
        Self { names: [&["br_netfilter", "overlay"], more].concat() }
    }

    /// What a gateway balances with: virtual servers, and their weighted round robin.
    pub fn for_balancing() -> Self {
        Self { names: vec!["ip_vs", "ip_vs_wrr"] }
    }
}

impl Make for KernelModules {
    const KIND: Kind = Kind {
        name: "kernel-modules",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.list("module", &self.names, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let text: String = self.names.iter().map(|name| format!("{name}\n")).collect();
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(KernelModules::for_containers(&["nf_conntrack"]), &[]), @r"
        br_netfilter
        overlay
        nf_conntrack
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            KernelModules { names: vec!["a"] }.into(),
            KernelModules { names: vec!["b"] }.into(),
            KernelModules { names: vec!["a", "b"] }.into(),
        ]);
    }
}
