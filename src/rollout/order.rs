//! The order of a rollout: whose turn it is, and with whom.

use std::collections::HashMap;

use super::etcd::{Entry, Members};
use super::facts::Facts;
use super::gates;
use super::passage::Passage;
use super::turn;
use super::way_back;
use super::work::Work;
use crate::steps::{Action, Step, Wave};
use crate::tree::Stage;

/// Every wave in which something is done.
pub fn waves<'t>(facts: &Facts<'t>, works: &'t [Work<'t>]) -> Vec<Wave> {
    let mut members = Members::of(facts);
    let mut passages: HashMap<&str, Passage<'t>> =
        works.iter().map(|work| (work.host, Passage::of(work))).collect();
    let mut waves = Vec::new();
    for stage in Stage::ALL {
        let mut drafts = drafts(facts, &members, works, stage);
        drafts.sort_by_key(|draft| draft.turn);
        let mut batches = Vec::new();
        let founders: Vec<&str> =
            drafts.iter().filter(|draft| draft.turn == Turn::Founds).map(|draft| draft.work.host).collect();
        founders.iter().for_each(|host| members.found(host));
        for batch in in_batches(facts, stage, drafts) {
            batches.push(
                batch
                    .into_iter()
                    .map(|draft| seal(facts, &mut members, &mut passages, stage, draft))
                    .collect(),
            );
        }
        if !founders.is_empty() {
            let settled = works.iter().filter(|work| founders.contains(&work.host));
            let settled =
                settled.map(|work| Draft { work, turn: Turn::Founds, actions: turn::SETTLES.to_vec() });
            batches.insert(
                1,
                settled.map(|draft| seal(facts, &mut members, &mut passages, stage, draft)).collect(),
            );
        }
        if !batches.is_empty() {
            waves.push(Wave { stage, batches });
        }
    }
    for wave in waves.iter_mut().rev() {
        for step in wave.batches.iter_mut().rev().flatten() {
            if let Some(passage) = passages.get_mut(&*step.host) {
                passage.end(step);
            }
        }
    }
    waves
}

/// What is done to one host in one stage, before it is known what it holds then.
struct Draft<'w, 't> {
    work: &'w Work<'t>,
    turn: Turn,
    actions: Vec<Action>,
}

/// Whose turn comes first within a stage. A member whose host is not there any more may be dead: it is counted as a vote
/// that is missing until it has left. What comes brings room for the pods of whoever is drained next, or a vote for whoever
/// restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Founds,
    Leaves,
    Comes,
    Stays,
}

fn drafts<'w, 't>(
    facts: &Facts<'t>,
    members: &Members<'_>,
    works: &'w [Work<'t>],
    stage: Stage,
) -> Vec<Draft<'w, 't>> {
    let mut drafts = Vec::new();
    for work in works {
        let (actions, turn) = match stage {
            Stage::Departures => (turn::departure(facts, members, work), Turn::Stays),
            Stage::Etcd if work.departs() => (turn::expulsion(members, work), Turn::Leaves),
            stage => {
                let turn = match members.entry(work).filter(|_| stage == Stage::Etcd) {
                    Some(Entry::Founds) => Turn::Founds,
                    Some(Entry::Joins) => Turn::Comes,
                    _ if work.arrives() => Turn::Comes,
                    _ => Turn::Stays,
                };
                (turn::actions(facts, members, work, stage), turn)
            }
        };
        drafts.extend(actions.map(|actions| Draft { work, turn, actions }));
    }
    drafts
}

