//! The difference of two states of a cluster: files by host and path, and the changes of inputs that each follows from.

mod bisect;
mod cause;
mod cause_set;
mod compare;
mod detail;
mod input;
mod outline;
mod param;
mod text_change;
mod undo;

#[cfg(test)]
pub mod edit;
#[cfg(test)]
pub mod trial;
#[cfg(test)]
mod truth;

pub use cause::{Causes, ParamChange};
pub use cause_set::CauseSet;
pub use compare::{Area, Differences, File, Group, Holder, HostChange, compare};
pub use detail::{Detail, Row, fields, is_described};
pub use input::{Input, Inputs, shortened, told_apart};
pub use param::{Decider, Param, params};
pub use text_change::{Hunk, Line, LineKind, TextChange};
pub use undo::Undo;
