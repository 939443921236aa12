//! The outside world: what is slow, fails, or answers differently tomorrow.

pub mod clock;
pub mod entropy;
pub mod fetch;
pub mod files;
pub mod git;
pub mod memory;
pub mod output_file;
pub mod owned_folder;
pub mod process;
pub mod rooted;
pub mod socket;
pub mod switch;
pub mod terminal;
