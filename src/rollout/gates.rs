//! What is waited for after a step, and for how long.

use super::etcd::Members;
use super::facts::Facts;
use super::turn;
use super::work::Work;
use crate::cluster::Host;
use crate::steps::{Action, Condition, Errand, Gate};
use crate::tree::Stage;

/// Seconds. A server loads what it serves first; a bootstrap waits for the API and for what it installs; a node is ready
/// when its network is, whose images may have to be pulled.
const SERVER: u64 = 300;
const UNITS: u64 = 120;
const OBJECTS: u64 = 900;
const NODE: u64 = 600;

pub fn gate(
    facts: &Facts<'_>,
    members: &Members<'_>,
    work: &Work<'_>,
    stage: Stage,
    actions: &[Action],
) -> Gate {
    let active: Vec<String> = actions.iter().filter_map(started).map(str::to_owned).collect();
    let stopped: Vec<String> = work.stops.iter().map(ToString::to_string).collect();
    let units = || match active.is_empty() {
        true => Vec::new(),
        false => vec![Condition::Units { active: active.clone() }],
    };
    let (until, within) = match stage {
        Stage::Etcd if actions == turn::SETTLES => (Vec::new(), UNITS),
        Stage::Etcd if work.departs() => (vec![members.answers()], SERVER),
        Stage::Etcd => (vec![members.healthy()], SERVER),
        Stage::ApiServers => {
            (facts.host(work.host).map(|host| local(facts, host)).into_iter().collect(), SERVER)
        }
        Stage::Controllers | Stage::Background | Stage::Routes => (units(), UNITS),
        Stage::Objects => (units(), OBJECTS),
        Stage::LoadBalancers => {
            let endpoint = facts.host(work.host).map(|host| balanced(facts, host));
            (units().into_iter().chain(endpoint).collect(), UNITS)
        }
        Stage::Workers => (vec![node(facts, work)], NODE),
        Stage::Departures if work.departs() => (vec![Condition::Gone { units: stopped }], UNITS),
        Stage::Departures => {
            let leaves = |action: &Action| matches!(action, Action::Lead { what: Errand::RemoveMember, .. });
            let etcd = actions.iter().any(leaves).then(|| members.healthy());
            (etcd.into_iter().chain([Condition::Stopped { units: stopped }]).collect(), SERVER)
        }
    };
    Gate { until, within }
}

/// The kubelet of the version that the host is to have.
fn node(facts: &Facts<'_>, work: &Work<'_>) -> Condition {
    let version = work.wanted.and_then(|wanted| wanted.release(KUBELET_PROGRAM));
    let version = version.map_or(&facts.cluster.versions.kubernetes, |release| &release.version);
    facts.node_ready(&version.to_string(), work.host)
}

const KUBELET_PROGRAM: &str = "/usr/local/bin/kubelet";

/// The API server of the host itself.
fn local(facts: &Facts<'_>, host: &Host) -> Condition {
    let at = std::net::SocketAddr::new(host.address, facts.cluster.apiserver_port());
    Condition::Ready { url: format!("https://{at}/readyz"), at: None }
}

/// The API through the balancer of the host. Where several share the endpoint's name, it leads to this one.
fn balanced(facts: &Facts<'_>, host: &Host) -> Condition {
    let api = &facts.cluster.api;
    let is_shared = api.load_balancer.as_ref().is_some_and(|balancer| balancer.virtual_address().is_none());
    let at = (is_shared && api.endpoint.ip().is_none()).then_some(host.address);
    Condition::Ready { url: format!("{}/readyz", api.endpoint), at }
}

fn started(action: &Action) -> Option<&str> {
    match action {
        Action::Start { unit, .. } | Action::Restart { unit, .. } | Action::Reload { unit, .. } => Some(unit),
        _ => None,
    }
}
