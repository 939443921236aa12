//! A generic graph of content-addressed actions.
//!
//! An action describes itself ([`Action::describe`]); the description and the identities of its inputs'
//! outputs name it; a [`Session`] realises what the store does not hold yet. Nothing here knows Kubernetes or a terminal.

mod action;
mod description;
mod event;
mod graph;
mod manifest;
mod name;
mod previous;
mod realise;
mod realised;
mod secret;
mod session;

pub use action::{
    Action, ActionError, Content, Executor, Job, JobInput, Kind, Reads, Resource, Transfer, Yields,
};
pub use description::Encoder;
pub use event::{Event, Listener};
pub use graph::{CyclePath, Graph, GraphBuilder, GraphProblem, Node, NodeId};
pub use manifest::{Manifest, Origin, Value};
pub use name::{NodeName, NodeNameError, Slot};
pub use realise::{Goal, Limits, Outcome};
pub use realised::Realised;
pub use secret::Secret;
pub use session::{NodeFailure, Session, SessionError};
