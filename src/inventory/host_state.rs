//! What a host of the cluster holds and runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::steps::Debt;
use crate::tree::{Closure, HostPath, Tree};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// What was put there.
    pub tree: Tree,
    /// Of what was put there, the files that are different now, or missing.
    pub drifted: BTreeSet<HostPath>,
    /// Whether systemd has still to read units that were written.
    pub is_reload_owed: bool,
    /// What each service was started with that was started and not stopped since.
    pub started_with: BTreeMap<String, Closure>,
    pub debts: BTreeSet<Debt>,
}

impl HostState {
    /// A host on which all that was to be done was done.
    pub fn settled(tree: Tree) -> Self {
        let started_with =
            tree.services.iter().map(|service| (service.unit.to_string(), tree.closure(service))).collect();
        Self { tree, started_with, ..Self::default() }
    }

    pub fn owes(&self, debt: Debt) -> bool {
        self.debts.contains(&debt)
    }
}
