//! What a cluster's things are called on the hypervisor that all clusters of a computer share.

use crate::cluster::Machines;

/// By the cluster's id wherever the user has no name for it: two clusters may be called alike.
pub struct HypervisorNames {
    pub network: String,
    pub bridge: String,
    /// The folder of the machines' files.
    pub folder: String,
}

impl HypervisorNames {
    /// The names for the cluster of this id.
    pub fn of(cluster: &str, machines: &Machines) -> Self {
        let or = |own: &Option<String>, default: String| own.clone().unwrap_or(default);
        Self {
            network: or(&machines.network.name, cluster.to_owned()),
            bridge: or(&machines.network.bridge, bridge(cluster)),
            folder: or(&machines.folder, format!("/var/lib/libvirt/images/{cluster}")),
        }
    }
}

/// An interface's name has at most 15 characters, which an id rarely fits into.
fn bridge(cluster: &str) -> String {
    let digest = blake3::derive_key("kthw.dev 2026-11-21 bridge name v1", cluster.as_bytes());
    digest[..6].iter().fold("br-".to_owned(), |name, byte| name + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_begin_alike_have_bridges_of_their_own() {
        insta::assert_snapshot!(bridge("hard-way-0a1b2c3d"), @"br-b291ed34726b");
        assert_ne!(bridge("hard-way-0a1b2c3d"), bridge("hard-way-0a1b2c3e"));
        assert_eq!(bridge("a").len(), 15);
    }
}
