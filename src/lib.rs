//! Kubernetes the hard way as a reproducible build graph.

pub mod artifact;
pub mod cluster;
pub mod root;
pub mod spec;

mod authority;
mod key_pair;
mod yaml;

#[cfg(test)]
mod judge;
