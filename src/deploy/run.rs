//! All steps of a rollout, wave by wave and batch by batch.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::event::Event;
use super::hosts::Hosts;
use super::step::{Failure, carry_out};
use crate::steps::Wave;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// Somebody asked for it: between two batches.
    Stopped,
    /// All steps of that batch were ended, and no other was begun.
    Failed(Vec<Failure>),
}

/// A batch begins when every step of the one before has reached its gate.
pub async fn run(waves: &[Wave], hosts: &impl Hosts, stop: &AtomicBool, tell: &impl Fn(Event<'_>)) -> Ended {
    for (wave, number) in waves.iter().zip(1..) {
        tell(Event::WaveBegun { wave: number, of: waves.len(), stage: wave.stage });
        for batch in &wave.batches {
            if stop.load(Ordering::Relaxed) {
                return Ended::Stopped;
            }
            let steps: FuturesUnordered<_> = batch.iter().map(|step| carry_out(step, hosts, tell)).collect();
            let ended: Vec<Result<(), Failure>> = steps.collect().await;
            let failures: Vec<Failure> = ended.into_iter().filter_map(Result::err).collect();
            if !failures.is_empty() {
                return Ended::Failed(failures);
            }
        }
    }
    Ended::Done
}
