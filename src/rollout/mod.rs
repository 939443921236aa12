//! The rollout of a change: what is done to which host in which order, and what follows from it.
//!
//! A pure function of the two states. Whoever carries it out does these steps and no others.

mod drain;
mod etcd;
mod facts;
#[cfg(test)]
mod fleet;
mod gates;
mod json;
mod order;
mod passage;
#[cfg(test)]
mod simulation;
mod summary;
mod text;
mod trees;
#[cfg(test)]
mod trial;
mod turn;
mod way_back;
mod work;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use json::json;
pub use text::text;
#[cfg(test)]
pub use trial::{EXAMPLES, NOW, Planned, Trial, installed, variants};

use crate::diff::{Area, Causes, Differences};
use crate::findings::{self, Decisions, Finding, FlagChange, Kind, Reissue};
use crate::inventory::{HostState, Sighting};
use crate::steps::{Step, Wave};
use crate::tree::{Stage, Tree};

use facts::Facts;
use work::Work;

/// Everything that a change leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// How many files change on hosts that stay, and on which of these.
    pub files: usize,
    pub touched: Vec<String>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub waves: Vec<Wave>,
    pub certificates: Vec<Reissue>,
    pub flags: Vec<FlagChange>,
    /// Worst first.
    pub findings: Vec<Finding>,
}

/// A unit that is restarted, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart<'r> {
    pub host: &'r str,
    pub unit: &'r str,
    /// Counted from one.
    pub wave: usize,
}

impl Rollout {
    /// From hosts that hold what the earlier state says, as a rollout that was ended has left them.
    pub fn of(decisions: &Decisions<'_>, differences: &Differences, causes: &mut Causes<'_>) -> Self {
        let [before, after] = decisions.clusters;
        let departing = before.hosts.iter().filter(|host| decisions.host(&host.name)[1].is_none());
        let hosts = after.hosts.iter().chain(departing).map(|host| host.name.as_str());
        let is_other = |host: &&str| !trees::is_same(causes.before, causes.after, host);
        let seen = hosts.filter(is_other).map(|host| match trees::tree(causes.before, host) {
            Some(tree) => (host, Sighting::Ours(HostState::settled(tree))),
            None => (host, Sighting::Empty),
        });
        let seen = seen.collect();
        let members = before.etcd_members().map(|host| host.name.as_str()).collect();
        Self::between(decisions, differences, causes, seen, members)
    }

    /// From hosts with nothing on them.
    pub fn of_bare_hosts(
        decisions: &Decisions<'_>,
        differences: &Differences,
        causes: &mut Causes<'_>,
    ) -> Self {
        let hosts = &decisions.clusters[1].hosts;
        let seen = hosts.iter().map(|host| (host.name.as_str(), Sighting::Empty)).collect();
        let rollout = Self::between(decisions, differences, causes, seen, BTreeSet::new());
        Self { added: hosts.iter().map(|host| host.name.clone()).collect(), ..rollout }
    }

    fn between(
        decisions: &Decisions<'_>,
        differences: &Differences,
        causes: &mut Causes<'_>,
        seen: Vec<(&str, Sighting)>,
        members: BTreeSet<&str>,
    ) -> Self {
        let changed = changed(differences);
        let (files, touched) = extent(&changed);
        let wanted: Vec<Option<Tree>> =
            seen.iter().map(|(host, _)| trees::tree(causes.after, host)).collect();
        let works: Vec<Work<'_>> = seen
            .iter()
            .zip(&wanted)
            .filter_map(|((host, now), wanted)| Work::between(host, now, wanted.as_ref()))
            .collect();
        let units: HashMap<&str, Vec<&str>> =
            works.iter().map(|work| (work.host, work.units.iter().map(|unit| unit.unit).collect())).collect();
        let settings = findings::moved(decisions, causes, &units);
        let facts = Facts {
            cluster: decisions.clusters[1],
            members,
            drains: works
                .iter()
                .map(|work| {
                    let of_settings = drain::of_settings(decisions, &settings, work.host);
                    (work.host, drain::reasons(work, &of_settings))
                })
                .collect(),
            routes: stage_of_routes(decisions),
        };
        let waves = order::waves(&facts, &works);
        let certificates = findings::reissued(causes);
        let findings = findings::findings(decisions, causes, &settings, &certificates, &waves);
        let names = |hosts: &[crate::diff::HostChange]| hosts.iter().map(|host| host.name.clone()).collect();
        Self {
            files,
            touched,
            added: names(&differences.added),
            removed: names(&differences.removed),
            waves,
            flags: findings::flag_changes(decisions, differences, causes),
            certificates,
            findings,
        }
    }

