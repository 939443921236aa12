//! What one host has to do: files to write and to remove, units to start, restart, reload and stop.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::Sighting;
use crate::steps::Debt;
use crate::tree::{Closure, HostPath, OnChange, Service, Stage, Tree};

/// A unit that is to run, with what has to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitWork<'t> {
    pub unit: &'t str,
    pub stage: Stage,
    pub wants: Wants,
    /// What it is to run with.
    pub closure: Closure,
    /// Those of the host's written files that it reads, its own among them.
    pub files: Vec<&'t HostPath>,
    /// What it read and is to read no more.
    pub lost: Vec<&'t HostPath>,
}

/// What is done to a unit once its files are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    Start,
    Restart,
    Reload,
    Nothing,
}

impl UnitWork<'_> {
    pub fn is_new(&self) -> bool {
        self.wants == Wants::Start
    }

    /// Whether this has to be gone before the unit restarts: nothing else tells it not to read it.
    pub fn lacks(&self, path: &str) -> bool {
        self.files.is_empty() && self.lost.iter().any(|lost| *lost == path)
    }
}

/// All of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work<'t> {
    pub host: &'t str,
    /// What the host holds, if anything.
    pub now: Option<&'t Tree>,
    /// `None` of a host that goes.
    pub wanted: Option<&'t Tree>,
    pub written: BTreeSet<&'t HostPath>,
    pub removed: BTreeSet<&'t HostPath>,
    /// In the order in which the host lists its services.
    pub units: Vec<UnitWork<'t>>,
    /// Whoever was started last is stopped first.
    pub stops: Vec<&'t str>,
    pub debts: &'t BTreeSet<Debt>,
    /// What each of the host's units was started with.
    pub started_with: &'t BTreeMap<String, Closure>,
    /// Whether systemd has still to read units that somebody wrote before.
    pub is_reload_owed: bool,
    /// Whether the host does not answer.
    pub is_silent: bool,
}

const NO_DEBTS: &BTreeSet<Debt> = &BTreeSet::new();
const NONE_STARTED: &BTreeMap<String, Closure> = &BTreeMap::new();

impl<'t> Work<'t> {
    /// What is between a host as it was seen and as it is wanted; `None` where nothing has to be done, or can be.
    pub fn between(host: &'t str, now: &'t Sighting, wanted: Option<&'t Tree>) -> Option<Self> {
        let can_be_told = match now {
            Sighting::Empty | Sighting::Ours(_) => true,
            Sighting::Silent { .. } => wanted.is_none(),
            Sighting::Foreign { .. } => false,
        };
        if !can_be_told {
            return None;
        }
        let state = now.state();
        let mut work = Self {
            host,
            now: state.map(|state| &state.tree),
            wanted,
            written: BTreeSet::new(),
            removed: BTreeSet::new(),
            units: Vec::new(),
            stops: Vec::new(),
            debts: state.map_or(NO_DEBTS, |state| &state.debts),
            started_with: state.map_or(NONE_STARTED, |state| &state.started_with),
            is_reload_owed: state.is_some_and(|state| state.is_reload_owed),
            is_silent: matches!(now, Sighting::Silent { .. }),
        };
        if let Some(wanted) = wanted {
            let held = |path: &HostPath| {
                let state = state.filter(|state| !state.drifted.contains(path))?;
                state.tree.files.get(path)
            };
            let written = wanted.files.iter().filter(|(path, placed)| held(path) != Some(placed));
            work.written = written.map(|(path, _)| path).collect();
            let paths = work.now.into_iter().flat_map(|tree| tree.files.keys());
            work.removed = paths.filter(|path| !wanted.files.contains_key(*path)).collect();
            for service in &wanted.services {
                let was = state.and_then(|state| state.started_with.get(&*service.unit));
                work.units.extend(work.of_unit(service, was, wanted.closure(service)));
            }
        }
        if let Some(state) = state {
            let stops = state.started_with.keys().map(String::as_str).filter(|unit| !work.wants(unit));
            work.stops = stops.collect();
            let place = |unit: &str| state.tree.services.iter().position(|service| service.unit == unit);
            work.stops.sort_by_key(|unit| std::cmp::Reverse(place(unit)));
        }
        let is_idle = work.written.is_empty()
            && work.removed.is_empty()
            && work.units.is_empty()
            && work.stops.is_empty()
            && work.debts.is_empty()
            && !work.is_reload_owed
            && !work.notes_services();
        (!is_idle).then_some(work)
    }

