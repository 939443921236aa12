//! The outside world: what is slow, fails, or answers differently tomorrow.

pub mod clock;
pub mod entropy;
pub mod fetch;
pub mod files;
pub mod memory;
