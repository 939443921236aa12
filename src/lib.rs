//! Kubernetes the hard way as a reproducible build graph.

pub mod archive;
pub mod artifact;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod deploy;
pub mod imported;
pub mod inventory;
pub mod lock;
pub mod page;
pub mod plan;
pub mod root;
pub mod sources;
pub mod spec;
pub mod steps;
pub mod sys;
pub mod tree;
pub mod ui;
pub mod upstream;
pub mod vm;

mod authority;
mod certificate_text;
mod comparison;
mod diff;
mod executor;
mod failure;
mod field_path;
mod file_list;
mod findings;
mod golden;

mod key_pair;
mod last_build;
mod meant;
mod merge_patch;
mod mirror;
mod names;
mod opened;
mod redaction;
mod report;
mod rollout;
mod shell;
mod side;

mod territory;

mod validity;
mod visible;
mod yaml;

#[cfg(test)]
mod judge;