    /// Whether nothing has to be done to any host, and nothing to be known that was not so before.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty()
            && self.findings.iter().all(|finding| finding.is_standing)
            && self.certificates.is_empty()
    }

    /// What makes this rollout one that must not be begun.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.of_kind(Kind::Forbidden)
    }

    /// What nobody should miss: all but what does not work for a moment.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.kind != Kind::Meanwhile)
    }

    /// Leaves what is done to some hosts, where these are the differences that count. What is to be known stays.
    pub fn only(&mut self, differences: &Differences, wanted: impl Fn(&str) -> bool) {
        let changed = changed(differences);
        (self.files, self.touched) = extent(&changed);
        self.added.retain(|host| wanted(host));
        self.removed.retain(|host| wanted(host));
        for batch in self.waves.iter_mut().flat_map(|wave| &mut wave.batches) {
            batch.retain(|step| wanted(&step.host));
        }
        self.certificates.retain_mut(|reissue| {
            reissue.hosts.retain(|host| wanted(host));
            !reissue.hosts.is_empty()
        });
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.kind == kind)
    }

    pub fn restarts(&self) -> impl Iterator<Item = Restart<'_>> {
        self.waves.iter().zip(1..).flat_map(|(wave, number)| {
            wave.steps().flat_map(move |step| {
                step.restarts().map(move |unit| Restart { host: &step.host, unit, wave: number })
            })
        })
    }

    /// The nodes that are drained, with the reasons.
    pub fn drains(&self) -> impl Iterator<Item = (&str, &[String])> {
        let steps = self.waves.iter().flat_map(Wave::steps);
        steps.filter_map(|step: &Step| Some((step.host.as_str(), step.drain()?)))
    }

    /// The blast radius, on one line.
    pub fn summary(&self) -> String {
        summary::summary(self)
    }
}

/// A worker that comes is waited for with its route; one that goes or moves is led to until it has been drained.
fn stage_of_routes(decisions: &Decisions<'_>) -> Stage {
    let [lost, gained] = findings::lost_and_gained(decisions);
    if !lost.is_empty() && gained.is_empty() { Stage::Routes } else { Stage::Background }
}

/// The paths that differ, by host: of hosts that are there on both sides.
fn changed(differences: &Differences) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut changed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for group in differences.groups.iter().filter(|group| group.area == Area::Host) {
        for holder in &group.holders {
            changed.entry(&holder.host).or_default().insert(&group.path);
        }
    }
    changed
}

/// How many files are among what changes, and the hosts that have them.
fn extent(changed: &BTreeMap<&str, BTreeSet<&str>>) -> (usize, Vec<String>) {
    (changed.values().map(BTreeSet::len).sum(), changed.keys().map(|host| (*host).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::trial::Trial;

    #[test]
    fn every_restart_is_told_with_its_wave() {
        let trial = Trial::of("ha-haproxy").before(|text| text.replace("1.36.1", "1.35.1"));
        let rollout = trial.rollout();
        let of = |host: &str| {
            let restarts = rollout.restarts().filter(|restart| restart.host == host);
            restarts.map(|restart| format!("{} {}", restart.wave, restart.unit)).collect::<Vec<_>>()
        };
        assert_eq!(
            of("controller-0"),
            [
                "1 kube-apiserver.service",
                "2 kube-controller-manager.service",
                "2 kube-scheduler.service",
                "3 kubernetes-bootstrap.service"
            ]
        );
        assert_eq!(of("worker-1"), ["4 containerd.service", "4 kubelet.service", "4 kube-proxy.service"]);
        assert_eq!(of("lb-0"), [""; 0]);
        assert_eq!(rollout.drains().map(|(host, _)| host).collect::<Vec<_>>(), ["worker-0", "worker-1"]);
    }
}
