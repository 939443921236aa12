//! `kthw vm`, with a libvirt of this test's own, and with real machines that boot what was built.

#[path = "../cli/cluster_folder.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod cluster_folder;
#[path = "../cli/judge.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod judge;
#[path = "../cli/ran.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod ran;

mod base_image;
mod guest;
mod stand_in;
mod virsh;

mod boot;
mod libvirt;
mod qemu;
