//! The cluster that is measured, as `w5k/generate.py` writes it.

use std::net::Ipv4Addr;

use kthw::cluster::Cluster;
use kthw::imported::ImportedAuthorities;
use kthw::lock::Lock;
use kthw::plan::{self, Plan};
use kthw::root::RootSecret;
use kthw::spec;

const HEAD: &str = include_str!("../w5k/head.yaml");
const WORKER: &str = include_str!("../w5k/worker.yaml");
const LOCK: &str = include_str!("../../examples/single/kthw.lock");
const ROOT: &str = include_str!("../../examples/single/kthw.root");
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 0);

/// How many workers W5k has.
pub const WORKERS: u32 = 5000;

/// The text of cluster.yaml.
pub fn text(workers: u32) -> String {
    let worker = |n: u32| {
        let address = Ipv4Addr::from_bits(FIRST.to_bits() + n);
        WORKER.replace("NUMBER", &n.to_string()).replace("ADDRESS", &address.to_string())
    };
    HEAD.to_owned() + &(1..=workers).map(worker).collect::<String>()
}

/// The cluster as decided.
pub fn cluster(workers: u32) -> Cluster {
    let Ok((cluster, _)) = spec::load(&text(workers)) else { panic!("the generated file is valid") };
    cluster
}

/// The example's lock, which pins what these hosts run.
pub fn lock() -> Lock {
    Lock::parse(LOCK).expect("the example's lock is valid")
}

/// The example's root secret.
pub fn root() -> RootSecret {
    RootSecret::parse(ROOT).expect("the example's root is valid")
}

/// The plan of a cluster.
pub fn planned(cluster: &Cluster, lock: &Lock, root: &RootSecret) -> Plan {
    let plan = plan::plan(cluster, lock, root.fingerprint(), &ImportedAuthorities::new());
    plan.unwrap_or_else(|problems| panic!("the generated cluster can be planned: {problems:?}"))
}
