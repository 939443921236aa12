//! kube-proxy's configuration file.

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Value, json};

use super::{Ingredients, Make, Patch};
use crate::cluster::{Program, configuration};
use crate::yaml;

/// A KubeProxyConfiguration, one for all workers: each is told its own name by a flag.
pub struct KubeProxyConfig {
    pub kubeconfig: String,
    /// Traffic to a service that comes from elsewhere gets the worker's own address.
    pub pods: IpNet,
    pub patch: Patch,
}

impl KubeProxyConfig {
    /// The file as a structure.
    pub fn document(&self) -> Value {
        let mut document = configuration::ours(Program::KubeProxy);
        document["clientConnection"] = json!({"kubeconfig": self.kubeconfig});
        document["clusterCIDR"] = json!(self.pods);
        if let IpNet::V6(_) = self.pods {
            // Whose family is the one that services have, if there is but one.
            document["bindAddress"] = json!("::");
        }
        self.patch.apply(&mut document);
        document
    }
}

impl Make for KubeProxyConfig {
    const KIND: Kind = Kind {
        name: "kube-proxy-config",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("kubeconfig", &self.kubeconfig, Origin::Program);
        manifest.display("pods", self.pods, Origin::Spec(format_args!("network.pods")));
        self.patch.describe(manifest);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(yaml::document(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, patch, text};

    fn kube_proxy() -> KubeProxyConfig {
        KubeProxyConfig {
            kubeconfig: "/etc/kubernetes/kube-proxy.conf".to_owned(),
            pods: "10.200.0.0/16".parse().expect("a range"),
            patch: patch("components.kube-proxy.config", json!({})),
        }
    }

    #[test]
    fn a_plain_proxy_is_pinned() {
        insta::assert_snapshot!(text(kube_proxy(), &[]), @r"
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        clientConnection:
          kubeconfig: /etc/kubernetes/kube-proxy.conf
        clusterCIDR: 10.200.0.0/16
        detectLocalMode: ClusterCIDR
        enableProfiling: false
        mode: iptables
        ");
    }

    #[test]
    fn every_parameter_counts() {
        let with = |change: Value| patch("components.kube-proxy.config", change);
        all_differ([
            kube_proxy().into(),
            KubeProxyConfig { kubeconfig: "/other".to_owned(), ..kube_proxy() }.into(),
            KubeProxyConfig { pods: "10.201.0.0/16".parse().expect("a range"), ..kube_proxy() }.into(),
            KubeProxyConfig { pods: "fd00::/48".parse().expect("a range"), ..kube_proxy() }.into(),
            KubeProxyConfig { patch: with(json!({"mode": "nftables"})), ..kube_proxy() }.into(),
            KubeProxyConfig { patch: with(json!({"conntrack": {"min": 1}})), ..kube_proxy() }.into(),
        ]);
    }
}
