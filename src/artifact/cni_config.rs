//! How the container runtime connects pods.

use ipnet::IpNet;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Value, json};

use super::{Ingredients, Make};

/// A CNI network configuration.
pub enum CniConfig {
    /// A bridge for the pods of one host: each has an address of the host's range.
    Bridge { host: String, pod_cidr: IpNet },
    /// The loopback interface of each pod.
    Loopback,
}

const CNI_VERSION: &str = "1.0.0";

impl CniConfig {
    fn name(&self) -> &'static str {
        match self {
            Self::Bridge { .. } => "bridge",
            Self::Loopback => "loopback",
        }
    }

    fn document(&self) -> Value {
        match self {
            Self::Bridge { pod_cidr, .. } => bridge(pod_cidr),
            Self::Loopback => json!({"cniVersion": CNI_VERSION, "name": "lo", "type": "loopback"}),
        }
    }
}

fn bridge(pod_cidr: &IpNet) -> Value {
    let everywhere = match pod_cidr {
        IpNet::V4(_) => "0.0.0.0/0",
        IpNet::V6(_) => "::/0",
    };
    json!({
        "cniVersion": CNI_VERSION,
        "name": "bridge",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": true,
                // Traffic between pods keeps its addresses: see `PodMasquerade`.
                "ipMasq": false,
                // Lets a pod reach itself through a service.
                "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": pod_cidr}]],
                    "routes": [{"dst": everywhere}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    })
}

impl Make for CniConfig {
    const KIND: Kind = Kind {
        name: "cni-config",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("network", self.name(), Origin::Program);
        if let Self::Bridge { host, pod_cidr } = self {
            let written = format!("hosts[{host}].podCIDR");
            let address = format!("hosts[{host}].address");
            let origin = Origin::Derived(&[&written, &address, &"network.pods", &"network.podMask"]);
            manifest.display("pod-cidr", pod_cidr, origin);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let mut text = serde_json::to_string_pretty(&self.document())?;
        text.push('\n');
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn bridge(pod_cidr: &str) -> CniConfig {
        let pod_cidr = pod_cidr.parse().expect("a range");
        CniConfig::Bridge { host: "worker-node-1".to_owned(), pod_cidr }
    }

    #[test]
    fn each_network_is_pinned() {
        insta::assert_snapshot!("bridge", text(bridge("10.200.0.0/24"), &[]));
        insta::assert_snapshot!("loopback", text(CniConfig::Loopback, &[]));
        insta::assert_snapshot!(description(&bridge("10.200.0.0/24").into()), @r"
        network = bridge (kthw)
        pod-cidr = 10.200.0.0/24 (hosts[worker-node-1].podCIDR and hosts[worker-node-1].address and network.pods and network.podMask)
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            CniConfig::Loopback.into(),
            bridge("10.200.0.0/24").into(),
            bridge("10.200.1.0/24").into(),
            bridge("fd00::/64").into(),
        ]);
    }
}
