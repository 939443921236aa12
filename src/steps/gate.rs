//! What is waited for before the next batch.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// All of these, within so many seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    pub until: Vec<Condition>,
    pub within: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "kebab-case")]
pub enum Condition {
    /// All of these members of etcd are well, and none is behind.
    EtcdHealthy { members: Vec<String> },
    /// A quorum of the members of etcd answers, as one of these tells.
    EtcdAnswers { through: Vec<String> },
    /// It answers with 200, asked from the host; where `at` is there, at this address, whatever its name leads to.
    Ready {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<IpAddr>,
    },
    /// They are active, or, of those that do something once, have ended well.
    Units { active: Vec<String> },
    /// They run no more.
    Stopped { units: Vec<String> },
    /// They run no more, or the host does not answer.
    Gone { units: Vec<String> },
    /// Kubernetes says that the host's node is ready, with a kubelet of this version.
    NodeReady { version: String, through: Vec<String> },
    /// The kubelet of the host is well, where nobody can say yet that its node is ready.
    KubeletHealthy,
}

impl Gate {
    /// As people would say it after "until".
    pub fn title(&self) -> String {
        let titles: Vec<&str> = self.until.iter().map(Condition::title).collect();
        match titles.as_slice() {
            [] => "it is done".to_owned(),
            titles => titles.join(" and "),
        }
    }
}

impl Condition {
    const fn title(&self) -> &'static str {
        match self {
            Self::EtcdHealthy { .. } => "every member is healthy",
            Self::EtcdAnswers { .. } => "etcd answers",
            Self::Ready { .. } => "/readyz answers",
            Self::Units { .. } => "its units are active",
            Self::Stopped { .. } => "its units have stopped",
            Self::Gone { .. } => "its units have stopped, or it is dead",
            Self::NodeReady { .. } => "its node is ready",
            Self::KubeletHealthy => "its kubelet is healthy",
        }
    }
}
