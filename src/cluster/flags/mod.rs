//! Flags and feature gates: which ones each program knows in each version, and what they take.

mod gates;
mod owned;
mod paths;
mod set;
mod table;

pub use gates::{Gate, Stage, gate, gate_needs, gates, has_gates, is_gate};
pub use owned::{Owned, owned, owned_fields};
pub use paths::{ending, inputs, outputs, paths};
pub use set::{FlagSet, Origin, SetFlag};
pub use table::{Flag, Kind, known, lookup, names};