/// Who goes together. Workers go in tenths, for most clusters have room for the pods of a tenth; the first that comes and
/// the first that is changed go alone, so that what is wrong everywhere is seen on one. Whoever founds etcd goes with all
/// others that do.
fn in_batches<'w, 't>(
    facts: &Facts<'_>,
    stage: Stage,
    drafts: Vec<Draft<'w, 't>>,
) -> Vec<Vec<Draft<'w, 't>>> {
    let at_once = match stage {
        Stage::Background | Stage::Routes => drafts.len(),
        Stage::Workers | Stage::Departures => facts.cluster.workers().count() / 10,
        Stage::Etcd | Stage::ApiServers | Stage::Controllers | Stage::Objects | Stage::LoadBalancers => 1,
    };
    let first_staying = drafts.iter().position(|draft| draft.turn == Turn::Stays);
    let mut batches: Vec<Vec<Draft<'w, 't>>> = Vec::new();
    let mut is_closed = true;
    for (at, draft) in drafts.into_iter().enumerate() {
        if draft.turn == Turn::Founds {
            match batches.last_mut() {
                Some(batch) => batch.push(draft),
                None => batches.push(vec![draft]),
            }
            continue;
        }
        let is_first = stage == Stage::Workers && (at == 0 || Some(at) == first_staying);
        let is_alone = is_first || Members::are_touched(&draft.actions);
        match batches.last_mut() {
            Some(batch) if batch.len() < at_once && !is_alone && !is_closed => batch.push(draft),
            _ => batches.push(vec![draft]),
        }
        is_closed = is_alone;
    }
    batches
}

/// A step, with what its host holds before and after, and how it is waited for.
fn seal<'t>(
    facts: &Facts<'t>,
    members: &mut Members<'t>,
    passages: &mut HashMap<&'t str, Passage<'t>>,
    stage: Stage,
    draft: Draft<'_, 't>,
) -> Step {
    let Draft { work, actions, .. } = draft;
    let quorum = members.pass(work.host, &actions);
    let gate = gates::gate(facts, members, work, stage, &actions);
    let passage = passages.get(work.host).expect("every work has a passage");
    let others = members.others(work.host).filter_map(|member| passages.get(member));
    let is_last = way_back::is_last_of_old_etcd(passage, others);
    let way_back = way_back::way_back(facts, members, work.host, passage, &actions, &gate, is_last);
    passages.get_mut(work.host).expect("as before").step(actions, quorum, gate, way_back)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, Trial};
    use crate::steps::{Action, Condition, Step, Wave};

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
        // The others are not told: they need not restart.
        assert_eq!(quorums, [[2, 2], [2, 2]]);
        let shown = shown(&trial);
        let hosts: Vec<&str> = shown.lines().take(2).filter_map(|line| line.split(", ").next()).collect();
        assert_eq!(hosts, ["1 etcd-3: leave [2 of 2 stay", "1 worker-1: write 25"], "{shown}");
    }

    #[test]
    fn a_member_that_is_dead_goes_before_all_others_and_nobody_waits_for_it() {
        let lost = Trial::of("production")
            .after(|text| text.replace("  - name: etcd-3\n    address: 10.20.0.23\n    roles: [etcd]\n", ""));
        let rollout = lost.rollout();
        let steps: Vec<&Step> = rollout.waves.iter().flat_map(Wave::steps).collect();
        let of = |at: usize| (steps[at].host.as_str(), steps[at].gate.until.as_slice());
        let through = vec!["etcd-1".to_owned(), "etcd-2".to_owned()];
        assert_eq!(of(0), ("etcd-3", [Condition::EtcdAnswers { through }].as_slice()));
        let (host, until) = of(steps.len() - 1);
        assert!(host == "etcd-3" && matches!(until, [Condition::Gone { .. }]), "{until:?}");
        assert_eq!(steps.iter().filter(|step| step.host == "etcd-3").count(), 2);
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
        assert_eq!(quorums, [[3, 3]]);
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
        let steps = rollout.waves.iter().flat_map(Wave::steps);
        let of_host = steps.filter(|step| step.host == "worker-node-1");
        let removed = |step: &Step| -> Vec<String> {
            let paths = step.actions.iter().filter_map(|action| match action {
                Action::Remove { paths } => Some(paths.iter().map(ToString::to_string).collect::<Vec<_>>()),
                _ => None,
            });
            paths.flatten().collect()
        };
        let (drained, others): (Vec<_>, Vec<_>) = of_host.partition(|step| step.drain().is_some());
        let is_network = |path: &String| path.starts_with("/etc/cni/net.d/");
        assert!(drained.iter().any(|step| removed(step).iter().any(is_network)), "{drained:?}");
        assert!(!others.iter().any(|step| removed(step).iter().any(is_network)), "{others:?}");
        let removed: Vec<String> = drained.iter().chain(&others).flat_map(|step| removed(step)).collect();
        let all: std::collections::BTreeSet<&String> = removed.iter().collect();
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
