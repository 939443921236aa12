//! Kubernetes the hard way as a reproducible build graph.

pub mod cluster;
pub mod spec;
