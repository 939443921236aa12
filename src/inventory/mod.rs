//! What was seen of hosts: what each holds, and what its services were started with.

mod host_state;

pub use host_state::{Debt, HostState};

/// What somebody who looked at a host found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// Nothing of kthw's.
    Empty,
    Ours(HostState),
    /// Another cluster's.
    Foreign {
        cluster: String,
    },
    /// It could not be looked at.
    Silent {
        why: String,
    },
}

impl Sighting {
    pub fn state(&self) -> Option<&HostState> {
        match self {
            Self::Ours(state) => Some(state),
            Self::Empty | Self::Foreign { .. } | Self::Silent { .. } => None,
        }
    }
}
