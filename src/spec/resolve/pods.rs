//! The pod ranges of workers: as written, or cut from `network.pods`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::hosts::Place;
use super::network::{self, Ranges};
use super::ranges::Taken;
use crate::cluster::{Allocation, Host, Role};
use crate::names;
use crate::spec::document::HostSpec;
use crate::spec::problem::Problem;

/// Gives every worker its pod range, where kthw allocates them: as written, or the subnet whose number is that of the host's address within its
/// own network, or the next free one. So a host keeps its range when others come and go.
pub fn resolve(
    hosts: &mut [Host],
    specs: &[HostSpec],
    ranges: &Ranges,
    allocation: Allocation,
    problems: &mut Vec<Problem>,
) -> Option<()> {
    let (network, pods, mask) = (ranges.hosts?, ranges.pods?, ranges.pod_mask?);
    let cut = Cut { pods, mask };
    let workers = hosts.iter().filter(|host| host.is(Role::Worker)).count();
    if cut.count() < workers as u64 {
        problems.push(cut.too_small(workers as u64));
        return None;
    }
    if allocation == Allocation::ControllerManager {
        problems.extend(specs.iter().enumerate().filter_map(|(i, spec)| useless(&Place::new(i, spec), spec)));
        return Some(());
    }
    let mut taken = Taken::default();
    let mut sound = true;
    let written = hosts.iter_mut().zip(specs).enumerate();
    for (i, (host, spec)) in written.filter(|(_, (host, _))| host.is(Role::Worker)) {
        if let Some(text) = &spec.pod_cidr {
            host.pod_cidr = written_range(&Place::new(i, spec), text, &cut, &mut taken, problems);
            sound &= host.pod_cidr.is_some();
        }
    }
    if !sound {
        return None;
    }
    let left_open = |host: &&mut Host| host.is(Role::Worker) && host.pod_cidr.is_none();
    let mut open: Vec<&mut Host> = hosts.iter_mut().filter(left_open).collect();
    open.sort_by(|one, other| names::order(&one.name, &other.name));
    for host in open {
        let wanted = offset(&host.address, &network) % cut.count();
        let Some(number) = taken.take_near(wanted, cut.count()) else {
            problems.push(cut.used_up(&host.name));
            return None;
        };
        host.pod_cidr = Some(cut.subnet(number)?);
    }
    Some(())
}

/// What is wrong with a written range where the controller manager gives its own.
fn useless(place: &Place, spec: &HostSpec) -> Option<Problem> {
    spec.pod_cidr.as_ref()?;
    let message = "podCIDR is written, but network.podCIDRAllocation is controller-manager";
    Some(place.error("podCIDR", message).fix("remove podCIDR, or write network.podCIDRAllocation: static"))
}

fn written_range(
    place: &Place,
    text: &str,
    cut: &Cut,
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> Option<IpNet> {
    let path = place.field("podCIDR");
    let range = network::range(&path, text, "10.200.36.0/24", problems)?;
    let pods = cut.pods;
    if !pods.contains(&range) {
        let message = format!("podCIDR {range} is outside network.pods {pods}");
        let problem = place.error("podCIDR", message);
        problems.push(problem.fix("choose a range within it, or remove podCIDR"));
        return None;
    }
    let (first, last) = cut.numbers(&range);
    if !taken.take(first, last) {
        let message = format!("podCIDR {range} meets that of another host");
        let fix = format!("choose a /{} of network.pods that no other host has", cut.mask);
        problems.push(place.error("podCIDR", message).fix(fix));
        return None;
    }
    Some(range)
}

/// The pod range, cut into numbered subnets.
struct Cut {
    pods: IpNet,
    mask: u8,
}

impl Cut {
    /// How many subnets there are; at most 65536.
    fn count(&self) -> u64 {
        1 << (self.mask - self.pods.prefix_len())
    }

    /// The subnet of that number.
    fn subnet(&self, number: u64) -> Option<IpNet> {
        let start = bits(&self.pods.network()) + (u128::from(number) << self.host_bits());
        let address = match self.pods {
            IpNet::V4(_) => IpAddr::V4(u32::try_from(start).ok()?.into()),
            IpNet::V6(_) => IpAddr::V6(start.into()),
        };
        IpNet::new(address, self.mask).ok()
    }

    /// The first and the last number of the subnets that `range` meets.
    fn numbers(&self, range: &IpNet) -> (u64, u64) {
        let number = |address| {
            let offset = bits(&address) - bits(&self.pods.network());
            u64::try_from(offset >> self.host_bits()).unwrap_or(u64::MAX)
        };
        (number(range.network()), number(range.broadcast()))
    }

    fn host_bits(&self) -> u8 {
        self.pods.max_prefix_len() - self.mask
    }

    fn used_up(&self, host: &str) -> Problem {
        let message = format!("network.pods {} has no range left for host {host}", self.pods);
        Problem::error("network.pods", message).fix("widen it, or write narrower podCIDRs")
    }

    fn too_small(&self, workers: u64) -> Problem {
        let (pods, mask, count) = (self.pods, self.mask, self.count());
        let more = u8::try_from(workers.next_power_of_two().ilog2()).unwrap_or(u8::MAX);
        let message =
            format!("network.pods {pods} holds {count} ranges of /{mask}, too few for {workers} workers");
        let fix = match mask.checked_sub(more) {
            Some(prefix) => format!("widen it to at least /{prefix}, or raise network.podMask"),
            None => "raise network.podMask".to_owned(),
        };
        Problem::error("network.pods", message).fix(fix)
    }
}

/// The number of `address` within `network`, as far as it matters for numbering subnets.
fn offset(address: &IpAddr, network: &IpNet) -> u64 {
    let offset = bits(address).saturating_sub(bits(&network.network()));
    u64::try_from(offset & u128::from(u32::MAX)).unwrap_or(0)
}

fn bits(address: &IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u32::from(*v4).into(),
        IpAddr::V6(v6) => (*v6).into(),
    }
}
