//! What a change leads to on hosts, as far as whoever reviews it has to know.

use std::collections::BTreeMap;

use crate::diff::CauseSet;
use crate::findings::Kind;
use crate::rollout::Rollout;

/// The part of a rollout that a review shows; `kthw plan` shows all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// On one line; empty if no host is touched.
    pub summary: String,
    /// Worst first.
    pub warnings: Vec<Warning>,
    /// In the order in which they come.
    pub restarts: Vec<Restart>,
    pub drains: Vec<Drain>,
}

/// What must not be done, cannot be undone, breaks what runs or needs hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub kind: Kind,
    pub what: String,
    pub advice: String,
    pub causes: CauseSet,
}

/// A unit that restarts in a wave, on these hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    pub wave: usize,
    pub unit: String,
    pub hosts: Vec<String>,
}

/// The nodes that are drained for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    pub why: Vec<String>,
    pub hosts: Vec<String>,
}

impl Effects {
    pub fn of(rollout: &Rollout) -> Self {
        let warnings = rollout.warnings().map(|finding| Warning {
            kind: finding.kind,
            what: finding.what.clone(),
            advice: finding.advice.to_string(),
            causes: finding.causes.iter().copied().collect(),
        });
        let mut restarts: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
        for restart in rollout.restarts() {
            restarts.entry((restart.wave, restart.unit)).or_default().push(restart.host.to_owned());
        }
        let mut drains: BTreeMap<&[String], Vec<String>> = BTreeMap::new();
        for (host, why) in rollout.drains() {
            drains.entry(why).or_default().push(host.to_owned());
        }
        let restart =
            |((wave, unit), hosts): ((usize, &str), _)| Restart { wave, unit: unit.to_owned(), hosts };
        let drain = |(why, hosts): (&[String], _)| Drain { why: why.to_vec(), hosts };
        Self {
            summary: if rollout.is_empty() { String::new() } else { rollout.summary() },
            warnings: warnings.collect(),
            restarts: restarts.into_iter().map(restart).collect(),
            drains: drains.into_iter().map(drain).collect(),
        }
    }
}
