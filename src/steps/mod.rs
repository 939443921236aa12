//! What is done to hosts, as data: whoever carries it out decides nothing, and needs nothing else.

mod quorum;
mod step;

pub use quorum::Quorum;
pub use step::{Action, Gate, Step, Wave};
