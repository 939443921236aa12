//! What a build yields, as it is printed.

use std::collections::BTreeMap;

use kthw_store::RecordEntry;
use serde::Serialize;

use crate::plan;

/// What a build yields, as `build --json` prints it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub nodes: usize,
    pub executed: usize,
    pub reused: usize,
    /// The identity of the whole cluster.
    pub cluster: String,
    /// The identity of each host's bundle.
    pub bundles: BTreeMap<String, String>,
    /// How many nodes cannot be made, because the root secret is not here.
    #[serde(skip_serializing_if = "is_none")]
    pub unmade: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Summary {
    /// Of what is known of the nodes, some of which were made just now and some found.
    pub fn of(known: &[RecordEntry], executed: usize, reused: usize, unmade: usize) -> Self {
        let cluster = known.iter().find(|entry| entry.name == plan::CLUSTER);
        let bundle = |entry: &RecordEntry| {
            Some((plan::bundle_host(&entry.name)?.to_owned(), entry.output.to_string()))
        };
        Self {
            nodes: executed + reused,
            executed,
            reused,
            cluster: cluster.map_or_else(String::new, |entry| entry.output.to_string()),
            bundles: known.iter().filter_map(bundle).collect(),
            unmade,
        }
    }
}
