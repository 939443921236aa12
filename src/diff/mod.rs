//! The difference of two states of a cluster: files by host and path, and the changes of inputs that each follows from.

mod cause;
mod certificate_text;
mod compare;
mod detail;
mod input;
mod param;
mod side;
mod text_change;
mod undo;

pub use cause::Causes;
pub use certificate_text::{CertificateText, date};
pub use compare::{Area, Differences, File, Group, Holder, HostChange, compare};
pub use detail::{Detail, Row, fields, is_described};
pub use input::{Input, Inputs, shortened};
pub use param::{Decider, Param, params};
pub use side::Side;
pub use text_change::{Hunk, Line, LineKind, TextChange};
pub use undo::Undo;
