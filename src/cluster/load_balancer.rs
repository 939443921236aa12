//! The load balancer: what stands between the clients of the API and the control planes.

use std::net::IpAddr;

use super::choice::choice;

choice! {
    /// A program that balances.
    Balancer {
        /// HAProxy on hosts of its own passes connections on.
        Haproxy = "haproxy",
        /// The kernel of a gateway passes packets on, and control planes answer clients directly.
        Ipvs = "ipvs",
        /// One of the control planes holds the virtual address, and another takes it over.
        Keepalived = "keepalived",
    }
}

/// How connections reach a control plane that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadBalancer {
    /// Without a virtual address, clients use those of the balancers' hosts.
    Haproxy {
        address: Option<IpAddr>,
    },
    Ipvs {
        address: IpAddr,
    },
    Keepalived {
        address: IpAddr,
        interface: String,
    },
}

impl LoadBalancer {
    /// The address that belongs to no host alone.
    pub fn virtual_address(&self) -> Option<IpAddr> {
        match self {
            Self::Haproxy { address } => *address,
            Self::Ipvs { address } | Self::Keepalived { address, .. } => Some(*address),
        }
    }

    /// Whether a connection reaches an API server at the address and port that the client asked for.
    pub fn is_transparent(&self) -> bool {
        !matches!(self, Self::Haproxy { .. })
    }
}
