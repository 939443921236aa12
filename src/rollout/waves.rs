//! The order of a rollout: whose turn it is, and with whom.

use std::collections::BTreeSet;

use super::drain;
use super::work::{UnitWork, Wants, Work};
use crate::findings::{self, Decisions, Moved};
use crate::steps::{Action, Gate, Quorum, Step, Wave};
use crate::tree::{Stage, UNITS};

const ETCD: &str = "etcd.service";
const KUBELET: &str = "kubelet.service";
const ROUTES: &str = "kubernetes-pod-routes.service";

/// Every wave in which something is done.
pub fn waves(decisions: &Decisions<'_>, works: &[Work], settings: &[Moved<'_>]) -> Vec<Wave> {
    let works: Vec<(&Work, Vec<String>)> =
        works.iter().map(|work| (work, drain::reasons(decisions, work, settings))).collect();
    let routes = stage_of_routes(decisions);
    let mut members = decisions.clusters[0].etcd_members().count();
    let wave = |stage: Stage| {
        let mut steps: Vec<(Turn, Step)> = Vec::new();
        for (work, drained) in &works {
            let step = match stage {
                Stage::Departures => departure(work, drained),
                Stage::Etcd if work.departs && work.stops(ETCD) => Some(expulsion(work)),
                stage => step(work, drained, stage, routes),
            };
            let turn = |step: &Step| match step {
                _ if stage == Stage::Etcd && work.departs => Turn::Leaves,
                step if work.arrives || step.joins_etcd() => Turn::Comes,
                _ => Turn::Stays,
            };
            steps.extend(step.map(|step| (turn(&step), step)));
        }
        steps.sort_by_key(|(turn, _)| *turn);
        let first_staying = steps.iter().position(|(turn, _)| *turn == Turn::Stays).unwrap_or(steps.len());
        let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        for step in &mut steps {
            step.quorum = quorum(step, &mut members);
        }
        let batches = batches(decisions, stage, steps, first_staying);
        (!batches.is_empty()).then_some(Wave { stage, batches })
    };
    Stage::ALL.into_iter().filter_map(wave).collect()
}

/// Whose turn comes first within a stage. A member whose host is not there any more may be dead: it is counted as a vote
/// that is missing until it has left. What comes brings room for the pods of whoever is drained next, or a vote for whoever
/// restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Leaves,
    Comes,
    Stays,
}

/// A worker that comes is waited for with its route; one that goes or moves is led to until it has been drained.
fn stage_of_routes(decisions: &Decisions<'_>) -> Stage {
    let [lost, gained] = findings::lost_and_gained(decisions);
    if !lost.is_empty() && gained.is_empty() { Stage::Routes } else { Stage::Background }
}

/// Takes a member out of etcd whose host goes. Another member does it, and nobody waits for the host.
fn expulsion(work: &Work) -> Step {
    Step { host: work.host.clone(), actions: vec![Action::LeaveEtcd], quorum: None, gate: Gate::EtcdAnswers }
}

/// The last stage in which a host is changed: there goes what no unit reads, and what nobody notices.
fn home(work: &Work, drained: &[String]) -> Stage {
    if !drained.is_empty() {
        return Stage::Workers;
    }
    let stages = work.units.iter().map(|unit| Stage::of(&unit.unit));
    stages.filter(|stage| *stage != Stage::Background).max().unwrap_or(Stage::Background)
}

