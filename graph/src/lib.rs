//! A generic graph of content-addressed actions.
//!
//! An action describes itself ([`Action::describe`]); the description and the identities of its inputs'
//! outputs name it; a [`Session`] realises what the store does not hold yet; [`explain`] says why something
//! was stale. Nothing here knows Kubernetes or a terminal.

mod action;
mod description;
mod event;
mod explain;
mod graph;
mod manifest;
mod name;
mod previous;
mod realise;
mod secret;
mod session;

pub use action::{
    Action, ActionError, Content, Executor, Job, JobInput, Kind, Reads, Resource, Transfer, Yields,
};
pub use description::{Description, Encoder};
pub use event::{Event, Listener};
pub use explain::{Explanation, InputChange, ParamChange, explain};
pub use graph::{CyclePath, Graph, GraphBuilder, GraphProblem, Node, NodeId};
pub use manifest::{Manifest, Origin, Value};
pub use name::{NodeName, NodeNameError, Slot};
pub use realise::{Goal, Limits, Outcome};
pub use secret::Secret;
pub use session::{NodeFailure, Realised, Session, SessionError};
