//! What is done to one host in one stage.

use std::collections::{BTreeMap, BTreeSet};

use super::drain;
use super::etcd::{Entry, Members};
use super::facts::{ETCD, Facts, KUBELET};
use super::work::{UnitWork, Wants, Work};
use crate::steps::{Action, Debt, Errand};
use crate::tree::{HostPath, Stage, UNITS};

/// The last stage in which a host is changed: there goes what no unit reads, and what nobody notices.
pub fn home(facts: &Facts<'_>, work: &Work<'_>) -> Stage {
    if !facts.reasons(work.host).is_empty() || is_cordoned(work) {
        return Stage::Workers;
    }
    let stages = work.units.iter().map(|unit| unit.stage);
    let is_home = |stage: &Stage| !matches!(stage, Stage::Background | Stage::Routes);
    stages.filter(is_home).max().unwrap_or(Stage::Background)
}

/// Whether somebody stopped between draining a node that stays and letting pods come back.
fn is_cordoned(work: &Work<'_>) -> bool {
    work.wants(KUBELET) && work.debts.contains(&Debt::Cordoned)
}

/// What is done to a host that stays or comes; nothing where that is not its turn.
pub fn actions<'t>(
    facts: &Facts<'_>,
    members: &Members<'_>,
    work: &Work<'t>,
    stage: Stage,
) -> Option<Vec<Action>> {
    if work.departs() {
        return None;
    }
    let home = home(facts, work);
    let turn = |unit: &UnitWork<'_>| match unit.stage {
        Stage::Routes if facts.routes == Stage::Routes && !unit.is_new() => Stage::Routes,
        Stage::Routes | Stage::Background => home,
        stage => stage,
    };
    let units: Vec<&UnitWork<'t>> = work.units.iter().filter(|unit| turn(unit) == stage).collect();
    let is_home = stage == home;
    let read = |is_when: &dyn Fn(Stage) -> bool| -> BTreeSet<&'t HostPath> {
        let units = work.units.iter().filter(|unit| is_when(turn(unit)));
        units.flat_map(|unit| unit.files.iter().copied()).collect()
    };
    let (earlier, now, later) =
        (read(&|turn| turn < stage), read(&|turn| turn == stage), read(&|turn| turn > stage));
    let is_due = |path: &&&'t HostPath| match is_home {
        true => !earlier.contains(**path) && (now.contains(**path) || !later.contains(**path)),
        false => !earlier.contains(**path) && now.contains(**path),
    };
    let install: Vec<&'t HostPath> = work.written.iter().filter(is_due).copied().collect();
    // What a unit that goes has read goes with it; pods that come back find the network that is to be.
    let reasons = facts.reasons(work.host);
    let is_removed = |path: &&'t HostPath| {
        let goes_at_home = work.stops.is_empty() || (!reasons.is_empty() && drain::is_network(path));
        units.iter().any(|unit| unit.lacks(path)) || (is_home && goes_at_home)
    };
    let has_lacked =
        |path: &&'t HostPath| work.units.iter().any(|unit| turn(unit) < stage && unit.lacks(path));
    let remove: Vec<&'t HostPath> =
        work.removed.iter().copied().filter(|path| is_removed(path) && !has_lacked(path)).collect();
    let drains = stage == Stage::Workers && !reasons.is_empty();
    let uncordons = drains || (stage == Stage::Workers && is_cordoned(work));
    let entry = members.entry(work).filter(|_| stage == Stage::Etcd);
    // Where units stop, their stage is the last one.
    let notes = is_home && work.stops.is_empty() && (work.notes_services() || work.is_reload_owed);
    if units.is_empty() && install.is_empty() && remove.is_empty() && !uncordons && entry.is_none() && !notes
    {
        return None;
    }
    let mut actions = Vec::new();
    if drains {
        actions.push(Action::Owe { debt: Debt::Cordoned });
        actions.push(facts.of_kubernetes(work.host, Errand::Drain { why: reasons.to_vec() }));
    }
    if entry == Some(Entry::Stays)
        && !members.is_alone()
        && units.iter().any(|unit| unit.unit == ETCD && unit.wants == Wants::Restart)
    {
        actions.push(members.lead(work.host, Errand::MoveLeader));
    }
    // A program may look at what it was told to read until it is told otherwise.
    let (first, last): (Vec<&HostPath>, Vec<&HostPath>) = remove
        .into_iter()
        .partition(|path| path.starts_with(UNITS) || units.iter().any(|unit| unit.lacks(path)));
    files(&mut actions, work, install, first);
    match entry {
        Some(Entry::Founds) => actions.push(Action::Owe { debt: Debt::Founding }),
        Some(Entry::Joins) => {
            actions.push(Action::Owe { debt: Debt::Joining });
            actions.push(members.lead(work.host, Errand::AddLearner));
        }
        Some(Entry::Settles | Entry::Stays) | None => {}
    }
    if entry.is_some_and(|entry| entry != Entry::Stays) && !units.iter().any(|unit| unit.unit == ETCD) {
        // It was started before somebody stopped.
        let closure = work.wanted.and_then(|wanted| Some(wanted.closure(wanted.service(ETCD)?)));
        actions.extend(closure.map(|closure| Action::Start { unit: ETCD.to_owned(), closure }));
    }
    actions.extend(units.into_iter().filter_map(|UnitWork { unit, wants, closure, .. }| {
        let (unit, closure) = ((*unit).to_owned(), *closure);
        match wants {
            Wants::Start => Some(Action::Start { unit, closure }),
            Wants::Restart => Some(Action::Restart { unit, closure }),
            Wants::Reload => Some(Action::Reload { unit, closure }),
            Wants::Nothing => None,
        }
    }));
    match entry {
        Some(Entry::Joins) => {
            actions.push(members.lead(work.host, Errand::Promote));
            actions.push(Action::Pay { debt: Debt::Joining });
        }
        Some(Entry::Settles) => actions.extend(SETTLES),
        Some(Entry::Founds | Entry::Stays) | None => {}
    }
    if !last.is_empty() {
        files(&mut actions, work, Vec::new(), last);
    }
    if uncordons {
        actions.push(facts.of_kubernetes(work.host, Errand::Uncordon));
        actions.push(Action::Pay { debt: Debt::Cordoned });
    }
    Some(actions)
}

