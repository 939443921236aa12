//! What the program must withstand: death at any point, company, full and damaged disks, sly edits and bad servers.
//!
//! Every test runs the real `kthw` in an environment of its own, on a copy of the example cluster.

#![expect(clippy::disallowed_methods, reason = "these tests play the outside world")]
#![expect(clippy::disallowed_macros, reason = "tests say what they tried")]

mod cluster_folder;
mod judge;
mod mirror;
mod run;
mod server;
mod trace;

mod airgap;
mod damage;
mod disk;
mod downloads;
mod fingerprint;
mod kill;
mod together;
mod trials;
