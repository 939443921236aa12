//! What is done to one host, and in which order to all of them.

use kthw_store::Digest;
use serde::{Deserialize, Serialize};

use super::action::{Action, Errand};
use super::gate::Gate;
use super::quorum::Quorum;
use super::way_back::WayBack;
use crate::tree::{Service, Stage};

/// One stage of a rollout. A batch begins when every step of the one before has reached its gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    pub stage: Stage,
    /// The steps of a batch are taken at the same time.
    pub batches: Vec<Vec<Step>>,
}

/// What is done to one host, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub host: String,
    /// The tree that the host has to hold before; the empty one, if it has never held any.
    #[serde(with = "super::digest")]
    pub expects: Digest,
    /// The tree that it holds after.
    #[serde(with = "super::digest")]
    pub reaches: Digest,
    /// Of a host's last step, the services that it is to have, if they are different from those that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    pub actions: Vec<Action>,
    /// Of a step that takes a member of etcd away, or brings one: counted before it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    pub gate: Gate,
    pub way_back: WayBack,
}

impl Wave {
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.batches.iter().flatten()
    }
}

impl Step {
    /// The units that are restarted.
    pub fn restarts(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Restart { unit, .. } => Some(unit.as_str()),
            _ => None,
        })
    }

    /// The units that read their files again.
    pub fn reloads(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Reload { unit, .. } => Some(unit.as_str()),
            _ => None,
        })
    }

    /// The units that are started for the first time.
    pub fn starts(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Start { unit, .. } => Some(unit.as_str()),
            _ => None,
        })
    }

    /// The units that are stopped for good.
    pub fn stops(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Stop { unit } => Some(unit.as_str()),
            _ => None,
        })
    }

    /// What other hosts do for it.
    fn errands(&self) -> impl Iterator<Item = &Errand> {
        self.actions.iter().filter_map(|action| match action {
            Action::Lead { what, .. } => Some(what),
            _ => None,
        })
    }

    /// Whether anything is done on the host itself.
    pub fn touches_host(&self) -> bool {
        self.services.is_some() || self.actions.iter().any(|action| !matches!(action, Action::Lead { .. }))
    }

    /// Why the host's node is drained, if it is.
    pub fn drain(&self) -> Option<&[String]> {
        self.errands().find_map(|errand| match errand {
            Errand::Drain { why } => Some(why.as_slice()),
            _ => None,
        })
    }
}
