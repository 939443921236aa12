//! When a unit's turn comes: the stages of a rollout, and where each unit belongs.

use serde::Serialize;

/// The stages, in the order in which a cluster goes through them. Data comes before whoever serves it, servers before
/// their clients, and what goes away goes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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
    /// What leads to pods that have gone.
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

    /// The stage in which a unit is started or restarted.
    pub fn of(unit: &str) -> Self {
        match unit {
            "etcd.service" => Self::Etcd,
            "kube-apiserver.service" => Self::ApiServers,
            "kube-controller-manager.service"
            | "kube-scheduler.service"
            | "cloud-controller-manager.service" => Self::Controllers,
            "kubernetes-bootstrap.service" => Self::Objects,
            "haproxy.service" | "ldirectord.service" | "keepalived.service" | "kubernetes-vip.service" => {
                Self::LoadBalancers
            }
            "containerd.service" | "kubelet.service" | "kube-proxy.service" => Self::Workers,
            _ => Self::Background,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rollout;

    /// A unit that is new to the plan is noticed here: it has to be given its stage, or named among those without one.
    #[test]
    fn every_unit_of_the_examples_has_its_stage() {
        let mut background = BTreeSet::new();
        let mut stages = BTreeSet::new();
        for example in rollout::EXAMPLES {
            let state = rollout::example(example);
            for unit in state.units() {
                stages.insert(Stage::of(&unit));
                if Stage::of(&unit) == Stage::Background {
                    background.insert(unit);
                }
            }
        }
        let found: Vec<&str> = background.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "etcd-backup-configuration.timer",
                "etcd-backup-daily.timer",
                "etcd-backup-frequent.timer",
                "etcd-backup-weekly.timer",
                "etcd-defragmentation.timer",
                "kubernetes-pod-masquerade.service",
                "kubernetes-pod-routes.service",
                "kubernetes-sysctls.service",
            ]
        );
        assert_eq!(stages.into_iter().collect::<Vec<_>>(), Stage::ALL[..7]);
    }
}
