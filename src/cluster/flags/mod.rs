//! Flags: which ones each program knows in each version, and what kind of value they take.

mod owned;
mod set;
mod table;

pub use owned::{Owned, owned, owned_fields};
pub use set::{FlagSet, Origin, SetFlag};
pub use table::{Flag, Kind, known, lookup, names};