    /// What a unit wants, if it was started with `was` and is to run with `closure`.
    fn of_unit(&self, service: &'t Service, was: Option<&Closure>, closure: Closure) -> Option<UnitWork<'t>> {
        let old = self.now.and_then(|now| now.service(&service.unit));
        let files: Vec<&HostPath> = self.written.iter().copied().filter(|path| service.opens(path)).collect();
        let lost: Vec<&HostPath> =
            self.removed.iter().copied().filter(|path| old.is_some_and(|old| old.opens(path))).collect();
        let is_quiet = files.is_empty() && lost.is_empty();
        let is_same_unit = was.is_some_and(|was| was.unit == closure.unit);
        let wants = match was {
            None => Wants::Start,
            // A file that it reads was edited on the host, and it may have been started with that.
            Some(was) if *was == closure && !files.is_empty() => Wants::Restart,
            Some(was) if *was == closure => Wants::Nothing,
            Some(_) => match service.on_change {
                OnChange::Reload if is_same_unit => Wants::Reload,
                OnChange::Nothing if is_same_unit => Wants::Nothing,
                _ => Wants::Restart,
            },
        };
        if wants == Wants::Nothing && is_quiet {
            return None;
        }
        Some(UnitWork { unit: &service.unit, stage: service.stage, wants, closure, files, lost })
    }

    /// Whether the host is to note other services than it has.
    pub fn notes_services(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.now.is_none_or(|now| now.services != wanted.services))
    }

    /// Whether the host is to run a unit.
    pub fn wants(&self, unit: &str) -> bool {
        self.wanted.is_some_and(|wanted| wanted.service(unit).is_some())
    }

    /// Whether the host holds nothing yet.
    pub fn arrives(&self) -> bool {
        self.now.is_none()
    }

    pub fn departs(&self) -> bool {
        self.wanted.is_none()
    }

    pub fn stops(&self, unit: &str) -> bool {
        self.stops.contains(&unit)
    }

    /// Whether a unit is to take something up.
    pub fn touches(&self, unit: &str) -> bool {
        self.units.iter().any(|work| work.unit == unit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, Trial};
    use super::*;
    use crate::inventory::HostState;
    use crate::steps::Wave;

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
        let wanted = planned.tree("lb-0");
        let wants = |paths: &[&str]| {
            let mut then = wanted.clone();
            for path in paths {
                then.files.get_mut(*path).expect("a file").permissions.mode = 0o640;
            }
            let now = Sighting::Ours(HostState::settled(then));
            Work::between("lb-0", &now, Some(&wanted)).expect("work").units[0].wants
        };
        let (config, unit) = ("/etc/haproxy/haproxy.cfg", "/etc/systemd/system/haproxy.service");
        assert_eq!(wants(&[config]), Wants::Reload);
        assert_eq!(wants(&[config, unit]), Wants::Restart);
    }

    /// What is left to do on a host, in words.
    fn owed(now: &Sighting, wanted: &Tree) -> Vec<String> {
        let Some(work) = Work::between("lb-0", now, Some(wanted)) else { return Vec::new() };
        let written = work.written.iter().map(|path| format!("write {path}"));
        let units = work.units.iter().map(|unit| format!("{:?} {}", unit.wants, unit.unit));
        written.chain(units).collect()
    }

    #[test]
    fn a_restart_is_owed_until_it_was_done_whoever_wrote_the_files() {
        let [planned, _] = Trial::of("ha-haproxy").planned().expect("a cluster");
        let wanted = planned.tree("lb-0");
        let mut state = HostState::settled(wanted.clone());
        assert_eq!(owed(&Sighting::Ours(state.clone()), &wanted), [""; 0]);
        let mut old = wanted.clone();
        let (config, unit) = ("/etc/haproxy/haproxy.cfg", "/etc/systemd/system/haproxy.service");
        old.files.get_mut(unit).expect("a file").permissions.mode = 0o640;
        let closure = old.closure(&old.services[0]);
        state.started_with.insert("haproxy.service".to_owned(), closure);
        assert_eq!(owed(&Sighting::Ours(state.clone()), &wanted), ["Restart haproxy.service"]);
        state.started_with.clear();
        assert_eq!(owed(&Sighting::Ours(state.clone()), &wanted), ["Start haproxy.service"]);
        state = HostState::settled(wanted.clone());
        state.drifted.insert(config.into());
        let edited = owed(&Sighting::Ours(state), &wanted);
        assert_eq!(edited, ["write /etc/haproxy/haproxy.cfg", "Restart haproxy.service"]);
    }
}
