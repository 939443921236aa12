//! The cluster file: strict parsing, and resolving into a `Cluster` with every problem located.

mod document;
mod problem;
mod schema;

pub use document::{
    API_VERSION, ApiSpec, AuditSpec, ClusterSpec, ComponentSpec, ComponentsSpec, DownloadsSpec,
    EncryptionSpec, HostSpec, KIND, NetworkSpec, PkiSpec, SshSpec, TaintSpec, VersionsSpec,
};
pub use problem::{Located, Problem, Severity};
pub use schema::schema;

use crate::cluster::Cluster;

/// Reads a cluster file: the cluster with what to warn of, or everything that is wrong with the text.
pub fn load(_text: &str) -> Result<(Cluster, Vec<Located>), Vec<Located>> {
    todo!("resolving follows")
}
