//! The stages of a rollout.

use serde::{Deserialize, Serialize};

/// The stages, in the order in which a cluster goes through them. Data comes before whoever serves it, servers before
/// their clients, and what goes away goes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Etcd,
    ApiServers,
    Controllers,
    /// What the first control plane gives the cluster.
    Objects,
    LoadBalancers,
    /// Timers, routes and rules, whose restart nobody notices.
    Background,
    Workers,
    /// Hosts and roles that the later cluster has no more.
    Departures,
    /// What leads to pods that have gone, where hosts only go.
    Routes,
}

impl Stage {
    pub const ALL: [Self; 9] = [
        Self::Etcd,
        Self::ApiServers,
        Self::Controllers,
        Self::Objects,
        Self::LoadBalancers,
        Self::Background,
        Self::Workers,
        Self::Departures,
        Self::Routes,
    ];

    /// As files and programs call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServers => "api-servers",
            Self::Controllers => "controllers",
            Self::Objects => "objects",
            Self::LoadBalancers => "load-balancers",
            Self::Background => "background",
            Self::Workers => "workers",
            Self::Departures => "departures",
            Self::Routes => "routes",
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServers => "API servers",
            Self::Controllers => "controller managers and schedulers",
            Self::Objects => "what the cluster is given",
            Self::LoadBalancers => "load balancers",
            Self::Background => "what nobody notices",
            Self::Workers => "workers",
            Self::Departures => "what goes",
            Self::Routes => "routes to what went",
        }
    }
}
