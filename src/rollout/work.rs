//! What one host has to do: files to write and to remove, units to start, restart, reload and stop.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::{Artifact, Bundle, OnChange, Service};
use crate::diff::{Area, Differences};
use crate::plan;
use crate::side::Side;
use crate::tree::UNITS;

/// A unit that runs in the later state, with what has to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitWork {
    pub unit: String,
    pub wants: Wants,
    /// Those of the host's written files that it reads, its own among them.
    pub files: Vec<String>,
    /// What it read and is to read no more.
    pub lost: Vec<String>,
}

/// What is done to a unit once its files are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    Start,
    Restart,
    Reload,
    Nothing,
}

impl UnitWork {
    pub fn is_new(&self) -> bool {
        self.wants == Wants::Start
    }

    /// Whether this has to be gone before the unit restarts: nothing else tells it not to read it.
    pub fn lacks(&self, path: &str) -> bool {
        self.files.is_empty() && self.lost.iter().any(|lost| lost == path)
    }
}

/// All of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    pub host: String,
    /// Whether the host was not there before, or will not be.
    pub arrives: bool,
    pub departs: bool,
    pub written: BTreeSet<String>,
    pub removed: BTreeSet<String>,
    /// In the order in which the host lists its services.
    pub units: Vec<UnitWork>,
    pub stops: Vec<String>,
}

/// The paths that differ, by host: of hosts that are there on both sides.
pub fn changed(differences: &Differences) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut changed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for group in differences.groups.iter().filter(|group| group.area == Area::Host) {
        for holder in &group.holders {
            changed.entry(&holder.host).or_default().insert(&group.path);
        }
    }
    changed
}

impl Work {
    /// None of a host that nothing is done to.
    pub fn of(
        host: &str,
        before: Side<'_>,
        after: Side<'_>,
        changed: Option<&BTreeSet<&str>>,
    ) -> Option<Self> {
        let (old, new) = (bundle(before, host), bundle(after, host));
        let mut work = Self { host: host.to_owned(), ..Self::default() };
        match (old, new) {
            (None, None) => return None,
            (None, Some(new)) => {
                work.arrives = true;
                work.written = new.files.keys().map(ToString::to_string).collect();
            }
            (Some(_), None) => work.departs = true,
            (Some(_), Some(new)) => {
                let paths = changed?.iter().map(ToString::to_string);
                (work.written, work.removed) = paths.partition(|path| new.files.contains_key(path.as_str()));
            }
        }
        let services = |bundle: Option<&Bundle>| -> Vec<String> {
            let services = bundle.into_iter().flat_map(|bundle| &bundle.services);
            services.map(|service| service.unit.to_string()).collect()
        };
        let (ran, runs) = (services(old), services(new));
        for service in new.into_iter().flat_map(|bundle| &bundle.services) {
            let unit = service.unit.to_string();
            let read_by = |service: &Service, paths: &BTreeSet<String>| -> Vec<String> {
                let reads = |path: &&String| {
                    is_of_unit(path, service.unit) || service.reads.iter().any(|read| read == *path)
                };
                paths.iter().filter(reads).cloned().collect()
            };
            let was = old.and_then(|old| old.services.iter().find(|was| was.unit == service.unit));
            let files = read_by(service, &work.written);
            let lost = was.map(|was| read_by(was, &work.removed)).unwrap_or_default();
            if was.is_some() && lost.is_empty() && files.is_empty() {
                continue;
            }
            let is_other = files.iter().chain(&lost).any(|path| is_of_unit(path, service.unit));
            let wants = match service.on_change {
                _ if was.is_none() => Wants::Start,
                OnChange::Reload if !is_other => Wants::Reload,
                OnChange::Nothing if !is_other => Wants::Nothing,
                _ => Wants::Restart,
            };
            work.units.push(UnitWork { unit, wants, files, lost });
        }
        // Whoever was started last is stopped first.
        work.stops = ran.into_iter().filter(|unit| !runs.contains(unit)).rev().collect();
        Some(work)
    }

