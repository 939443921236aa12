//! The difference of two states of a cluster: files by host and path, and the changes of inputs that each follows from.

mod bisect;
mod cause;
mod cause_set;
mod compare;
mod detail;
mod input;
mod param;
mod side;
mod undo;

#[cfg(test)]
pub mod trial;

pub use cause::{Causes, ParamChange};
pub use cause_set::CauseSet;
pub use compare::{Area, Differences, File, Group, Holder, HostChange, compare};
pub use detail::{Detail, Hunk, Line, LineKind, Row, TextChange, fields, is_described};
pub use input::{Input, Inputs, shortened};
pub use param::{Decider, Param, params};
pub use side::Side;
pub use undo::Undo;
