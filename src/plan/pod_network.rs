//! How pods of different hosts reach each other with the bridge plugin: routes, and the addresses that pods keep.

use super::flags::path;
use super::planner::{HostFiles, Planner};
use crate::artifact::{
    CniConfig, Command, PodMasquerade, PodRoute, PodRoutes, PodRoutesProgram, Section, Unit,
};
use crate::cluster::{Cluster, Cni, Host};

const CNI_LOOPBACK: &str = "config/cni-loopback";
const MASQUERADE: &str = "config/pod-masquerade";
const MASQUERADE_UNIT: &str = "config/kubernetes-pod-masquerade.service";
const ROUTES: &str = "config/pod-routes";
const ROUTES_PROGRAM: &str = "config/pod-routes-program";
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
        self.define(ROUTES_PROGRAM, PodRoutesProgram, []);
        self.define(ROUTES_UNIT, routes_unit(cluster), []);
    }

    /// For workers and control planes: API servers reach webhooks and aggregated APIs where their pods are.
    pub(super) fn place_pod_routes(&mut self, files: &mut HostFiles<'_>) {
        if !has_bridges(self.cluster) {
            return;
        }
        let [routes, program, unit] = [ROUTES, ROUTES_PROGRAM, ROUTES_UNIT].map(|name| self.name(name));
        files.roster(path::POD_ROUTES, routes);
        files.program(path::POD_ROUTES_PROGRAM, program);
        files.service("kubernetes-pod-routes.service", unit, [path::POD_ROUTES, path::POD_ROUTES_PROGRAM]);
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
        files.service("kubernetes-pod-masquerade.service", unit, [path::POD_MASQUERADE]);
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
    let program = Command::new(path::POD_ROUTES_PROGRAM, Vec::new()).with(path::POD_ROUTES).with(family);
    Unit::oneshot("Routes to pods of other hosts", "man:ip-route(8)", vec![program])
        .set(Section::Service, "CapabilityBoundingSet", "CAP_NET_ADMIN")
        .hardened()
}

/// Whoever loads rules of nftables flushes others: these come after.
fn masquerade_unit() -> Unit {
    let nft = Command::new("/usr/sbin/nft", Vec::new()).with("-f").with(path::POD_MASQUERADE);
    Unit::oneshot("Addresses of pods outside the cluster", "man:nft(8)", vec![nft])
        .after("nftables.service")
        .set(Section::Unit, "PartOf", "nftables.service")
        .set(Section::Service, "CapabilityBoundingSet", "CAP_NET_ADMIN")
        .hardened()
}