    pub fn stops(&self, unit: &str) -> bool {
        self.stops.iter().any(|stopped| stopped == unit)
    }
}

/// Whether systemd reads this file as part of a unit.
fn is_of_unit(path: &str, unit: &str) -> bool {
    let Some(name) = path.strip_prefix(UNITS) else { return false };
    name == unit || name.strip_prefix(unit).is_some_and(|rest| rest.starts_with(".d/"))
}

fn bundle<'a>(side: Side<'a>, host: &str) -> Option<&'a Bundle> {
    match side.action(side.graph.find(&plan::bundle_name(host))?) {
        Artifact::Bundle(bundle) => Some(bundle),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, Trial};
    use super::*;
    use crate::steps::Wave;

    #[test]
    fn a_unit_has_its_file_and_its_drop_ins_and_no_others() {
        let check =
            |path: &str, expected: bool| assert_eq!(is_of_unit(path, "etcd.service"), expected, "{path}");
        check("/etc/systemd/system/etcd.service", true);
        check("/etc/systemd/system/etcd.service.d/10-limits.conf", true);
        check("/etc/systemd/system/etcd.service.draft", false);
        check("/etc/systemd/system/etcd-backup.service", false);
        check("/etc/etcd.service", false);
    }

    /// The units that restart on any host.
    fn restarts(trial: &Trial) -> BTreeSet<String> {
        trial.rollout().restarts().map(|restart| restart.unit.to_owned()).collect()
    }

    #[test]
    fn a_unit_restarts_for_what_it_reads_alone() {
        let check = |from: &str, to: &str, expected: &[&str]| {
            let found = restarts(&Trial::of("production").after(|text| text.replace(from, to)));
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{to}");
        };
        check("maxAge: 90", "maxAge: 91", &["kube-apiserver.service"]);
        check("percentageOfNodesToScore: 50", "percentageOfNodesToScore: 51", &["kube-scheduler.service"]);
        check("03:00:00", "04:00:00", &["etcd-defragmentation.timer"]);
        // Its timer starts the script anew each time.
        check("keep: 48h", "keep: 49h", &[]);
        check(
            "description: What can wait.",
            "description: What may wait.",
            &["kubernetes-bootstrap.service"],
        );
        check("zone: b", "zone: c", &["kubelet.service"]);
        check("scrapeInterval: 30s", "scrapeInterval: 31s", &[]);
    }

    #[test]
    fn a_unit_reloads_what_it_reads_anew_and_restarts_for_what_it_does_not() {
        let check = |example: &str, change: fn(String) -> String, host: &str, expected: &[&str]| {
            let rollout = Trial::of(example).after(change).rollout();
            let steps = rollout.waves.iter().flat_map(Wave::steps).filter(|step| step.host == host);
            let steps: Vec<String> = steps.map(trial::told).collect();
            assert_eq!(steps, expected);
        };
        let third = |text: String| text.replace("address: 10.240.0.12", "address: 10.240.0.13");
        check("ha-haproxy", third, "lb-0", &["lb-0: write 2, reload haproxy.service"]);
        let third = |text: String| text.replace("address: 192.168.1.13", "address: 192.168.1.23");
        check("ha-ipvs", third, "gateway", &["gateway: write 2"]);
        // Another unit file is another way to start it.
        let [planned, _] = Trial::of("ha-haproxy").planned().expect("a cluster");
        let wants = |paths: &[&str]| {
            let side = Side { graph: planned.graph(), realised: &|_| None };
            let changed = paths.iter().copied().collect();
            Work::of("lb-0", side, side, Some(&changed)).expect("work").units[0].wants
        };
        let (config, unit) = ("/etc/haproxy/haproxy.cfg", "/etc/systemd/system/haproxy.service");
        assert_eq!(wants(&[config]), Wants::Reload);
        assert_eq!(wants(&[config, unit]), Wants::Restart);
    }
}
