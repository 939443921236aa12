//! What the first control plane gives a new cluster, and gives it again when it changes: manifests and Cilium.
//!
//! kthw owns what a manifest says. What cluster.yaml leaves to people (how many replicas CoreDNS has, its Corefile) is in
//! manifests of its own, which are applied as long as nobody has changed it.

use super::flags::{self, path};
use super::planner::{HostFiles, Planner};
use super::{objects, pki};
use crate::artifact::{
    Artifact, BootstrapProgram, BootstrapRbac, CiliumValues, CoreDns, Patch, Section, Unit,
};
use crate::cluster::{Cluster, Cni};
use crate::tree::Stage;

const UNIT: &str = "config/kubernetes-bootstrap.service";
const PROGRAM: &str = "config/bootstrap-program";
const CILIUM_VALUES: &str = "config/cilium-values";

/// Every manifest: its node, its place in `path::BOOTSTRAP`, and what it is. One more is one line more.
fn manifests(cluster: &Cluster) -> impl Iterator<Item = (&'static str, &'static str, Artifact)> {
    [
        Some(("config/bootstrap-rbac", path::BOOTSTRAP_RBAC, rbac().into())),
        coredns(cluster).map(|coredns| ("config/bootstrap-coredns", path::BOOTSTRAP_COREDNS, coredns.into())),
        objects::corefile(cluster)
            .map(|offer| ("config/bootstrap-coredns-corefile", path::BOOTSTRAP_COREFILE, offer.into())),
        objects::replicas(cluster)
            .map(|offer| ("config/bootstrap-coredns-replicas", path::BOOTSTRAP_REPLICAS, offer.into())),
        objects::priority_classes(cluster).map(|classes| {
            ("config/bootstrap-priority-classes", path::BOOTSTRAP_PRIORITY_CLASSES, classes.into())
        }),
        objects::monitoring(cluster)
            .map(|rights| ("config/bootstrap-monitoring", path::BOOTSTRAP_MONITORING, rights.into())),
        objects::cloud_controllers(cluster).map(|rights| {
            ("config/bootstrap-cloud-controller-manager", path::BOOTSTRAP_CLOUD, rights.into())
        }),
    ]
    .into_iter()
    .flatten()
}

impl Planner<'_> {
    /// For the first control plane alone.
    pub(super) fn place_bootstrap(&mut self, files: &mut HostFiles<'_>) {
        let cluster = self.cluster;
        let mut reads = vec!["/usr/local/bin/kubectl", path::BOOTSTRAP_PROGRAM, path::SUPER_ADMIN_CONF];
        let program = self.define(PROGRAM, BootstrapProgram, []);
        files.program(path::BOOTSTRAP_PROGRAM, program);
        let super_admin = self.name("kubeconfig/super-admin");
        files.secret(path::SUPER_ADMIN_CONF, super_admin);
        for (name, path, manifest) in manifests(cluster) {
            let id = self.define(name, manifest, []);
            files.public(path, id);
            reads.push(path);
        }
        if cluster.network.cni == Cni::Cilium {
            let values = self.define(CILIUM_VALUES, cilium_values(cluster), []);
            files.public(path::CILIUM_VALUES, values);
            reads.extend(["/usr/local/bin/cilium", path::CILIUM_VALUES]);
        }
        let unit = self.define(UNIT, unit(cluster), []);
        files.service(Stage::Objects, "kubernetes-bootstrap.service", unit, reads);
    }
}

fn rbac() -> BootstrapRbac {
    BootstrapRbac { administrators: pki::ADMINISTRATORS, kubelet_client: pki::KUBELET_CLIENT }
}

fn coredns(cluster: &Cluster) -> Option<CoreDns> {
    cluster.addons.core_dns.as_ref().map(|settings| CoreDns {
        version: cluster.versions.coredns.clone(),
        address: cluster.network.dns,
        replicas: settings.replicas,
        corefile: settings.corefile.clone(),
    })
}

fn cilium_values(cluster: &Cluster) -> CiliumValues {
    let endpoint = &cluster.api.endpoint;
    CiliumValues {
        cluster: cluster.name.clone(),
        api_host: endpoint.host.clone(),
        api_port: endpoint.port,
        pods: cluster.network.pods,
        replaces_kube_proxy: !cluster.network.kube_proxy,
        // A second one would wait for ever where there is one worker.
        operators: if cluster.workers().nth(1).is_some() { 2 } else { 1 },
        patch: Patch { path: "addons.cilium.values", members: cluster.addons.cilium_values.clone() },
    }
}

/// All of it may be done again at any time. It waits for the API server, which waits for a quorum of etcd.
fn unit(cluster: &Cluster) -> Unit {
    let mut steps = vec![flags::bootstrap(cluster)];
    if cluster.network.cni == Cni::Cilium {
        steps.extend([flags::cilium_install(cluster), flags::cilium_upgrade(cluster)]);
    }
    Unit::oneshot("What a new cluster is given", "https://kubernetes.io/docs/setup/", steps)
        .after("kube-apiserver.service")
        .set(Section::Service, "TimeoutStartSec", "10min")
        .set(Section::Service, "Environment", format!("KUBECONFIG={}", path::SUPER_ADMIN_CONF))
        // The programs keep what they have asked for there.
        .set(Section::Service, "CacheDirectory", "kubernetes-bootstrap")
        .set(Section::Service, "Environment", "HOME=/var/cache/kubernetes-bootstrap")
        .hardened()
}
