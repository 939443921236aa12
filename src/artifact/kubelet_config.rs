//! The kubelet's configuration file.

use std::net::IpAddr;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Map, Value, json};

use super::{Ingredients, Make, Patch};
use crate::cluster::{Program, configuration};
use crate::merge_patch::merge;
use crate::yaml;

/// A KubeletConfiguration. Its certificates are kthw's: the kubelet neither asks for nor rotates any.
pub struct KubeletConfig {
    /// Whose taints these are, for their origin alone.
    pub host: String,
    pub cluster_dns: IpAddr,
    pub cluster_domain: String,
    /// Where the CA is that API servers' client certificates come from.
    pub client_ca: String,
    pub certificate: String,
    pub private_key: String,
    /// Such as `unix:///run/containerd/containerd.sock`.
    pub runtime_endpoint: String,
    /// Given to the node when it first registers.
    pub taints: Vec<Taint>,
    pub patch: Patch,
}

/// What keeps pods off a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    pub key: String,
    /// May be empty.
    pub value: String,
    pub effect: String,
}

/// What a user's configuration leaves of `kubeReserved` and `systemReserved`.
pub fn kubelet_reservations(config: &Map<String, Value>) -> Value {
    let mut reservations =
        json!({"kubeReserved": configuration::reserved(), "systemReserved": configuration::reserved()});
    for (name, mine) in reservations.as_object_mut().into_iter().flatten() {
        if let Some(changes) = config.get(name) {
            merge(mine, changes);
        }
    }
    reservations
}

impl KubeletConfig {
    /// The file as a structure.
    pub fn document(&self) -> Value {
        let mut document = configuration::ours(Program::Kubelet);
        merge(
            &mut document,
            &json!({
                "authentication": {"x509": {"clientCAFile": self.client_ca}},
                "clusterDNS": [self.cluster_dns],
                "clusterDomain": self.cluster_domain,
                "containerRuntimeEndpoint": self.runtime_endpoint,
                "tlsCertFile": self.certificate,
                "tlsPrivateKeyFile": self.private_key,
            }),
        );
        if !self.taints.is_empty() {
            document["registerWithTaints"] = self.taints.iter().map(Taint::document).collect();
        }
        self.patch.apply(&mut document);
        document
    }
}

impl Taint {
    /// The file as a structure.
    pub fn document(&self) -> Value {
        let Self { key, value, effect } = self;
        if value.is_empty() {
            json!({"key": key, "effect": effect})
        } else {
            json!({"key": key, "value": value, "effect": effect})
        }
    }
}

impl Make for KubeletConfig {
    const KIND: Kind = Kind {
        name: "kubelet-config",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { host, taints, patch, .. } = self;
        manifest.display("cluster-dns", self.cluster_dns, Origin::Spec(format_args!("network.dns")));
        manifest.text("cluster-domain", &self.cluster_domain, Origin::Spec(format_args!("network.domain")));
        manifest.text("client-ca", &self.client_ca, Origin::Program);
        manifest.text("certificate", &self.certificate, Origin::Program);
        manifest.text("private-key", &self.private_key, Origin::Program);
        manifest.text("runtime-endpoint", &self.runtime_endpoint, Origin::Program);
        for Taint { key, value, effect } in taints {
            let taint = format!("{key}={value}:{effect}");
            manifest.text("taint", &taint, Origin::Spec(format_args!("hosts[{host}].taints")));
        }
        patch.describe(manifest);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(yaml::document(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, patch, text};

    fn kubelet() -> KubeletConfig {
        KubeletConfig {
            host: "worker-node-1".to_owned(),
            cluster_dns: [10, 96, 0, 10].into(),
            cluster_domain: "cluster.local".to_owned(),
            client_ca: "/etc/kubernetes/pki/ca.crt".to_owned(),
            certificate: "/etc/kubernetes/pki/kubelet.crt".to_owned(),
            private_key: "/etc/kubernetes/pki/kubelet.key".to_owned(),
            runtime_endpoint: "unix:///run/containerd/containerd.sock".to_owned(),
            taints: Vec::new(),
            patch: patch("components.kubelet.config", json!({})),
        }
    }

    fn taint(key: &str, value: &str, effect: &str) -> Taint {
        Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() }
    }

    #[test]
    fn a_plain_worker_is_pinned() {
        insta::assert_snapshot!("plain", text(kubelet(), &[]));
    }

    #[test]
    fn a_user_has_the_last_word() {
        let change =
            json!({"maxPods": 50, "tlsMinVersion": null, "authentication": {"webhook": {"cacheTTL": "0s"}}});
        let changed = KubeletConfig {
            taints: vec![taint("dedicated", "gpu", "NoSchedule"), taint("spot", "", "NoExecute")],
            patch: patch("components.kubelet.config", change),
            ..kubelet()
        };
        insta::assert_snapshot!("changed_description", description(&changed.into()));
    }

    #[test]
    fn every_parameter_counts() {
        let other = "/other".to_owned();
        let with = |change: Value| patch("components.kubelet.config", change);
        all_differ([
            kubelet().into(),
            KubeletConfig { cluster_dns: [10, 96, 0, 11].into(), ..kubelet() }.into(),
            KubeletConfig { cluster_domain: "other.local".to_owned(), ..kubelet() }.into(),
            KubeletConfig { client_ca: other.clone(), ..kubelet() }.into(),
            KubeletConfig { certificate: other.clone(), ..kubelet() }.into(),
            KubeletConfig { private_key: other.clone(), ..kubelet() }.into(),
            KubeletConfig { runtime_endpoint: other, ..kubelet() }.into(),
            KubeletConfig { taints: vec![taint("a", "", "NoSchedule")], ..kubelet() }.into(),
            KubeletConfig { taints: vec![taint("a", "b", "NoSchedule")], ..kubelet() }.into(),
            KubeletConfig { taints: vec![taint("a", "", "NoExecute")], ..kubelet() }.into(),
            KubeletConfig { patch: with(json!({"maxPods": 50})), ..kubelet() }.into(),
            KubeletConfig { patch: with(json!({"maxPods": "50"})), ..kubelet() }.into(),
            KubeletConfig { patch: with(json!({"maxPods": 51})), ..kubelet() }.into(),
            KubeletConfig { patch: with(json!({"tlsMinVersion": null})), ..kubelet() }.into(),
        ]);
    }
}
