//! Kubernetes the hard way as a reproducible build graph.

pub mod artifact;
#[cfg(test)]
mod judge;
pub mod merge_patch;
pub mod root;
pub mod yaml;