fn step(work: &Work, drained: &[String], stage: Stage, routes: Stage) -> Option<Step> {
    if work.departs {
        return None;
    }
    let home = home(work, drained);
    let turn = |unit: &UnitWork| match Stage::of(&unit.unit) {
        Stage::Background if unit.unit == ROUTES && routes == Stage::Routes && !unit.is_new() => routes,
        Stage::Background => home,
        stage => stage,
    };
    let units: Vec<&UnitWork> = work.units.iter().filter(|unit| turn(unit) == stage).collect();
    let is_home = stage == home;
    let earlier: BTreeSet<&String> =
        work.units.iter().filter(|unit| turn(unit) < stage).flat_map(|unit| &unit.files).collect();
    let read: BTreeSet<&String> = units.iter().flat_map(|unit| &unit.files).collect();
    let later: BTreeSet<&String> =
        work.units.iter().filter(|unit| turn(unit) > stage).flat_map(|unit| &unit.files).collect();
    let is_due = |path: &&String| match is_home {
        true => !earlier.contains(path) && (read.contains(path) || !later.contains(path)),
        false => !earlier.contains(path) && read.contains(path),
    };
    let install: Vec<String> = work.written.iter().filter(is_due).cloned().collect();
    // What a unit that goes has read goes with it; pods that come back find the network that is to be.
    let is_removed = |path: &&String| {
        let goes_at_home = work.stops.is_empty() || (!drained.is_empty() && drain::is_network(path));
        units.iter().any(|unit| unit.lacks(path)) || (is_home && goes_at_home)
    };
    let has_lacked = |path: &&String| work.units.iter().any(|unit| turn(unit) < stage && unit.lacks(path));
    let remove: Vec<String> =
        work.removed.iter().filter(|path| is_removed(path) && !has_lacked(path)).cloned().collect();
    let drains = stage == Stage::Workers && !drained.is_empty();
    if units.is_empty() && install.is_empty() && remove.is_empty() && !drains {
        return None;
    }
    let mut actions = Vec::new();
    if drains {
        actions.push(Action::Drain { why: drained.to_vec() });
    }
    if units.iter().any(|unit| unit.is_new() && unit.unit == ETCD) {
        actions.push(Action::JoinEtcd);
    }
    // A program may look at what it was told to read until it is told otherwise.
    let (first, last): (Vec<String>, Vec<String>) = remove
        .into_iter()
        .partition(|path| path.starts_with(UNITS) || units.iter().any(|unit| unit.lacks(path)));
    files(&mut actions, install, first);
    actions.extend(units.into_iter().filter_map(|UnitWork { unit, wants, .. }| {
        let unit = unit.clone();
        match wants {
            Wants::Start => Some(Action::Start { unit }),
            Wants::Restart => Some(Action::Restart { unit }),
            Wants::Reload => Some(Action::Reload { unit }),
            Wants::Nothing => None,
        }
    }));
    files(&mut actions, Vec::new(), last);
    if drains {
        actions.push(Action::Uncordon);
    }
    let gate = match stage {
        Stage::Etcd => Gate::EtcdHealthy,
        Stage::ApiServers => Gate::ApiServerReady,
        Stage::Workers => Gate::NodeReady,
        Stage::LoadBalancers => Gate::EndpointAnswers,
        Stage::Controllers | Stage::Objects | Stage::Background | Stage::Departures | Stage::Routes => {
            Gate::UnitsActive
        }
    };
    Some(Step { host: work.host.clone(), actions, quorum: None, gate })
}

/// What is done to a host that goes, or that loses a role.
fn departure(work: &Work, drained: &[String]) -> Option<Step> {
    if work.stops.is_empty() && !work.departs {
        return None;
    }
    let mut actions = Vec::new();
    let runs_pods = work.stops(KUBELET);
    if runs_pods {
        actions.push(Action::Drain { why: vec!["it is a worker no more".to_owned()] });
    }
    let is_member = work.stops(ETCD) && !work.departs;
    if is_member {
        actions.push(Action::LeaveEtcd);
    }
    actions.extend(work.stops.iter().map(|unit| Action::Stop { unit: unit.clone() }));
    let is_left = |path: &&String| {
        let is_gone = !drained.is_empty() && drain::is_network(path);
        !is_gone && !work.units.iter().any(|unit| unit.lacks(path))
    };
    files(&mut actions, Vec::new(), work.removed.iter().filter(is_left).cloned().collect());
    if runs_pods {
        actions.push(Action::DeleteNode);
    }
    let gate = match (is_member, work.departs) {
        (true, _) => Gate::EtcdHealthy,
        (false, true) => Gate::HostGone,
        (false, false) => Gate::UnitsStopped,
    };
    Some(Step { host: work.host.clone(), actions, quorum: None, gate })
}

