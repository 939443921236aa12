//! Real programs of Kubernetes on what the examples render.

#[path = "../cli/cluster_folder.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod cluster_folder;
#[path = "../cli/judge.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod judge;
#[path = "../support/programs.rs"]
mod programs;
#[path = "../cli/ran.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod ran;
#[path = "../support/releases.rs"]
mod releases;

mod delivered;
mod flags;
