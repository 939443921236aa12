//! What was begun on a host and has to be ended there, whatever else is done.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Debt {
    /// Its node takes no new pods.
    Cordoned,
    /// Its etcd is one of those that found a new etcd, which has not answered yet.
    Founding,
    /// Its etcd is a learner of the one that is there.
    Joining,
}
