//! What is done if a step does not reach its gate: its host goes back to what it was, where nothing forbids it.

use std::collections::BTreeMap;

use super::etcd::Members;
use super::facts::{ETCD, Facts, KUBELET};
use super::passage::Passage;
use crate::steps::{Action, Condition, Debt, Errand, Gate, WayBack};
use crate::tree::{HostPath, UNITS};

const ETCD_PROGRAM: &str = "/usr/local/bin/etcd";
const KUBELET_PROGRAM: &str = "/usr/local/bin/kubelet";

/// `others` says which etcd other hosts hold at that moment.
pub fn way_back(
    facts: &Facts<'_>,
    members: &Members<'_>,
    host: &str,
    passage: &Passage<'_>,
    actions: &[Action],
    gate: &Gate,
    is_last_of_old_etcd: bool,
) -> WayBack {
    let leads = |errand: &Errand| {
        actions.iter().any(|action| matches!(action, Action::Lead { what, .. } if what == errand))
    };
    let stop = |why: &str| WayBack::Stop { why: why.to_owned() };
    if actions.iter().any(|action| matches!(action, Action::Owe { debt: Debt::Founding } | Action::Settle)) {
        return stop("a new etcd holds nothing yet: the next run goes on where this one stopped");
    }
    if leads(&Errand::RemoveMember) || leads(&Errand::DeleteNode) {
        return stop("who has left the cluster can only join it anew");
    }
    if is_last_of_old_etcd && upgrades_etcd(passage, actions) {
        return stop(
            "etcd may have changed its data to the form of the new minor version, which the old one cannot read",
        );
    }
    let mut back = Vec::new();
    // Pods may have come back before the step failed.
    let is_drain = |action: &&Action| {
        matches!(
            action,
            Action::Owe { debt: Debt::Cordoned } | Action::Lead { what: Errand::Drain { .. }, .. }
        )
    };
    back.extend(actions.iter().filter(is_drain).cloned());
    if leads(&Errand::AddLearner) {
        // It may vote already, and of two members none can be removed once one has stopped.
        back.push(members.lead(host, Errand::RemoveMember));
        back.push(Action::Stop { unit: ETCD.to_owned() });
        back.push(Action::Pay { debt: Debt::Joining });
    }
    // Whoever was started last is stopped first.
    let new = actions.iter().rev().filter_map(|action| match action {
        Action::Start { unit, .. } => Some(unit.clone()),
        _ => None,
    });
    back.extend(
        new.filter(|unit| !(unit == ETCD && leads(&Errand::AddLearner))).map(|unit| Action::Stop { unit }),
    );
    let registers = |action: &Action| matches!(action, Action::Start { unit, .. } if unit == KUBELET);
    if actions.iter().any(registers) {
        // Its node may be there by then; who goes on knows of it.
        back.insert(0, Action::Owe { debt: Debt::Cordoned });
        back.push(facts.of_kubernetes(host, Errand::DeleteNode));
        back.push(Action::Pay { debt: Debt::Cordoned });
    }
    let (mut install, mut remove) = (BTreeMap::new(), Vec::new());
    for action in actions {
        match action {
            Action::Install { files } => {
                for path in files.keys() {
                    match passage.held(path) {
                        Some(old) => _ = install.insert(path.clone(), old.clone()),
                        None => remove.push(path.clone()),
                    }
                }
            }
            Action::Remove { paths } => {
                let old = |path: &HostPath| Some((path.clone(), passage.held(path)?.clone()));
                install.extend(paths.iter().filter_map(old));
            }
            _ => {}
        }
    }
    let reload = install.keys().chain(&remove).any(|path| path.starts_with(UNITS));
    if !install.is_empty() {
        back.push(Action::Install { files: install });
    }
    if !remove.is_empty() {
        back.push(Action::Remove { paths: remove });
    }
    if reload {
        back.push(Action::DaemonReload);
    }
    for action in actions {
        match action {
            Action::Restart { unit, .. } => back
                .extend(passage.closure(unit).map(|closure| Action::Restart { unit: unit.clone(), closure })),
            Action::Reload { unit, .. } => back
                .extend(passage.closure(unit).map(|closure| Action::Reload { unit: unit.clone(), closure })),
            Action::Stop { unit } => back
                .extend(passage.closure(unit).map(|closure| Action::Start { unit: unit.clone(), closure })),
            _ => {}
        }
    }
    if leads(&Errand::Uncordon) {
        back.push(facts.of_kubernetes(host, Errand::Uncordon));
        back.push(Action::Pay { debt: Debt::Cordoned });
    }
    WayBack::Actions { gate: gate_back(gate, &back, passage), actions: back }
}

/// The same, of what runs then.
fn gate_back(gate: &Gate, back: &[Action], passage: &Passage<'_>) -> Gate {
    let stays = |unit: &String| {
        !back.iter().any(|action| matches!(action, Action::Stop { unit: stopped } if stopped == unit))
    };
    let runs_kubelet = passage.release(KUBELET_PROGRAM);
    let until = gate.until.iter().filter_map(|condition| match condition {
        Condition::Units { active } => {
            let active: Vec<String> = active.iter().filter(|unit| stays(unit)).cloned().collect();
            (!active.is_empty()).then_some(Condition::Units { active })
        }
        Condition::NodeReady { through, .. } => {
            let version = runs_kubelet?.version.to_string();
            Some(Condition::NodeReady { version, through: through.clone() })
        }
        Condition::KubeletHealthy => runs_kubelet.map(|_| Condition::KubeletHealthy),
        // Something may come first here, and nothing of it is left.
        Condition::Ready { .. } | Condition::EtcdHealthy { .. }
            if back.iter().any(|action| matches!(action, Action::Stop { .. })) =>
        {
            None
        }
        Condition::Stopped { .. } | Condition::Gone { .. } => None,
        other => Some(other.clone()),
    });
    Gate { until: until.collect(), within: gate.within }
}

/// Whether a step brings another minor version of etcd.
fn upgrades_etcd(passage: &Passage<'_>, actions: &[Action]) -> bool {
    let new = actions.iter().find_map(|action| match action {
        Action::Install { files } => files.get(ETCD_PROGRAM)?.release.as_ref(),
        _ => None,
    });
    match (passage.release(ETCD_PROGRAM), new) {
        (Some(old), Some(new)) => {
            (old.version.major, old.version.minor) != (new.version.major, new.version.minor)
        }
        _ => false,
    }
}

/// Whether no other member runs the minor version that this one leaves.
pub fn is_last_of_old_etcd<'p, 't: 'p>(
    passage: &Passage<'_>,
    others: impl Iterator<Item = &'p Passage<'t>>,
) -> bool {
    let minor = |passage: &Passage<'_>| passage.release(ETCD_PROGRAM).map(|release| release.version.minor);
    let own = minor(passage);
    others.into_iter().all(|other| minor(other) != own)
}
