//! The rollout of a change: what is done to which host in which order, and what follows from it.
//!
//! A pure function of the two states. Whoever carries it out does these steps and no others.

mod certificates;
mod drain;
mod encryption;
mod endpoint;
mod etcd_log;
mod finding;
mod flags;
mod json;
mod keys;
mod members;
mod network;
mod objects;
mod outage;
mod quorum;
mod routes;
mod skew;
mod stage;
mod step;
mod text;
#[cfg(test)]
mod trial;
mod waves;
mod work;

use std::collections::{BTreeSet, HashMap};

pub use json::json;
pub use text::text;
#[cfg(test)]
pub use trial::{EXAMPLES, State, variants};

use crate::cluster::{Cluster, Host};
use crate::diff::{Causes, Differences};
use crate::lock::Lock;

use certificates::Reissue;
use finding::{Finding, Kind};
use flags::FlagChange;
use step::{Step, Wave};
use work::Work;

/// What was decided before and after.
pub struct Change<'a> {
    clusters: [&'a Cluster; 2],
    locks: [&'a Lock; 2],
    hosts: [HashMap<&'a str, &'a Host>; 2],
}

impl<'a> Change<'a> {
    pub fn new(clusters: [&'a Cluster; 2], locks: [&'a Lock; 2]) -> Self {
        let hosts = clusters.map(|cluster| {
            cluster.hosts.iter().map(|host| (host.name.as_str(), host)).collect::<HashMap<_, _>>()
        });
        Self { clusters, locks, hosts }
    }

    /// The host of a name on both sides.
    fn host(&self, name: &str) -> [Option<&'a Host>; 2] {
        [0, 1].map(|side: usize| self.hosts[side].get(name).copied())
    }
}

/// Everything that a change leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// How many files change on hosts that stay, and on how many of these.
    pub files: usize,
    pub hosts: usize,
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
    pub fn of(change: &Change<'_>, differences: &Differences, causes: &mut Causes<'_>) -> Self {
        let changed = work::changed(differences);
        let (files, hosts) = (changed.values().map(BTreeSet::len).sum(), changed.len());
        let work = |name: &str| Work::of(name, causes.before, causes.after, changed.get(name));
        let [before, after] = change.clusters;
        let departing = before.hosts.iter().filter(|host| change.host(&host.name)[1].is_none());
        let works: Vec<Work> =
            after.hosts.iter().chain(departing).filter_map(|host| work(&host.name)).collect();
        let waves = waves::waves(change, &works);
        let mut findings = skew::findings(change, &causes.inputs);
        findings.extend(keys::findings(change, causes));
        findings.extend(encryption::findings(change, &causes.inputs));
        findings.extend(network::findings(change, &causes.inputs));
        findings.extend(objects::findings(change, &causes.inputs));
        findings.extend(routes::findings(change, &causes.inputs));
        findings.extend(endpoint::findings(change, &causes.inputs));
        findings.extend(members::findings(change, &causes.inputs));
        findings.extend(etcd_log::findings(change, &causes.inputs));
        findings.extend(outage::findings(change, &waves));
        findings.sort_by_key(|finding| finding.kind);
        let names = |hosts: &[crate::diff::HostChange]| hosts.iter().map(|host| host.name.clone()).collect();
        Self {
            files,
            hosts,
            added: names(&differences.added),
            removed: names(&differences.removed),
            waves,
            flags: flags::changes(change, differences, causes),
            certificates: certificates::reissued(causes),
            findings,
        }
    }

    /// Whether nothing has to be done to any host, and nothing to be known.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty() && self.findings.is_empty()
    }

    /// What makes this rollout one that must not be begun.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.of_kind(Kind::Forbidden)
    }

    /// What nobody should miss: what must not be done, cannot be undone, or breaks what runs.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.kind <= Kind::Breaking)
    }

    /// Leaves what is done to some hosts, where these are the differences that count. What is to be known stays.
    pub fn only(&mut self, differences: &Differences, wanted: impl Fn(&str) -> bool) {
        let changed = work::changed(differences);
        (self.files, self.hosts) = (changed.values().map(BTreeSet::len).sum(), changed.len());
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
        if self.is_empty() {
            return "nothing to do: no file of any host changes".to_owned();
        }
        let staying = self.waves.iter().flat_map(Wave::steps);
        let staying =
            staying.filter(|step| !self.added.contains(&step.host) && !self.removed.contains(&step.host));
        let (starts, stops) = staying.fold((0, 0), |(starts, stops), step| {
            (starts + step.starts().count(), stops + step.stops().count())
        });
        let reissued = self.certificates.iter().map(Reissue::count).sum();
        let restarts = self.restarts().count();
        let count = |kind| self.of_kind(kind).count();
        let waves: BTreeSet<usize> = self.restarts().map(|restart| restart.wave).collect();
        let waves = counted(waves.len(), "wave");
        let parts = [
            (
                count(Kind::Forbidden),
                format!("{} must not be done", counted(count(Kind::Forbidden), "thing")),
            ),
            (
                self.files,
                format!("changes {} on {}", counted(self.files, "file"), counted(self.hosts, "host")),
            ),
            (self.added.len(), format!("adds {}", counted(self.added.len(), "host"))),
            (self.removed.len(), format!("removes {}", counted(self.removed.len(), "host"))),
            (restarts, format!("restarts {} in {waves}", counted(restarts, "unit"))),
            (starts, format!("starts {}", counted(starts, "unit"))),
            (stops, format!("stops {}", counted(stops, "unit"))),
            (self.drains().count(), format!("drains {}", counted(self.drains().count(), "node"))),
            (reissued, format!("reissues {}", counted(reissued, "certificate"))),
            (
                count(Kind::Lasting),
                format!("{} cannot simply be undone", counted(count(Kind::Lasting), "thing")),
            ),
            (count(Kind::Breaking), format!("{} what runs", breaks(count(Kind::Breaking)))),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part);
        parts.collect::<Vec<_>>().join("; ")
    }
}

fn breaks(count: usize) -> String {
    format!("{} break{}", counted(count, "thing"), if count == 1 { "s" } else { "" })
}

/// A number with its noun.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many are named before the rest is counted.
const NAMED: usize = 6;

/// The first few of some names, and how many more there are.
pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::trial::Trial;

    #[test]
    fn the_blast_radius_is_one_line() {
        let summary = |trial: Trial| trial.rollout().summary();
        assert_eq!(summary(Trial::of("production")), "nothing to do: no file of any host changes");
        let upgrade = Trial::of("production").before(|text| text.replace("1.36.1", "1.33.1"));
        insta::assert_snapshot!(summary(upgrade));
        let member = |text: String| {
            text.replace(
                "name: worker-2\n    address: 10.20.0.102",
                "name: worker-9\n    address: 10.20.0.109",
            )
        };
        insta::assert_snapshot!(summary(Trial::of("production").after(member)));
    }

    #[test]
    fn a_number_is_read_at_a_glance() {
        assert_eq!(super::counted(1, "file"), "1 file");
        assert_eq!(super::counted(1_234_567, "file"), "1,234,567 files");
    }

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
