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

use crate::deploy::{self, Ended};
use crate::steps::Wave;

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
    let again = pair.waves(&fleet.sight(), to);
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
    for (seed, trial) in edits::trials().into_iter().enumerate() {
        let (name, trial) = trial;
        let Some(pair) = Pair::of(&trial) else { continue };
        if !pair.may[0] {
            count.one("refused");
            continue;
        }
        if let Err(error) = try_out(&pair, seed as u64, 24, &mut count) {
            failed.push(format!("== {name}\n{error}"));
        }
    }
    println!("{count:?}");
    assert!(
        failed.is_empty(),
        "{} of them failed\n{}",
        failed.len(),
        failed.iter().take(6).cloned().collect::<Vec<_>>().join("\n")
    );
}
