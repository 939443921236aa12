//! One thing that is done to a host. Each may be done twice: whoever goes on where somebody stopped does it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::debt::Debt;
use crate::tree::{Closure, HostPath, Placed};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Writes these files: those that the units of this step read, so that no other unit comes up with a file before its
    /// turn.
    Install {
        files: BTreeMap<HostPath, Placed>,
    },
    Remove {
        paths: Vec<HostPath>,
    },
    /// Has systemd read its units again.
    DaemonReload,
    /// Enables a unit that is new to the host and starts it; one of the same name that runs already, a package's for
    /// instance, starts anew.
    Start {
        unit: String,
        /// What it is started with, as the host notes it.
        closure: Closure,
    },
    Restart {
        unit: String,
        closure: Closure,
    },
    /// Has a unit that runs read its files again.
    Reload {
        unit: String,
        closure: Closure,
    },
    /// Stops a unit and disables it.
    Stop {
        unit: String,
    },
    /// Notes on the host what was begun there, so that whoever goes on knows; and that it is ended.
    Owe {
        debt: Debt,
    },
    Pay {
        debt: Debt,
    },
    /// From now on the host's member of etcd asks the others when it has no data, and founds nothing.
    Settle,
    /// What another host does for this one: the first of these that answers.
    Lead {
        through: Vec<String>,
        what: Errand,
    },
}

/// What only a host can do that runs an API server or a member of etcd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "kebab-case")]
pub enum Errand {
    /// Moves the pods of the host's node elsewhere, within what their budgets allow.
    Drain {
        why: Vec<String>,
    },
    /// Lets pods come back.
    Uncordon,
    /// Deletes the host's node from Kubernetes.
    DeleteNode,
    /// Makes the host a member of etcd that does not vote, and tells it the members of that moment.
    AddLearner,
    /// Waits until the host's member has caught up, and lets it vote.
    Promote,
    RemoveMember,
    /// If the host's member leads etcd, another leads from now on.
    MoveLeader,
}
