//! A release file of an upstream project, pinned by the checksum that the project published.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::lock::Pin;

/// A download, as the lock pins it.
pub struct Download {
    pub pin: Pin,
    /// The field of cluster.yaml that holds the pin, if the lock does not.
    pub written_in: Option<&'static str>,
}

/// The field of cluster.yaml that chooses the version of a release; an image has none.
fn version_field(release: &str) -> Option<&'static str> {
    match release {
        "etcd" => Some("versions.etcd"),
        "containerd" => Some("versions.containerd"),
        "runc" => Some("versions.runc"),
        "cni-plugins" => Some("versions.cniPlugins"),
        "crictl" => Some("versions.crictl"),
        "cilium-cli" => Some("versions.ciliumCli"),
        "kubelet" | "kubectl" => Some("versions.kubernetes"),
        kubernetes if kubernetes.starts_with("kube-") => Some("versions.kubernetes"),
        _ => None,
    }
}

impl Make for Download {
    const KIND: Kind = Kind {
        name: "download",
        version: 1,
        yields: Yields::Pinned,
        reads: Reads::Identities,
        resource: Resource::Network,
    };

    /// Where the bytes come from is not what they are: the URL is left out.
    fn describe(&self, manifest: &mut dyn Manifest) {
        let pin = &self.pin;
        let entry = format!("pin {} {}/{}", pin.name, pin.os, pin.arch);
        let (version, checksum) = (pin.version.to_string(), pin.checksum.to_string());
        for (name, value) in [
            ("name", &pin.name),
            ("version", &version),
            ("os", &pin.os),
            ("arch", &pin.arch),
            ("checksum", &checksum),
        ] {
            match (self.written_in, version_field(&pin.name)) {
                (Some(field), _) => manifest.text(name, value, Origin::Spec(format_args!("{field}"))),
                (None, Some(field)) if name == "version" => {
                    manifest.text(name, value, Origin::Spec(format_args!("{field}")));
                }
                (None, _) => manifest.text(name, value, Origin::Lock(format_args!("{entry}"))),
            }
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Err("a download is fetched, not made".into())
    }
}
