//! Where crictl finds the container runtime.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::json;

use super::{Ingredients, Make};
use crate::yaml;

/// The file /etc/crictl.yaml.
pub struct CrictlConfig {
    /// Such as `unix:///run/containerd/containerd.sock`.
    pub runtime_endpoint: String,
}

impl Make for CrictlConfig {
    const KIND: Kind = Kind {
        name: "crictl-config",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("runtime-endpoint", &self.runtime_endpoint, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let endpoint = &self.runtime_endpoint;
        let document = json!({"image-endpoint": endpoint, "runtime-endpoint": endpoint, "timeout": 10});
        Ok(Content::public(yaml::to_string(&document)?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    fn crictl(socket: &str) -> CrictlConfig {
        CrictlConfig { runtime_endpoint: format!("unix://{socket}") }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(crictl("/run/containerd/containerd.sock"), &[]), @r"
        image-endpoint: unix:///run/containerd/containerd.sock
        runtime-endpoint: unix:///run/containerd/containerd.sock
        timeout: 10
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([crictl("/a").into(), crictl("/b").into()]);
    }
}
