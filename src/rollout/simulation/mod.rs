//! Rollouts that are carried out in memory, by the very executor: whole, failing at every step, and gone on with.
//!
//! `world.rs` is the fleet that watches what must not happen, `pair.rs` two states of a cluster, `edits.rs` what people
//! change.

mod edits;
mod pair;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use pair::Pair;
use world::{Fleet, Mishap, World};

use super::facts::KUBELET;
use super::trial::Trial;
use crate::deploy::{self, Ended};
use crate::inventory::Sighting;
use crate::steps::{Action, Errand, Wave};
use crate::tree::Stage;

/// Carries steps out; says how that ended and what was wrong meanwhile.
fn carry_out(fleet: Fleet, waves: &[Wave]) -> (Ended, Fleet) {
    let world = World(Mutex::new(fleet));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without a thread");
    let ended = runtime.block_on(deploy::run(waves, &world, &AtomicBool::new(false), &|_| {}));
    (ended, world.0.into_inner().expect("nobody panicked"))
}

/// Brings a fleet to one of the states without a mishap, and fails unless it is there then, and stays so.
fn arrive(pair: &Pair, mut fleet: Fleet, to: usize, why: &str) -> Result<Fleet, String> {
    fleet.expect(&pair.trees[to]);
    let waves = pair.waves(&fleet.sight(), to);
    fleet.roll(waves.iter().flat_map(Wave::steps).count() as u64);
    let (ended, fleet) = carry_out(fleet, &waves);
    let told = || format!("{why}\n{}", told(&waves));
    if ended != Ended::Done {
        return Err(format!("{ended:?}\n{}", told()));
    }
    if let Some(wrong) = fleet.wrong.first() {
        return Err(format!("{wrong}\n{}", told()));
    }
    if let Some(difference) = fleet.differs(&pair.trees[to]) {
        return Err(format!("{difference}\n{}", told()));
    }
    let mut seen = fleet.sight();
    // Of a dead host nothing is remembered once it has been taken out.
    seen.retain(|host, now| pair.trees[to].contains_key(host) || !matches!(now, Sighting::Silent { .. }));
    let again = pair.waves(&seen, to);
    match again.is_empty() {
        true => Ok(fleet),
        false => Err(format!("there is something left to do: {}\n{}", self::told(&again), told())),
    }
}

fn told(waves: &[Wave]) -> String {
    let mut text = String::new();
    for (wave, number) in waves.iter().zip(1..) {
        for batch in &wave.batches {
            let steps: Vec<String> = batch.iter().map(super::trial::told).collect();
            text += &format!("{number} {}\n", steps.join(" | "));
        }
    }
    text
}

