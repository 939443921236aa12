//! What is done to hosts, in order: waves of batches of steps.

use serde::Serialize;

use super::quorum::Quorum;
use crate::tree::Stage;

/// One stage of a rollout. A batch begins when every step of the one before has reached its gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    pub stage: Stage,
    /// The steps of a batch are taken at the same time.
    pub batches: Vec<Vec<Step>>,
}

/// What is done to one host, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub host: String,
    pub actions: Vec<Action>,
    /// Of a step that takes a member of etcd away, or brings one: counted before it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    pub gate: Gate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Moves the pods of the host's node elsewhere.
    Drain {
        why: Vec<String>,
    },
    /// Makes the host a member of the etcd that is there.
    JoinEtcd,
    LeaveEtcd,
    /// Writes these files: those that the units of this step read, so that nothing else comes up with what is not its
    /// turn yet.
    Install {
        paths: Vec<String>,
    },
    Remove {
        paths: Vec<String>,
    },
    /// Has systemd read its units again.
    DaemonReload,
    /// Starts a unit that is new to the host; one of the same name that runs already, a package's for instance, starts
    /// anew.
    Start {
        unit: String,
    },
    Restart {
        unit: String,
    },
    /// Has a unit that runs read its files again.
    Reload {
        unit: String,
    },
    Stop {
        unit: String,
    },
    /// Lets pods come back.
    Uncordon,
    /// Deletes the host's node from Kubernetes.
    DeleteNode,
}

/// What is waited for before the next batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// All members of etcd are well, and none is behind.
    EtcdHealthy,
    /// The API server of the host says so at `/readyz`.
    ApiServerReady,
    /// The units of the step are active, and the API answers through the load balancer.
    EndpointAnswers,
    /// The units of the step are active.
    UnitsActive,
    /// Kubernetes says that the host's node is ready.
    NodeReady,
    /// The units of the step run no more.
    UnitsStopped,
    /// A quorum of the members of etcd answers.
    EtcdAnswers,
    /// The units of the step run no more, or the host does not.
    HostGone,
}

impl Gate {
    /// As people would say it after "until".
    pub const fn title(self) -> &'static str {
        match self {
            Self::EtcdHealthy => "every member is healthy",
            Self::ApiServerReady => "/readyz answers",
            Self::EndpointAnswers => "the API answers through it",
            Self::UnitsActive => "its units are active",
            Self::NodeReady => "its node is ready",
            Self::UnitsStopped => "its units have stopped",
            Self::EtcdAnswers => "etcd answers",
            Self::HostGone => "its units have stopped, or it is dead",
        }
    }
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
            Action::Restart { unit } => Some(unit.as_str()),
            _ => None,
        })
    }

    /// The units that read their files again.
    pub fn reloads(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Reload { unit } => Some(unit.as_str()),
            _ => None,
        })
    }

    pub fn joins_etcd(&self) -> bool {
        self.actions.contains(&Action::JoinEtcd)
    }

    /// The units that are started for the first time.
    pub fn starts(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Start { unit } => Some(unit.as_str()),
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

    /// Why the host's node is drained, if it is.
    pub fn drain(&self) -> Option<&[String]> {
        self.actions.iter().find_map(|action| match action {
            Action::Drain { why } => Some(why.as_slice()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_reloads_of_systemd_from_those_of_units() {
        let json = |action: &Action| serde_json::to_string(action).expect("names and texts");
        assert_eq!(json(&Action::DaemonReload), r#"{"action":"daemon-reload"}"#);
        let unit = "haproxy.service".to_owned();
        assert_eq!(json(&Action::Reload { unit }), r#"{"action":"reload","unit":"haproxy.service"}"#);
    }
}
