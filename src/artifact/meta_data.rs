//! Who a machine is, as cloud-init asks first.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;

use super::{Ingredients, Make};
use crate::yaml;

/// The file meta-data of a NoCloud seed.
///
/// cloud-init sets a machine up once for each instance id. It is made of the ids of cluster and host alone: what
/// changes later comes by a deployment, and a machine is never set up a second time.
pub struct MetaData {
    /// The cluster's id of the lock, so that a new cluster is a new machine.
    pub cluster: String,
    pub host: String,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "instance-id")]
    instance_id: String,
    #[serde(rename = "local-hostname")]
    local_hostname: &'a str,
}

impl Make for MetaData {
    const KIND: Kind = Kind {
        name: "meta-data",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("cluster", &self.cluster, Origin::Lock(format_args!("cluster")));
        manifest.text("host", &self.host, Origin::Spec(format_args!("hosts[{}].name", self.host)));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let document =
            Document { instance_id: format!("{}-{}", self.cluster, self.host), local_hostname: &self.host };
        Ok(Content::public(yaml::to_string(&document)?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    fn meta_data(cluster: &str, host: &str) -> MetaData {
        MetaData { cluster: cluster.to_owned(), host: host.to_owned() }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(meta_data("hard-way-0a1b2c3d", "worker-1"), &[]));
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([meta_data("a", "b").into(), meta_data("b", "b").into(), meta_data("a", "a").into()]);
    }
}
