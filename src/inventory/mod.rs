//! What was seen of hosts: what each holds, and what its services were started with.

mod host_state;

pub use host_state::HostState;

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
    /// It could not be looked at; `last` is what was known of it before.
    Silent {
        why: String,
        last: Option<HostState>,
    },
}

impl Sighting {
    /// What the host holds and runs, as far as it is known.
    pub fn state(&self) -> Option<&HostState> {
        match self {
            Self::Ours(state) => Some(state),
            Self::Silent { last, .. } => last.as_ref(),
            Self::Empty | Self::Foreign { .. } => None,
        }
    }
}
