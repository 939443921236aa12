//! Real programs of Kubernetes on what the examples render.

#[path = "../cli/cluster_folder.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod cluster_folder;
#[path = "../support/document.rs"]
mod document;
#[path = "../cli/host_tree.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod host_tree;
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

mod complaints;
mod lab;
mod machine;
mod printers;
mod unit;

mod clusters;
mod delivered;
mod flags;
mod refusals;
mod table;
mod values;
