//! How pods of different hosts reach each other with the bridge plugin: routes, and the addresses that pods keep.

use super::flags::path;
use super::kernel;
use super::planner::{HostFiles, Planner};
use crate::artifact::{CniConfig, DecidedBy, PodMasquerade, PodRoute, PodRoutes, Section, Unit};
use crate::cluster::{Cluster, Cni, Host};
use crate::tree::Stage;

const CNI_LOOPBACK: &str = "config/cni-loopback";
const MASQUERADE: &str = "config/pod-masquerade";
const MASQUERADE_UNIT: &str = "config/kubernetes-pod-masquerade.service";
const ROUTES: &str = "config/pod-routes";
const ROUTES_UNIT: &str = "config/kubernetes-pod-routes.service";

impl Planner<'_> {
    /// What all hosts share, the list of all ranges among it.
    pub(super) fn define_pod_network(&mut self) {
        let cluster = self.cluster;
        if !has_bridges(cluster) {
            return;
        }
        self.define(CNI_LOOPBACK, CniConfig::Loopback, []);
        self.define(MASQUERADE, PodMasquerade { pods: cluster.network.pods }, []);
        self.define(MASQUERADE_UNIT, masquerade_unit(), []);
        // In the order of the ranges, so that the order of the hosts reaches nobody.
        let mut routes: Vec<PodRoute> = cluster.workers().filter_map(route).collect();
        routes.sort_by_key(|route| route.pods);
        self.define(ROUTES, PodRoutes { routes }, []);
        self.define(ROUTES_UNIT, routes_unit(cluster), []);
    }

    /// For workers and control planes: API servers reach webhooks and aggregated APIs where their pods are.
    pub(super) fn place_pod_routes(&mut self, files: &mut HostFiles<'_>) {
        if !has_bridges(self.cluster) {
            return;
        }
        let [routes, unit] = [ROUTES, ROUTES_UNIT].map(|name| self.name(name));
        files.roster(path::POD_ROUTES, routes);
        self.place_kernel_program(files);
        files.service(
            Stage::Routes,
            "kubernetes-pod-routes.service",
            unit,
            [path::POD_ROUTES, path::KERNEL_PROGRAM],
        );
    }

    /// For workers.
    pub(super) fn place_bridge(&mut self, files: &mut HostFiles<'_>) {
        let host = files.host;
        let (true, Some(pod_cidr)) = (has_bridges(self.cluster), host.pod_cidr) else { return };
        let bridge = CniConfig::Bridge { host: host.name.clone(), pod_cidr };
        let bridge = self.define(&format!("host/{}/cni-bridge", host.name), bridge, []);
        files.public(path::CNI_NETWORK, bridge);
        let [loopback, rules, unit] = [CNI_LOOPBACK, MASQUERADE, MASQUERADE_UNIT].map(|name| self.name(name));
        files.public(path::CNI_LOOPBACK, loopback);
        files.public(path::POD_MASQUERADE, rules);
        self.place_kernel_program(files);
        let reads = [path::POD_MASQUERADE, path::KERNEL_PROGRAM];
        files.service(Stage::Background, "kubernetes-pod-masquerade.service", unit, reads);
    }
}

/// Whether there is a worker with a bridge.
fn has_bridges(cluster: &Cluster) -> bool {
    cluster.network.cni == Cni::Bridge && cluster.workers().next().is_some()
}

fn route(host: &Host) -> Option<PodRoute> {
    Some(PodRoute { host: host.name.clone(), pods: host.pod_cidr?, address: host.address })
}

fn routes_unit(cluster: &Cluster) -> Unit {
    let family = match cluster.network.pods {
        ipnet::IpNet::V4(_) => "-4",
        ipnet::IpNet::V6(_) => "-6",
    };
    let routes = format!("routes {} {family}", path::POD_ROUTES);
    kernel::unit("Routes to pods of other hosts", "man:ip-route(8)", &routes, &DecidedBy::Program)
}

/// Whoever loads rules of nftables flushes others: these come after.
fn masquerade_unit() -> Unit {
    let rules = format!("rules {}", path::POD_MASQUERADE);
    kernel::unit("Addresses of pods outside the cluster", "man:nft(8)", &rules, &DecidedBy::Program)
        .after("nftables.service")
        // Another range is other rules.
        .set(Section::Service, "ExecStartPre", format!("/usr/sbin/nft -f {}", path::POD_MASQUERADE))
}
