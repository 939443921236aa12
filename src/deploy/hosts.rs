//! What hosts can be told, whatever leads to them. Everything may be told twice: the second time nothing is done.

use std::collections::BTreeMap;
use std::future::Future;

use kthw_store::Digest;

use super::fault::Fault;
use crate::steps::{Condition, Debt, Errand};
use crate::tree::{Closure, HostPath, Placed, Service};

/// What systemd is told of a unit. What it is started with is noted once it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Enables it, and starts it anew unless it runs with these files already.
    Start(Closure),
    Restart(Closure),
    Reload(Closure),
    /// Stops it, and disables it.
    Stop,
}

/// The hosts of a rollout, by name.
pub trait Hosts: Sync {
    /// The tree that a host holds: the empty one, if it has never held any.
    fn held(&self, host: &str) -> impl Future<Output = Result<Digest, Fault>>;

    /// Brings contents to a host, beside its files: nothing is different yet.
    fn stage(
        &self,
        host: &str,
        files: &BTreeMap<HostPath, Placed>,
    ) -> impl Future<Output = Result<(), Fault>>;

    /// Writes files that were staged and removes others: all of it, or, if the power goes, nothing.
    fn switch(
        &self,
        host: &str,
        install: &BTreeMap<HostPath, Placed>,
        remove: &[HostPath],
    ) -> impl Future<Output = Result<(), Fault>>;

    /// Notes which services a host is to have from now on.
    fn note_services(&self, host: &str, services: &[Service]) -> impl Future<Output = Result<(), Fault>>;

    fn daemon_reload(&self, host: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Returns when systemd has done it: a unit that says when it is ready is.
    fn unit(&self, host: &str, verb: Verb, unit: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Notes a debt, or that it is paid.
    fn owe(&self, host: &str, debt: Debt, owes: bool) -> impl Future<Output = Result<(), Fault>>;

    /// From now on the member of etcd of a host asks the others when it has no data, and founds nothing.
    fn settle(&self, host: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Has the first of `through` that answers do something for `host`.
    fn lead(
        &self,
        through: &[String],
        host: &str,
        errand: &Errand,
    ) -> impl Future<Output = Result<(), Fault>>;

    /// Waits on the host for a condition, for so many seconds at most.
    fn wait(&self, host: &str, until: &Condition, within: u64) -> impl Future<Output = Result<(), Fault>>;
}
