//! Clusters on real hosts: systemd machines, each with a name and an address of its own, that run what kthw renders.
//!
//! A cluster in three lines:
//!
//! ```ignore
//! let Some(mut cluster) = Cluster::bare(releases.cluster_of("single")) else { return };
//! cluster.deliver();
//! cluster.start();
//! eventually("the API is ready", seconds(60), || cluster.kubectl("get --raw /readyz"));
//! ```
//!
//! `cluster.host("cp-1").run("systemctl status etcd")` asks a host, `power_off`, `power_on` and `cut_power` switch it.
//! When a test fails, it prints the units and journals of all hosts; however it ends, nothing of it is left behind.

#![expect(clippy::disallowed_methods, reason = "these tests run machines and ask them")]
#![expect(clippy::disallowed_macros, reason = "a failed test says how the machines are")]

#[path = "../cli/cluster_folder.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod cluster_folder;
#[path = "../support/document.rs"]
mod document;
#[path = "../cli/judge.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod judge;
#[path = "../support/programs.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod programs;
#[path = "../cli/ran.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod ran;
#[path = "../support/releases.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod releases;

mod base_root;
mod benchmark;
mod clients;
mod cluster;
mod delivery;
mod eventually;
mod host;
mod image;
mod journal;
mod report;
mod site;
mod table;
mod trace;
mod turn;
mod vm;

mod a_worker;
mod balancers;
mod bootstrap;
mod control_planes;
mod etcd_user;
mod ipvs_gateway;
mod left_behind;
mod reads;
mod restore;
