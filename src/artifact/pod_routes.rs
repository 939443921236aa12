//! Which pods are behind which host.

use std::net::IpAddr;

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A line for each worker, `RANGE via ADDRESS`, in the words of ip-route(8). It is one file for all hosts: each passes
/// over its own line.
pub struct PodRoutes {
    pub routes: Vec<PodRoute>,
}

/// The pods of one worker.
pub struct PodRoute {
    /// Whose range it is, for its origin alone.
    pub host: String,
    pub pods: IpNet,
    pub address: IpAddr,
}

impl Make for PodRoutes {
    const KIND: Kind = Kind {
        name: "pod-routes",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        for PodRoute { host, pods, address } in &self.routes {
            let written = format!("hosts[{host}].podCIDR");
            let at = format!("hosts[{host}].address");
            let origin = Origin::Derived(&[&written, &at, &"network.pods", &"network.podMask"]);
            manifest.display("route", format_args!("{pods} via {address}"), origin);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let line = |PodRoute { pods, address, .. }: &PodRoute| format!("{pods} via {address}\n");
        Ok(Content::public(self.routes.iter().map(line).collect::<String>().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn routes(routes: &[(&str, &str)]) -> PodRoutes {
        let route = |(pods, address): &(&str, &str)| PodRoute {
            host: "worker-1".to_owned(),
            pods: pods.parse().expect("a range"),
            address: address.parse().expect("an address"),
        };
        PodRoutes { routes: routes.iter().map(route).collect() }
    }

    #[test]
    fn the_file_is_pinned() {
        let two = || routes(&[("10.200.36.0/24", "10.0.0.36"), ("10.200.37.0/24", "10.0.0.37")]);
        insta::assert_snapshot!(text(two(), &[]), @r"
        10.200.36.0/24 via 10.0.0.36
        10.200.37.0/24 via 10.0.0.37
        ");
        insta::assert_snapshot!(description(&two().into()), @r"
        route = 10.200.36.0/24 via 10.0.0.36 (hosts[worker-1].podCIDR and hosts[worker-1].address and network.pods and network.podMask)
        route = 10.200.37.0/24 via 10.0.0.37 (hosts[worker-1].podCIDR and hosts[worker-1].address and network.pods and network.podMask)
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            routes(&[("10.200.36.0/24", "10.0.0.36")]).into(),
            routes(&[("10.200.37.0/24", "10.0.0.36")]).into(),
            routes(&[("10.200.36.0/24", "10.0.0.37")]).into(),
            routes(&[("10.200.36.0/24", "10.0.0.36"), ("10.200.37.0/24", "10.0.0.37")]).into(),
            routes(&[("fd00::/64", "fd01::1")]).into(),
        ]);
    }
}
