//! What is done to hosts, as data: whoever carries it out decides nothing, and needs nothing else.

mod action;
mod debt;
mod digest;
mod gate;
mod quorum;
mod step;
mod way_back;

pub use action::{Action, Errand};
pub use debt::Debt;
pub use gate::{Condition, Gate};
pub use quorum::Quorum;
pub use step::{Step, Wave};
pub use way_back::WayBack;
