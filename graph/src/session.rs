//! placeholder
use crate::NodeId;
pub struct Session;
pub struct Event;
pub struct Failure;
pub struct Goal;
pub struct Limits;
pub struct Outcome;
pub struct Realised;
pub struct SessionError(NodeId);
