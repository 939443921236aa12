//! What the first control plane gives a new cluster, and gives it again when it changes: manifests and Cilium.

use super::flags::{self, path};
use super::planner::{HostFiles, Planner};
use super::{objects, pki};
use crate::artifact::{Artifact, BootstrapRbac, CiliumValues, CoreDns, Patch, Section, Unit};
use crate::cluster::{Cluster, Cni};

const UNIT: &str = "config/kubernetes-bootstrap.service";
const CILIUM_VALUES: &str = "config/cilium-values";

/// Every manifest: its node, its place in `path::BOOTSTRAP`, and what it is. One more is one line more.
fn manifests(cluster: &Cluster) -> impl Iterator<Item = (&'static str, &'static str, Artifact)> {
    let dns = cluster.addons.core_dns;
    [
        Some(("config/bootstrap-rbac", path::BOOTSTRAP_RBAC, rbac().into())),
        dns.then(|| ("config/bootstrap-coredns", path::BOOTSTRAP_COREDNS, coredns(cluster).into())),
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
        let mut reads = vec!["/usr/local/bin/kubectl", path::SUPER_ADMIN_CONF];
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
        files.service("kubernetes-bootstrap.service", unit, reads);
    }
}

fn rbac() -> BootstrapRbac {
    BootstrapRbac { administrators: pki::ADMINISTRATORS, kubelet_client: pki::KUBELET_CLIENT }
}

fn coredns(cluster: &Cluster) -> CoreDns {
    CoreDns {
        version: cluster.versions.coredns.clone(),
        domain: cluster.network.domain.clone(),
        address: cluster.network.dns,
    }
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

/// All of it may be done again at any time. Until the API server is ready it fails, and is tried again.
fn unit(cluster: &Cluster) -> Unit {
    let mut steps = vec![flags::kubectl_ready(cluster), flags::kubectl_apply(cluster)];
    if cluster.network.cni == Cni::Cilium {
        steps.extend([flags::cilium_install(cluster), flags::cilium_upgrade(cluster)]);
    }
    Unit::oneshot("What a new cluster is given", "https://kubernetes.io/docs/setup/", steps)
        .after("kube-apiserver.service")
        .wants("kube-apiserver.service")
        .set(Section::Service, "Environment", format!("KUBECONFIG={}", path::SUPER_ADMIN_CONF))
        // The programs keep what they have asked for there.
        .set(Section::Service, "CacheDirectory", "kubernetes-bootstrap")
        .set(Section::Service, "Environment", "HOME=/var/cache/kubernetes-bootstrap")
        .hardened()
}
