//! Who the control planes and the members of etcd are, and whether they are enough.

use super::names;
use crate::cluster::Role;
use crate::spec::document::HostSpec;
use crate::spec::problem::Problem;

/// Where etcd runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etcd {
    /// On every control plane.
    Stacked,
    /// On the hosts that have the role.
    Own,
}

/// Wants a control plane.
pub fn control_planes(specs: &[HostSpec], problems: &mut Vec<Problem>) {
    if specs.is_empty() {
        problems.push(names::missing("hosts", "at least one host with roles: [control-plane]"));
    } else if count(specs, Role::ControlPlane) == 0 {
        problems.push(
            Problem::error("hosts", "no host has the role control-plane")
                .fix("write roles: [control-plane] for at least one host"),
        );
    }
}

/// Warns of an even number of members: one more than an odd number survives no more failures. It may be so on the way, when
/// a member is lost or replaced.
pub fn etcd(specs: &[HostSpec], problems: &mut Vec<Problem>) -> Etcd {
    let own = count(specs, Role::Etcd);
    let (place, members, role) = match own {
        0 => (Etcd::Stacked, count(specs, Role::ControlPlane), Role::ControlPlane),
        _ => (Etcd::Own, own, Role::Etcd),
    };
    if members > 0 && members % 2 == 0 {
        let (fewer, more) = (members - 1, members + 1);
        let message = format!("{members} members of etcd survive no more failures than {fewer} would");
        let fix = format!("give {fewer} or {more} hosts the role {role}");
        problems.push(Problem::warning("hosts", message).fix(fix));
    }
    place
}

fn count(specs: &[HostSpec], role: Role) -> usize {
    specs.iter().filter(|spec| spec.has(role)).count()
}
