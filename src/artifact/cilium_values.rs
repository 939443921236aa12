//! What Cilium's chart is told of the cluster.

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Value, json};

use super::{Ingredients, Make, Patch};
use crate::yaml;

/// A file of Helm values.
pub struct CiliumValues {
    /// At most 32 characters.
    pub cluster: String,
    /// Where Cilium finds the API: without kube-proxy there is no service that leads to it before Cilium runs.
    pub api_host: String,
    pub api_port: u16,
    pub pods: IpNet,
    /// Whether Cilium leads traffic from services to pods itself.
    pub replaces_kube_proxy: bool,
    /// How many operators run, each on a worker of its own.
    pub operators: u8,
    pub patch: Patch,
}

impl CiliumValues {
    /// The file as a structure.
    pub fn document(&self) -> Value {
        let v6 = matches!(self.pods, IpNet::V6(_));
        let mut document = json!({
            "cluster": {"name": self.cluster},
            // The ranges that the controller manager gives to nodes.
            "ipam": {"mode": "kubernetes"},
            "ipv4": {"enabled": !v6},
            "ipv6": {"enabled": v6},
            "k8s": {"requireIPv4PodCIDR": !v6, "requireIPv6PodCIDR": v6},
            "k8sServiceHost": self.api_host,
            "k8sServicePort": self.api_port,
            "kubeProxyReplacement": self.replaces_kube_proxy,
            "operator": {"replicas": self.operators, "rollOutPods": true},
            // Pods start again when their configuration changes.
            "rollOutCiliumPods": true,
        });
        self.patch.apply(&mut document);
        document
    }
}

impl Make for CiliumValues {
    const KIND: Kind = Kind {
        name: "cilium-values",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("cluster", &self.cluster, Origin::Spec(format_args!("name")));
        manifest.text("api-host", &self.api_host, Origin::Spec(format_args!("api.endpoint")));
        manifest.number("api-port", self.api_port.into(), Origin::Spec(format_args!("api.endpoint")));
        let family = match self.pods {
            IpNet::V4(_) => "IPv4",
            IpNet::V6(_) => "IPv6",
        };
        manifest.text("family", family, Origin::Spec(format_args!("network.pods")));
        let replaces = self.replaces_kube_proxy;
        manifest.flag("replaces-kube-proxy", replaces, Origin::Spec(format_args!("network.kubeProxy")));
        manifest.number("operators", self.operators.into(), Origin::Spec(format_args!("hosts")));
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

    fn values() -> CiliumValues {
        CiliumValues {
            cluster: "hard-way".to_owned(),
            api_host: "10.0.0.4".to_owned(),
            api_port: 6443,
            pods: "10.200.0.0/16".parse().expect("a range"),
            replaces_kube_proxy: true,
            operators: 2,
            patch: patch("addons.cilium.values", json!({})),
        }
    }

    #[test]
    fn plain_values_are_pinned() {
        insta::assert_snapshot!(text(values(), &[]), @r#"
        cluster:
          name: hard-way
        ipam:
          mode: kubernetes
        ipv4:
          enabled: true
        ipv6:
          enabled: false
        k8s:
          requireIPv4PodCIDR: true
          requireIPv6PodCIDR: false
        k8sServiceHost: "10.0.0.4"
        k8sServicePort: 6443
        kubeProxyReplacement: true
        operator:
          replicas: 2
          rollOutPods: true
        rollOutCiliumPods: true
        "#);
    }

    #[test]
    fn every_parameter_counts() {
        let with = |change: Value| patch("addons.cilium.values", change);
        all_differ([
            values().into(),
            CiliumValues { cluster: "other".to_owned(), ..values() }.into(),
            CiliumValues { api_host: "10.0.0.5".to_owned(), ..values() }.into(),
            CiliumValues { api_port: 443, ..values() }.into(),
            CiliumValues { pods: "fd00::/48".parse().expect("a range"), ..values() }.into(),
            CiliumValues { replaces_kube_proxy: false, ..values() }.into(),
            CiliumValues { operators: 1, ..values() }.into(),
            CiliumValues { patch: with(json!({"hubble": {"enabled": false}})), ..values() }.into(),
            CiliumValues { patch: with(json!({"operator": {"replicas": 3}})), ..values() }.into(),
        ]);
    }
}
