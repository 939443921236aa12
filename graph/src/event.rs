//! What a session tells while it works. Others draw it.

use crate::action::{Kind, Transfer};
use crate::name::NodeName;

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Work begins on so many nodes.
    Begun { nodes: usize },
    /// Another process is executing in this store.
    Waiting { holder: &'a str },
    /// An action is being carried out.
    Started { name: &'a NodeName, kind: Kind },
    /// A transfer has come this far.
    Transferred { name: &'a NodeName, transfer: Transfer },
    /// A node's output is known, because it was made or because it was there.
    Realised { name: &'a NodeName, executed: bool },
}

/// Who listens.
pub type Listener = dyn Fn(Event<'_>) + Send + Sync;
