//! Who is a member of etcd while a rollout goes on, and what brings members and takes them away.
//!
//! <https://etcd.io/docs/latest/op-guide/runtime-configuration/>

use std::collections::BTreeSet;

use super::facts::{ETCD, Facts};
use super::work::Work;
use crate::steps::{Action, Condition, Debt, Errand, Quorum};

/// The members that vote, step by step.
pub struct Members<'a> {
    voting: BTreeSet<&'a str>,
    /// Whether nobody votes before: those who begin together found a new etcd.
    pub are_founded: bool,
}

/// How a host comes to run its member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// With all others that do: none of them answers before a quorum has started.
    Founds,
    /// It has founded etcd, which nobody has noted yet.
    Settles,
    Joins,
    /// It is a member.
    Stays,
}

impl<'a> Members<'a> {
    pub fn of(facts: &Facts<'a>) -> Self {
        Self { voting: facts.members.clone(), are_founded: facts.members.is_empty() }
    }

    pub fn entry(&self, work: &Work<'_>) -> Option<Entry> {
        let is_wanted = work.wanted.is_some_and(|wanted| wanted.service(ETCD).is_some());
        let is_founding = work.debts.contains(&Debt::Founding);
        let is_new = work.units.iter().any(|unit| unit.unit == ETCD && unit.is_new());
        let joins = work.debts.contains(&Debt::Joining);
        match () {
            () if !is_wanted => None,
            () if self.are_founded && (is_new || is_founding) => Some(Entry::Founds),
            () if is_founding => Some(Entry::Settles),
            () if is_new || joins => Some(Entry::Joins),
            () if work.touches(ETCD) => Some(Entry::Stays),
            () => None,
        }
    }

    /// Done by a member for a host, by itself last of all.
    pub fn lead(&self, host: &str, what: Errand) -> Action {
        Action::Lead { through: self.others_first(host), what }
    }

    fn others_first(&self, host: &str) -> Vec<String> {
        let (own, others): (Vec<&str>, Vec<&str>) = self.voting.iter().partition(|member| **member == host);
        others.into_iter().chain(own).map(str::to_owned).collect()
    }

    pub fn healthy(&self) -> Condition {
        Condition::EtcdHealthy { members: self.voting.iter().map(ToString::to_string).collect() }
    }

    pub fn answers(&self) -> Condition {
        Condition::EtcdAnswers { through: self.voting.iter().map(ToString::to_string).collect() }
    }

    pub fn is_alone(&self) -> bool {
        self.voting.len() < 2
    }

    /// The members but one.
    pub fn others(&self, host: &str) -> impl Iterator<Item = &'a str> {
        self.voting.iter().copied().filter(move |member| *member != host)
    }

    /// Begins to count a host that founds etcd: those that do wait for each other.
    pub fn found(&mut self, host: &'a str) {
        self.voting.insert(host);
    }

    /// Whether these take a member away for a moment or for good, or bring one.
    pub fn are_touched(actions: &[Action]) -> bool {
        actions.iter().any(|action| match action {
            Action::Restart { unit, .. } => unit == ETCD,
            Action::Lead { what, .. } => matches!(what, Errand::AddLearner | Errand::RemoveMember),
            _ => false,
        })
    }

    /// What is left of etcd during a step; members come and go between steps.
    pub fn pass(&mut self, host: &'a str, actions: &[Action]) -> Option<Quorum> {
        let leads = |errand: &Errand| {
            actions.iter().any(|action| matches!(action, Action::Lead { what, .. } if what == errand))
        };
        if actions
            .iter()
            .any(|action| matches!(action, Action::Owe { debt: Debt::Founding } | Action::Settle))
        {
            self.voting.insert(host);
            return None;
        }
        if leads(&Errand::AddLearner) {
            // It comes as a learner, which votes only once it has caught up.
            let members = self.voting.len();
            self.voting.insert(host);
            return Some(Quorum { members, stay: members });
        }
        if leads(&Errand::RemoveMember) {
            self.voting.remove(host);
            let members = self.voting.len();
            return Some(Quorum { members, stay: members });
        }
        let restarts = |action: &Action| matches!(action, Action::Restart { unit, .. } if unit == ETCD);
        actions.iter().any(restarts).then(|| Quorum::without_one(self.voting.len()))
    }
}