/// How many rollouts were carried out, of which kind.
#[derive(Debug, Default)]
struct Count(BTreeMap<&'static str, usize>);

impl Count {
    fn one(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

/// All mishaps of a moment.
const MISHAPS: [Mishap; 6] = [
    Mishap::Refuses,
    Mishap::AnswerLost,
    Mishap::PowerCut { is_done: false },
    Mishap::PowerCut { is_done: true },
    Mishap::OperatorDies { is_done: false },
    Mishap::OperatorDies { is_done: true },
];

/// Everything that may happen between two states, `budget` times; fails at the first thing that must not.
fn try_out(pair: &Pair, seed: u64, budget: usize, count: &mut Count) -> Result<(), String> {
    let mut dice = seed;
    let mut roll = |of: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).expect("31 bits") % of.max(1)
    };
    let settled = Fleet::settled(&pair.trees[0]);
    let whole = arrive(pair, settled.clone(), 1, "whole")?;
    count.one("whole");
    arrive(pair, Fleet::bare(pair.trees[1].keys()), 1, "from nothing")?;
    count.one("from nothing");
    if pair.may[1] {
        arrive(pair, whole.clone(), 0, "back")?;
        count.one("back");
    }
    for _ in 0..2 {
        let mut drifted = settled.clone();
        let hosts: Vec<&String> = pair.trees[0].keys().collect();
        drifted.edit(hosts[roll(hosts.len())], roll(97));
        arrive(pair, drifted, 1, "drifted")?;
        count.one("drifted");
    }
    let founding = roll(3) == 0;
    let begin = if founding { Fleet::bare(pair.trees[1].keys()) } else { settled };
    let moments = if founding { arrive(pair, begin.clone(), 1, "to count")?.moments } else { whole.moments };
    for _ in 0..budget {
        let (at, mishap) = (1 + roll(moments), MISHAPS[roll(MISHAPS.len())]);
        let why = format!("{mishap:?} at {at} of {moments}{}", if founding { ", founding" } else { "" });
        let mut fleet = begin.clone();
        fleet.expect(&pair.trees[1]);
        fleet.mishap = Some((at, mishap));
        fleet.roll(roll(usize::MAX) as u64);
        let waves = pair.waves(&fleet.sight(), 1);
        let (ended, fleet) = carry_out(fleet, &waves);
        if let Some(wrong) = fleet.wrong.first() {
            return Err(format!("{wrong}\n{why}\n{}", told(&waves)));
        }
        count.one("with a mishap");
        if let Ended::Failed(failures) = &ended {
            let expected: BTreeMap<&str, _> =
                waves.iter().flat_map(Wave::steps).map(|step| (step.host.as_str(), step)).collect();
            for failure in failures.iter().filter(|failure| failure.undone.is_ok()) {
                assert!(expected.contains_key(&*failure.host), "{failure:?}");
            }
        }
        let back = roll(3) == 0 && pair.may[1] && !founding;
        let (to, kind) = if back { (0, "turned back") } else { (1, "gone on") };
        arrive(pair, fleet, to, &format!("{kind} after {why}, {ended:?}\n{}", told(&waves)))?;
        count.one(kind);
    }
    Ok(())
}

#[test]
fn every_rollout_ends_well_or_can_be_ended() {
    let mut count = Count::default();
    let mut failed = Vec::new();
    for (seed, (name, trial)) in (0..).zip(edits::trials()) {
        let Some(pair) = Pair::of(&trial) else { continue };
        if !pair.may[0] {
            count.one("refused");
            continue;
        }
        if let Err(error) = try_out(&pair, seed, 8, &mut count) {
            failed.push(format!("== {name}\n{error}"));
        }
    }
    assert!(failed.is_empty(), "{} pairs failed, for instance\n{}", failed.len(), failed[0]);
    let carried_out: usize = count.0.iter().filter(|(kind, _)| **kind != "refused").map(|(_, n)| n).sum();
    assert!(carried_out >= 2000, "only {carried_out} rollouts: {count:?}");
}

/// What the fleet has to say to a rollout of this change that somebody has tampered with.
fn objection(trial: &Trial, tamper: impl Fn(&mut Vec<Wave>)) -> String {
    let pair = Pair::of(trial).expect("two clusters");
    for dice in 0..64 {
        let mut fleet = Fleet::settled(&pair.trees[0]);
        fleet.expect(&pair.trees[1]);
        fleet.roll(dice);
        let mut waves = pair.waves(&fleet.sight(), 1);
        tamper(&mut waves);
        let (ended, fleet) = carry_out(fleet, &waves);
        if let Some(wrong) = fleet.wrong.first() {
            return wrong.clone();
        }
        if ended != Ended::Done {
            return format!("{ended:?}");
        }
        if let Some(difference) = fleet.differs(&pair.trees[1]) {
            return difference;
        }
    }
    "nothing".to_owned()
}

/// Everything of a stage at once.
fn together(stage: Stage) -> impl Fn(&mut Vec<Wave>) {
    move |waves| {
        for wave in waves.iter_mut().filter(|wave| wave.stage == stage) {
            wave.batches = vec![wave.batches.drain(..).flatten().collect()];
        }
    }
}

fn without(is_it: impl Fn(&Action) -> bool) -> impl Fn(&mut Vec<Wave>) {
    move |waves| {
        for step in waves.iter_mut().flat_map(|wave| &mut wave.batches).flatten() {
            step.actions.retain(|action| !is_it(action));
        }
    }
}

#[test]
fn the_fleet_objects_to_what_a_rollout_must_not_do() {
    let upgrade = || Trial::of("ha-haproxy").before(|text| text.replace("1.36.1", "1.35.1"));
    let etcd = || {
        let flag = |text: String| text + "components: {etcd: {flags: {max-request-bytes: 2000000}}}\n";
        Trial::of("ha-haproxy").after(flag)
    };
    let member = |text: String| {
        text.replace("    address: 10.20.0.23\n    roles: [etcd]\n", "    address: 10.20.0.23\n    roles: [etcd]\n  - name: etcd-4\n    address: 10.20.0.24\n    roles: [etcd]\n")
    };
    let joining = || Trial::of("production").after(member);
    let check = |trial: Trial, tamper: &dyn Fn(&mut Vec<Wave>), expected: &str| {
        assert_eq!(objection(&trial, |_| {}), "nothing", "as it is planned");
        let found = objection(&trial, tamper);
        assert!(found.contains(expected), "{found} where {expected} is expected");
    };
    check(etcd(), &together(Stage::Etcd), "etcd has 1 of 3");
    check(upgrade(), &together(Stage::ApiServers), "no API server is left");
    check(upgrade(), &|waves| waves.reverse(), "with API servers of 1.35");
    let is_reload = |action: &Action| matches!(action, Action::DaemonReload);
    check(etcd(), &without(is_reload), "runs with other files than is noted");
    let forgets_a_file = |waves: &mut Vec<Wave>| {
        for step in waves.iter_mut().flat_map(|wave| &mut wave.batches).flatten() {
            for action in &mut step.actions {
                if let Action::Install { files } = action {
                    files.remove("/usr/local/bin/containerd");
                }
            }
        }
    };
    check(
        upgrade(),
        &forgets_a_file,
        "containerd.service of worker-0 starts before what it reads is complete",
    );
    let is_drain = |action: &Action| matches!(action, Action::Lead { what: Errand::Drain { .. }, .. });
    check(upgrade(), &without(is_drain), "is exchanged under pods");
    let is_uncordon = |action: &Action| matches!(action, Action::Lead { what: Errand::Uncordon, .. });
    check(upgrade(), &without(is_uncordon), "takes no pods");
    check(upgrade(), &without(|action| matches!(action, Action::Pay { .. })), "owes");
    check(upgrade(), &|waves| _ = waves.pop(), "has noted another tree");
    check(upgrade(), &|waves| _ = waves.remove(0), "why: Changed");
    let restarts_kubelet =
        |action: &Action| matches!(action, Action::Restart { unit, .. } if unit == KUBELET);
    check(upgrade(), &without(restarts_kubelet), "in vain: NodeReady");
    let is_learner = |action: &Action| matches!(action, Action::Lead { what: Errand::AddLearner, .. });
    check(joining(), &without(is_learner), "etcd-4 founds an etcd beside the one that is there");
    let is_promotion = |action: &Action| matches!(action, Action::Lead { what: Errand::Promote, .. });
    check(joining(), &without(is_promotion), "in vain: EtcdHealthy");
}

#[test]
fn a_host_that_is_dead_is_left_behind_and_nobody_waits_for_it() {
    for (example, lost, text) in [
        ("production", "etcd-3", "  - name: etcd-3\n    address: 10.20.0.23\n    roles: [etcd]\n"),
        (
            "ha-haproxy",
            "worker-1",
            "  - name: worker-1\n    address: 10.240.0.21\n    roles: [worker]\n    arch: arm64\n",
        ),
    ] {
        let trial = Trial::of(example).after(|spec| {
            assert!(spec.contains(text), "{spec}");
            spec.replace(text, "")
        });
        let pair = Pair::of(&trial).expect("two clusters");
        let mut fleet = Fleet::settled(&pair.trees[0]);
        fleet.kill(lost);
        arrive(&pair, fleet, 1, "with a dead host").unwrap_or_else(|error| panic!("{error}"));
    }
}
