//! The difference of two states of a cluster: files by host and path, and the changes of inputs that each follows from.

mod cause;
mod compare;
mod input;
mod param;
mod side;
mod undo;

pub use cause::Causes;
pub use compare::{Area, Differences, File, Group, HostChange, compare};
pub use input::{Input, Inputs};
pub use param::Decider;
pub use side::Side;
pub use undo::Undo;
