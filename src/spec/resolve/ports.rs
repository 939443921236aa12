//! The ports of each host: no two programs listen on the same one.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Listener};
use crate::spec::problem::Problem;

/// Reports where two programs of a host would listen on one port: once for all hosts where the same two meet.
pub fn check(cluster: &Cluster, problems: &mut Vec<Problem>) {
    let mut told = BTreeSet::new();
    for host in &cluster.hosts {
        for pair in cluster.listeners(host).windows(2).filter(|pair| pair[0].port == pair[1].port) {
            let [one, other] = pair else { continue };
            let (chosen, usual, path) = blamed(one, other);
            if told.insert((chosen.port, chosen.owner, usual.owner)) {
                let (port, name) = (chosen.port, &host.name);
                let message = format!(
                    "{path} has {} listen on port {port} of host {name}, where {} listens",
                    chosen.owner, usual.owner
                );
                let fix = "choose another port, or leave one of the two to another host";
                problems.push(Problem::error(path, message).fix(fix));
            }
        }
    }
}

/// Of two who meet, the one whose port the user chose, which may be the endpoint's if nothing else is.
fn blamed<'l>(one: &'l Listener, other: &'l Listener) -> (&'l Listener, &'l Listener, &'l str) {
    let path = |listener: &'l Listener| listener.chosen_by.as_deref();
    let is_own = |listener: &'l Listener| path(listener).is_some_and(|path| path != "api.endpoint");
    let first = is_own(one) || (path(one).is_some() && !is_own(other));
    let (chosen, usual) = if first { (one, other) } else { (other, one) };
    (chosen, usual, path(chosen).expect("the usual ports are different"))
}
