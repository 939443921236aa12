//! Two states of a cluster between which rollouts go, in both directions.

use std::collections::BTreeMap;

use crate::findings;
use crate::inventory::Sighting;
use crate::rollout::facts::Facts;
use crate::rollout::trial::{NOW, Planned, Trial};
use crate::rollout::work::Work;
use crate::rollout::{Decisions, drain, order, stage_of_routes};
use crate::steps::Wave;
use crate::tree::Tree;

pub struct Pair {
    states: [Planned; 2],
    pub trees: [BTreeMap<String, Tree>; 2],
    /// To the later state, and back: why settings have pods leave a host.
    of_settings: [BTreeMap<String, Vec<String>>; 2],
    /// Whether each of the ways may be gone.
    pub may: [bool; 2],
}

impl Pair {
    /// `None` where one of the texts is no cluster.
    pub fn of(trial: &Trial) -> Option<Self> {
        let states = trial.planned()?;
        let trees = [0, 1].map(|at: usize| states[at].trees());
        let back = trial.reversed();
        let (forth, may_go) = way(trial, &states, false);
        let (back, may_return) = way(&back, &states, true);
        Some(Self { trees, of_settings: [forth, back], may: [may_go, may_return], states })
    }

    /// The steps from what was seen to one of the states.
    pub fn waves(&self, seen: &BTreeMap<String, Sighting>, to: usize) -> Vec<Wave> {
        let clusters = [self.states[1 - to].cluster(), self.states[to].cluster()];
        let locks = [self.states[1 - to].lock(), self.states[to].lock()];
        let decisions = Decisions::new(clusters, locks, NOW);
        let wanted = &self.trees[to];
        // In the order of the cluster's file, like everybody.
        let staying = clusters[1].hosts.iter().map(|host| host.name.as_str());
        let gone = seen.keys().map(String::as_str).filter(|host| !wanted.contains_key(*host));
        let hosts: Vec<&str> = staying.chain(gone).collect();
        let works: Vec<Work<'_>> = hosts
            .iter()
            .filter_map(|host| Work::between(host, seen.get(*host)?, wanted.get(*host)))
            .collect();
        let none = Vec::new();
        let of_settings = |host: &str| self.of_settings[1 - to].get(host).unwrap_or(&none);
        let facts = Facts {
            cluster: clusters[1],
            members: seen
                .iter()
                .filter(|(_, now)| Facts::votes(now))
                .map(|(host, _)| host.as_str())
                .collect(),
            drains: works
                .iter()
                .map(|work| (work.host, drain::reasons(work, of_settings(work.host))))
                .collect(),
            routes: stage_of_routes(&decisions),
        };
        order::waves(&facts, &works)
    }
}

fn way(trial: &Trial, states: &[Planned; 2], is_back: bool) -> (BTreeMap<String, Vec<String>>, bool) {
    let (old, new) = if is_back { (&states[1], &states[0]) } else { (&states[0], &states[1]) };
    let decisions = Decisions::new([old.cluster(), new.cluster()], [old.lock(), new.lock()], NOW);
    trial.differences([old, new], |differences, causes| {
        let trees = new.trees();
        let units: std::collections::HashMap<&str, Vec<&str>> = trees
            .iter()
            .map(|(host, tree)| (host.as_str(), tree.services.iter().map(|service| &*service.unit).collect()))
            .collect();
        let moved = findings::moved(&decisions, causes, &units);
        let reasons =
            trees.keys().map(|host| (host.clone(), drain::of_settings(&decisions, &moved, host))).collect();
        let rollout = super::super::Rollout::of(&decisions, &differences, causes);
        (reasons, rollout.refusals().next().is_none())
    })
}