/// What is done to a host that goes, or that loses a role.
pub fn departure(facts: &Facts<'_>, members: &Members<'_>, work: &Work<'_>) -> Option<Vec<Action>> {
    let runs_pods = !work.wants(KUBELET) && (work.stops(KUBELET) || work.debts.contains(&Debt::Cordoned));
    let was_joining = !work.wants(ETCD) && work.debts.contains(&Debt::Joining);
    if work.stops.is_empty() && !runs_pods && !was_joining {
        return None;
    }
    let mut actions = Vec::new();
    // Who does not answer is told nothing: others do what is to be done about it.
    let tells = !work.is_silent;
    if runs_pods {
        let why = vec!["it is no longer a worker".to_owned()];
        actions.extend(tells.then_some(Action::Owe { debt: Debt::Cordoned }));
        actions.push(facts.of_kubernetes(work.host, Errand::Drain { why }));
    }
    if (work.stops(ETCD) || was_joining) && !work.departs() {
        actions.push(members.lead(work.host, Errand::RemoveMember));
    }
    let stops = work.stops.iter().filter(|_| tells);
    actions.extend(stops.map(|unit| Action::Stop { unit: (*unit).to_owned() }));
    let is_left = |path: &&HostPath| {
        let is_gone = !facts.reasons(work.host).is_empty() && drain::is_network(path);
        !is_gone && !work.units.iter().any(|unit| unit.lacks(path))
    };
    let removed = work.removed.iter().copied().filter(is_left).collect();
    if tells {
        files(&mut actions, work, Vec::new(), removed);
    }
    if was_joining && tells {
        actions.push(Action::Pay { debt: Debt::Joining });
    }
    if runs_pods {
        actions.push(facts.of_kubernetes(work.host, Errand::DeleteNode));
        actions.extend(tells.then_some(Action::Pay { debt: Debt::Cordoned }));
    }
    (!actions.is_empty()).then_some(actions)
}

/// Notes that etcd is founded.
pub const SETTLES: [Action; 2] = [Action::Settle, Action::Pay { debt: Debt::Founding }];

/// Takes a member out of etcd whose host goes. Another member does it, and nobody waits for the host.
pub fn expulsion(members: &Members<'_>, work: &Work<'_>) -> Option<Vec<Action>> {
    let is_member = work.stops(ETCD) || work.debts.contains(&Debt::Joining);
    (work.departs() && is_member).then(|| vec![members.lead(work.host, Errand::RemoveMember)])
}

/// Writes and removes files, and tells systemd if its own are among them.
fn files(actions: &mut Vec<Action>, work: &Work<'_>, install: Vec<&HostPath>, remove: Vec<&HostPath>) {
    let reload = work.is_reload_owed || install.iter().chain(&remove).any(|path| path.starts_with(UNITS));
    let placed = |path: &HostPath| Some((path.clone(), work.wanted?.files.get(path)?.clone()));
    let files: BTreeMap<_, _> = install.into_iter().filter_map(placed).collect();
    if !files.is_empty() {
        actions.push(Action::Install { files });
    }
    if !remove.is_empty() {
        actions.push(Action::Remove { paths: remove.into_iter().cloned().collect() });
    }
    if reload {
        actions.push(Action::DaemonReload);
    }
}
