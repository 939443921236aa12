//! What leads from services to pods on every worker: kube-proxy.

use super::flags::{self, path};
use super::planner::{HostFiles, Planner};
use crate::artifact::{KubeProxyConfig, Patch, Readiness, Section, Unit};
use crate::cluster::{Cluster, Host, Program};
use crate::tree::Stage;

const CONFIG: &str = "config/kube-proxy";
const KUBECONFIG: &str = "kubeconfig/kube-proxy";

impl Planner<'_> {
    /// What all workers share. All proxies are one user, which Kubernetes' own role binding names, so a key for each
    /// would tell nobody apart.
    pub(super) fn define_kube_proxy(&mut self) {
        let cluster = self.cluster;
        if !cluster.network.kube_proxy {
            return;
        }
        let config = KubeProxyConfig {
            kubeconfig: path::KUBE_PROXY_CONF.to_owned(),
            pods: cluster.network.pods,
            patch: Patch::of(Program::KubeProxy, &cluster.components),
        };
        self.define(CONFIG, config, []);
        self.define_identities(vec![super::pki::kube_proxy_identity()]);
        let endpoint = cluster.api.endpoint.to_string();
        self.define_kubeconfig(KUBECONFIG, "system:kube-proxy", "pki/kube-proxy", endpoint);
    }

    /// For workers.
    pub(super) fn place_kube_proxy(&mut self, files: &mut HostFiles<'_>) {
        let (cluster, host) = (self.cluster, files.host);
        if !cluster.network.kube_proxy {
            return;
        }
        let [config, kubeconfig] = [CONFIG, KUBECONFIG].map(|name| self.name(name));
        files.public(path::KUBE_PROXY_CONFIG, config);
        files.secret(path::KUBE_PROXY_CONF, kubeconfig);
        let unit = self.define(&format!("host/{}/kube-proxy.service", host.name), unit(cluster, host), []);
        files.service(
            Stage::Workers,
            "kube-proxy.service",
            unit,
            ["/usr/local/bin/kube-proxy", path::KUBE_PROXY_CONFIG, path::KUBE_PROXY_CONF],
        );
    }
}

/// The kernel modules that it needs and does not load itself, sorted.
pub fn modules(cluster: &Cluster) -> &'static [&'static str] {
    match (cluster.network.kube_proxy, cluster.kube_proxy_mode()) {
        (false, _) => &[],
        (true, Some("ipvs")) => &["ip_vs", "ip_vs_rr", "ip_vs_sh", "ip_vs_wrr", "nf_conntrack"],
        (true, _) => &["nf_conntrack"],
    }
}

/// It writes packet filters and kernel settings, so little is taken away from it.
fn unit(cluster: &Cluster, host: &Host) -> Unit {
    let modprobe = format!("-/sbin/modprobe -a {}", modules(cluster).join(" "));
    Unit::service(
        "kube-proxy",
        "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/",
        Readiness::Exec,
        flags::kube_proxy(cluster, host),
    )
    .set(Section::Service, "ExecStartPre", modprobe)
    .set(Section::Service, "OOMScoreAdjust", "-999")
    .set(Section::Service, "ProtectHome", "yes")
    .set(Section::Service, "ProtectSystem", "full")
    .set(Section::Service, "PrivateTmp", "yes")
}
