//! What may be written in any order, in the one order that everything follows: exchanged lines are no change.

use std::collections::BTreeMap;

use crate::cluster::{Cluster, FlagValue, Program};
use crate::names;

/// Flags whose lists are sets. What the order of others means is their program's matter.
const SETS: [&str; 6] = [
    "allowed-unsafe-sysctls",
    "cipher-suites",
    "controllers",
    "disable-admission-plugins",
    "enable-admission-plugins",
    "tls-cipher-suites",
];

/// Sorts every list whose order means nothing to those who read it.
pub fn settle(cluster: &mut Cluster) {
    cluster.hosts.sort_by(|one, other| names::order(&one.name, &other.name));
    for host in &mut cluster.hosts {
        host.taints.sort();
    }
    cluster.api.sans.sort();
    cluster.encryption.resources.sort();
    cluster.control_plane.admission_plugins.sort();
    cluster.priority_classes.sort_by(|one, other| one.name.cmp(&other.name));
    cluster.authentication.jwt.sort_by_cached_key(|issuer| serde_json::to_string(issuer).unwrap_or_default());
    if let Some(machines) = &mut cluster.machines {
        machines.user.groups.sort();
        machines.user.authorized_keys.sort();
    }
    for program in Program::ALL {
        sets(&mut cluster.components.of_mut(*program).flags);
    }
}

fn sets(flags: &mut BTreeMap<String, Option<FlagValue>>) {
    for (name, value) in flags {
        if let (true, Some(FlagValue::List(items))) = (SETS.contains(&name.as_str()), value) {
            items.sort();
        }
    }
}
