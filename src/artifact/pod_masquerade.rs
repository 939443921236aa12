//! Under which address pods reach the world.

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// Rules of nftables: a packet from a pod keeps its address on its way to pods, and gets its host's to anywhere else.
/// The bridge plugin's own masquerading knows the pods of its host alone.
pub struct PodMasquerade {
    pub pods: IpNet,
}

impl PodMasquerade {
    fn rules(&self) -> String {
        let pods = self.pods;
        let (family, multicast) = match pods {
            IpNet::V4(_) => ("ip", "224.0.0.0/4"),
            IpNet::V6(_) => ("ip6", "ff00::/8"),
        };
        let table = format!("table {family} kubernetes-pods");
        // Declared first, so that there is one to delete, whoever flushed the rules. All of it takes effect at once.
        format!(
            "{table}\n\
             delete {table}\n\
             {table} {{\n\
             \tchain postrouting {{\n\
             \t\ttype nat hook postrouting priority srcnat\n\
             \t\t{family} saddr {pods} {family} daddr != {{ {pods}, {multicast} }} masquerade\n\
             \t}}\n\
             }}\n"
        )
    }
}

impl Make for PodMasquerade {
    const KIND: Kind = Kind {
        name: "pod-masquerade",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.display("pods", self.pods, Origin::Spec(format_args!("network.pods")));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.rules().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    fn masquerade(pods: &str) -> PodMasquerade {
        PodMasquerade { pods: pods.parse().expect("a range") }
    }

    #[test]
    fn the_rules_are_pinned() {
        insta::assert_snapshot!(text(masquerade("10.200.0.0/16"), &[]));
    }

    #[test]
    fn every_parameter_counts() {
        all_differ(["10.200.0.0/16", "10.201.0.0/16", "fd00:200::/48"].map(|pods| masquerade(pods).into()));
    }
}
