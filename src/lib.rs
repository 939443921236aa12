//! Kubernetes the hard way as a reproducible build graph.

pub mod artifact;
pub mod root;
