//! The network: the three address ranges of a cluster and the addresses fixed within them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::choice::choice;

/// The address plan; the three ranges share a family and do not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Where the hosts are.
    pub hosts: IpNet,
    /// Where cluster IPs are taken from.
    pub services: IpNet,
    /// What is cut into one range per worker.
    pub pods: IpNet,
    /// The DNS domain of the cluster.
    pub domain: String,
    /// The address of the cluster's DNS service, within `services`.
    pub dns: IpAddr,
    pub cni: Cni,
    /// Whether kube-proxy leads traffic from services to pods; if not, the add-on that connects pods does.
    pub kube_proxy: bool,
    pub pod_cidr_allocation: Allocation,
    /// The prefix length of each worker's pod range.
    pub pod_mask: u8,
}

impl Network {
    /// The address of the `kubernetes` service: the first of the service range.
    pub fn api_service_address(&self) -> IpAddr {
        nth_address(&self.services, 1)
    }
}

choice! {
    /// Who connects pods.
    Cni {
        /// The bridge plugin on every worker, with a static range each.
        Bridge = "bridge",
        /// Cilium, which is installed into the running cluster once it answers.
        Cilium = "cilium",
        /// Nobody: a network add-on is installed into the running cluster.
        None = "none",
    }
}

choice! {
    /// Who gives each worker its pod range.
    Allocation {
        /// kthw, once and for all.
        Static = "static",
        /// The controller manager, when a node registers.
        ControllerManager = "controller-manager",
    }
}

/// The address `n` places after the first of `range`.
pub fn nth_address(range: &IpNet, n: u32) -> IpAddr {
    match range {
        IpNet::V4(range) => IpAddr::V4(u32::from(range.network()).wrapping_add(n).into()),
        IpNet::V6(range) => IpAddr::V6(u128::from(range.network()).wrapping_add(n.into()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_from_the_start_of_a_range() {
        let check = |range: &str, n, expected: &str| {
            let range: IpNet = range.parse().unwrap();
            assert_eq!(nth_address(&range, n).to_string(), expected);
        };
        check("10.96.0.0/24", 1, "10.96.0.1");
        check("10.96.0.0/16", 266, "10.96.1.10");
        check("fd00:96::/112", 10, "fd00:96::a");
    }
}