/// Writes and removes files, and tells systemd if its own are among them.
fn files(actions: &mut Vec<Action>, install: Vec<String>, remove: Vec<String>) {
    let reload = install.iter().chain(&remove).any(|path| path.starts_with(UNITS));
    if !install.is_empty() {
        actions.push(Action::Install { paths: install });
    }
    if !remove.is_empty() {
        actions.push(Action::Remove { paths: remove });
    }
    if reload {
        actions.push(Action::DaemonReload);
    }
}

/// What is left of etcd during a step; members come and go between steps.
fn quorum(step: &Step, members: &mut usize) -> Option<Quorum> {
    if step.joins_etcd() {
        // It comes as a learner, which votes only once it has caught up.
        let quorum = Quorum { members: *members, stay: *members };
        *members += 1;
        return Some(quorum);
    }
    if step.actions.contains(&Action::LeaveEtcd) {
        *members = members.saturating_sub(1);
        return Some(Quorum { members: *members, stay: *members });
    }
    step.restarts().any(|unit| unit == ETCD).then(|| Quorum::without_one(*members))
}

/// Who goes together. Workers go in tenths, for most clusters have room for the pods of a tenth; the first that comes and
/// the first that is changed go alone, so that what is wrong everywhere is seen on one.
fn batches(
    decisions: &Decisions<'_>,
    stage: Stage,
    steps: Vec<Step>,
    first_staying: usize,
) -> Vec<Vec<Step>> {
    let at_once = match stage {
        Stage::Background | Stage::Routes => steps.len(),
        Stage::Workers | Stage::Departures => decisions.clusters[1].workers().count() / 10,
        Stage::Etcd | Stage::ApiServers | Stage::Controllers | Stage::Objects | Stage::LoadBalancers => 1,
    };
    let mut batches: Vec<Vec<Step>> = Vec::new();
    let mut is_closed = true;
    for (at, step) in steps.into_iter().enumerate() {
        let is_first = stage == Stage::Workers && (at == 0 || at == first_staying);
        let is_alone = is_first || step.quorum.is_some();
        match batches.last_mut() {
            Some(batch) if batch.len() < at_once && !is_alone && !is_closed => batch.push(step),
            _ => batches.push(vec![step]),
        }
        is_closed = is_alone;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, Trial};

    fn shown(trial: &Trial) -> String {
        let rollout = trial.rollout();
        let mut text = String::new();
        for (number, wave) in rollout.waves.iter().enumerate() {
            for batch in &wave.batches {
                let steps: Vec<String> = batch.iter().map(trial::told).collect();
                text += &format!("{} {}\n", number + 1, steps.join(" | "));
            }
        }
        text
    }

    #[test]
    fn a_comment_restarts_nothing() {
        let trial = Trial::of("ha-haproxy").after(|text| format!("# a comment\n{text}"));
        assert_eq!(shown(&trial), "");
    }

    #[test]
    fn a_flag_restarts_its_program_on_each_control_plane_in_turn() {
        let trial =
            Trial::of("ha-haproxy").after(|text| text + "components: {kube-apiserver: {flags: {v: 4}}}\n");
        insta::assert_snapshot!(shown(&trial));
    }

    #[test]
    fn an_upgrade_goes_from_etcd_to_the_workers() {
        let trial = Trial::of("ha-haproxy").before(|text| text.replace("1.36.1", "1.35.1"));
        insta::assert_snapshot!(shown(&trial));
    }

    #[test]
    fn a_new_etcd_goes_first_and_its_members_one_by_one() {
        let trial = Trial::of("production")
            .before(|text| text.replace("1.36.1", "1.33.1"))
            .after(|text| text.replace("1.36.1", "1.34.1"));
        insta::assert_snapshot!(shown(&trial));
    }

    #[test]
    fn members_and_hosts_come_before_others_change_and_go_after() {
        let trial = Trial::of("production").before(|text| {
            let text = text.replace(
                "name: worker-2\n    address: 10.20.0.102",
                "name: worker-0\n    address: 10.20.0.100",
            );
            text.replace("name: etcd-3\n    address: 10.20.0.23", "name: etcd-0\n    address: 10.20.0.20")
        });
        insta::assert_snapshot!(shown(&trial));
    }

    #[test]
    fn a_member_whose_host_goes_leaves_before_its_successor_joins() {
        let trial = Trial::of("production").after(|text| {
            let text = text.replace("  - name: etcd-3\n    address: 10.20.0.23\n    roles: [etcd]\n", "");
            text.replace("101\n    roles: [worker]", "101\n    roles: [worker, etcd]")
        });
        let quorums: Vec<[usize; 2]> = trial.rollout().waves[0]
            .steps()
            .filter_map(|step| step.quorum.map(|quorum| [quorum.stay, quorum.members]))
            .collect();
        assert_eq!(quorums, [[2, 2], [2, 2], [2, 3], [2, 3]]);
        let shown = shown(&trial);
        let hosts: Vec<&str> = shown.lines().take(2).filter_map(|line| line.split(", ").next()).collect();
        assert_eq!(hosts, ["1 etcd-3: leave [2 of 2 stay", "1 worker-1: join"], "{shown}");
    }

    #[test]
    fn a_member_that_is_dead_goes_before_all_others_and_nobody_waits_for_it() {
        let lost = Trial::of("production")
            .after(|text| text.replace("  - name: etcd-3\n    address: 10.20.0.23\n    roles: [etcd]\n", ""));
        let rollout = lost.rollout();
        let steps: Vec<(&str, super::Gate)> = rollout
            .waves
            .iter()
            .flat_map(super::Wave::steps)
            .map(|step| (step.host.as_str(), step.gate))
            .collect();
        assert_eq!(steps.first(), Some(&("etcd-3", super::Gate::EtcdAnswers)));
        assert_eq!(steps.last(), Some(&("etcd-3", super::Gate::HostGone)));
        assert_eq!(steps.iter().filter(|(host, _)| *host == "etcd-3").count(), 2);
    }

    #[test]
    fn a_member_whose_host_stays_votes_until_its_successor_does() {
        let trial = Trial::of("production").after(|text| {
            let text = text.replace("10.20.0.23\n    roles: [etcd]", "10.20.0.23\n    roles: [worker]");
            text.replace("101\n    roles: [worker]", "101\n    roles: [worker, etcd]")
        });
        let quorums: Vec<[usize; 2]> = trial.rollout().waves[0]
            .steps()
            .filter_map(|step| step.quorum.map(|quorum| [quorum.stay, quorum.members]))
            .collect();
        assert_eq!(quorums, [[3, 3], [3, 4], [3, 4]]);
        let shown = shown(&trial);
        let last = shown.lines().last().unwrap_or_default();
        assert!(last.contains("etcd-3: leave, stop "), "{shown}");
    }

    #[test]
    fn what_goes_is_removed_once_nobody_reads_it() {
        let without = |text: String| {
            let start = text.find("authentication:\n").expect("the section");
            let end = text.find("encryption:\n").expect("the next section");
            text[..start].to_owned() + &text[end..]
        };
        let trial = Trial::of("production").after(without);
        insta::assert_snapshot!(shown(&trial));
        let no_worker =
            |text: String| text.replace("roles: [control-plane, worker]", "roles: [control-plane]");
        let both =
            |text: String| text.replacen("roles: [control-plane]", "roles: [control-plane, worker]", 1);
        let trial = Trial::of("production").before(both).after(both).after(no_worker);
        insta::assert_snapshot!("a_role_that_goes", shown(&trial));
    }

    #[test]
    fn a_network_that_goes_is_gone_when_pods_come_back() {
        let rollout = Trial::of("single").after(|text| text.replace("cni: bridge", "cni: none")).rollout();
        let steps = rollout.waves.iter().flat_map(super::Wave::steps);
        let of_host = steps.filter(|step| step.host == "worker-node-1");
        let removed = |step: &super::Step| -> Vec<String> {
            let paths = step.actions.iter().filter_map(|action| match action {
                super::Action::Remove { paths } => Some(paths.clone()),
                _ => None,
            });
            paths.flatten().collect()
        };
        let (drained, others): (Vec<_>, Vec<_>) = of_host.partition(|step| step.drain().is_some());
        let is_network = |path: &String| path.starts_with("/etc/cni/net.d/");
        assert!(drained.iter().any(|step| removed(step).iter().any(is_network)), "{drained:?}");
        assert!(!others.iter().any(|step| removed(step).iter().any(is_network)), "{others:?}");
        let removed: Vec<String> = drained.iter().chain(&others).flat_map(|step| removed(step)).collect();
        let all: super::BTreeSet<&String> = removed.iter().collect();
        assert_eq!(all.len(), removed.len(), "{removed:?}");
    }

    #[test]
    fn a_file_that_goes_restarts_whoever_read_it_once_it_is_gone() {
        let trial = Trial::of("ha-haproxy").after(|text| text + "addons: {coreDNS: false}\n");
        assert_eq!(shown(&trial), "1 controller-0: remove 3, restart kubernetes-bootstrap.service\n");
        let worker =
            |text: String| text.replacen("roles: [control-plane]", "roles: [control-plane, worker]", 1);
        let both = Trial::of("ha-haproxy").before(worker).after(|text| text + "addons: {coreDNS: false}\n");
        let shown = shown(&both);
        assert!(
            shown.contains("controller-0: remove 3, restart kubernetes-bootstrap.service\n"),
            "it goes before what goes with the role: {shown}"
        );
    }

    #[test]
    fn workers_go_in_tenths_after_the_first() {
        let host =
            |n: u32| format!("  - {{name: more-{n}, address: 10.240.0.{}, roles: [worker]}}\n", 100 + n);
        let more: String = (0..30).map(host).collect();
        let trial = Trial::of("ha-haproxy")
            .both(move |text| text.replace("    arch: arm64\n", &format!("    arch: arm64\n{more}")))
            .after(|text| text + "components: {kubelet: {config: {maxPods: 150}}}\n");
        let sizes: Vec<usize> = trial.rollout().waves[0].batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1]);
    }

    #[test]
    fn the_first_that_is_changed_goes_alone_after_those_that_come() {
        let host =
            |n: u32| format!("  - {{name: more-{n}, address: 10.240.0.{}, roles: [worker]}}\n", 100 + n);
        let with = |range: std::ops::Range<u32>| {
            let more: String = range.map(host).collect();
            move |text: String| text.replace("    arch: arm64\n", &format!("    arch: arm64\n{more}"))
        };
        let trial = Trial::of("ha-haproxy")
            .before(with(0..24))
            .after(with(0..28))
            .after(|text| text + "components: {kubelet: {config: {maxPods: 150}}}\n");
        let rollout = trial.rollout();
        let workers = rollout.waves.last().expect("a wave");
        let sizes: Vec<usize> = workers.batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 3, 1, 3, 3, 3, 3, 3, 3, 3, 3, 1]);
        assert_eq!((&*workers.batches[0][0].host, &*workers.batches[2][0].host), ("more-24", "more-0"));
    }

    #[test]
    fn a_file_is_there_before_the_first_unit_that_reads_it_and_no_sooner() {
        let trial = Trial::of("ha-haproxy").before(|text| text.replace("1.36.1", "1.35.1"));
        let rollout = trial.rollout();
        let installed = |wave: usize, host: &str| {
            let step = rollout.waves[wave].steps().find(|step| step.host == host).expect("a step");
            trial::installed(step)
        };
        assert_eq!(installed(0, "controller-0"), ["/usr/local/bin/kube-apiserver"]);
        assert!(installed(1, "controller-0").contains(&"/usr/local/bin/kube-scheduler"));
    }
}
