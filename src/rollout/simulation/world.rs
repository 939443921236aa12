//! A fleet in memory that does what the executor tells it, fails when it is told to, and watches that nothing happens that
//! must not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use kthw_store::Digest;
use semver::Version;

use crate::deploy::{Fault, Hosts, Verb};
use crate::inventory::{HostState, Sighting};
use crate::rollout::facts::{ETCD, KUBELET};
use crate::steps::{Condition, Debt, Errand};
use crate::tree::{Closure, HostPath, Placed, Service, Tree, UNITS};

pub const APISERVER: &str = "kube-apiserver.service";
const CONTAINERD: &str = "containerd.service";
const PATIENCE: usize = 500;

/// What happens at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The host says no, and nothing was done.
    Refuses,
    /// It was done, and nobody heard of it.
    AnswerLost,
    /// The host starts anew: before or after what was just told, never in the middle of it.
    PowerCut { is_done: bool },
    /// Nobody tells any host anything any more.
    OperatorDies { is_done: bool },
}

/// A unit that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    closure: Closure,
    /// Of its program, and of what it runs besides.
    releases: BTreeMap<&'static str, Version>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    is_known: bool,
    /// What is there.
    files: BTreeMap<HostPath, Placed>,
    /// Units as systemd has read them.
    loaded: BTreeMap<HostPath, Placed>,
    staged: BTreeSet<HostPath>,
    /// What the host has noted.
    tree: Tree,
    debts: BTreeSet<Debt>,
    started_with: BTreeMap<String, Closure>,
    running: BTreeMap<String, Running>,
    /// What ran before it was stopped to start anew.
    ran: BTreeMap<String, Running>,
    enabled: BTreeSet<String>,
    /// The member whose data is there.
    data: Option<u64>,
    /// Whether its member asks others instead of founding an etcd.
    joins: bool,
    is_dead: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    host: String,
    is_learner: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    is_cordoned: bool,
    has_pods: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Fleet {
    machines: BTreeMap<String, Machine>,
    members: BTreeMap<u64, Member>,
    next_member: u64,
    is_founded: bool,
    /// Who may found etcd.
    founders: BTreeSet<String>,
    nodes: BTreeMap<String, Node>,
    /// How many API servers have run at once.
    servers: usize,
    /// The trees that a host may hold, by host: what each unit may be started with.
    known: Vec<BTreeMap<String, Tree>>,
    /// How often a host was told something.
    pub moments: usize,
    pub mishap: Option<(usize, Mishap)>,
    is_alone: bool,
    pub wrong: Vec<String>,
    /// Decides who goes on first where several are told things at once.
    dice: u64,
}

pub struct World(pub Mutex<Fleet>);

impl Fleet {
    /// Hosts that run these trees, all of whose members of etcd vote.
    pub fn settled(trees: &BTreeMap<String, Tree>) -> Self {
        let mut fleet = Self { known: vec![trees.clone()], is_founded: true, ..Self::default() };
        for (host, tree) in trees {
            let mut machine = Machine {
                is_known: true,
                files: tree.files.clone(),
                loaded: units(&tree.files),
                tree: tree.clone(),
                joins: true,
                ..Machine::default()
            };
            for service in &tree.services {
                let running = machine.runs(service);
                machine.started_with.insert(service.unit.to_string(), running.closure);
                machine.running.insert(service.unit.to_string(), running);
                machine.enabled.insert(service.unit.to_string());
            }
            if machine.running.contains_key(ETCD) {
                machine.data = Some(fleet.next_member);
                let member = Member { host: host.clone(), is_learner: false };
                fleet.members.insert(fleet.next_member, member);
                fleet.next_member += 1;
            }
            if machine.running.contains_key(KUBELET) {
                fleet.nodes.insert(host.clone(), Node { is_cordoned: false, has_pods: true });
            }
            fleet.machines.insert(host.clone(), machine);
        }
        fleet
    }

    /// Hosts with nothing on them.
    pub fn bare<'h>(hosts: impl IntoIterator<Item = &'h String>) -> Self {
        let machines = hosts.into_iter().map(|host| (host.clone(), Machine::default())).collect();
        Self { machines, ..Self::default() }
    }

    /// What a rollout is about to bring, and hosts that it is the first to tell anything.
    pub fn expect(&mut self, trees: &BTreeMap<String, Tree>) {
        self.known.push(trees.clone());
        for host in trees.keys() {
            self.machines.entry(host.clone()).or_default();
        }
        if !self.is_founded {
            let etcd = trees.iter().filter(|(_, tree)| tree.service(ETCD).is_some());
            self.founders = etcd.map(|(host, _)| host.clone()).collect();
        }
        (self.moments, self.is_alone, self.mishap) = (0, false, None);
        self.servers = self.running(APISERVER).count();
    }

    pub fn roll(&mut self, dice: u64) {
        self.dice = dice.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    /// Somebody edits a file.
    pub fn edit(&mut self, host: &str, at: usize) {
        let machine = self.machines.get_mut(host).expect("a host");
        let count = machine.files.len().max(1);
        if let Some(placed) = machine.files.values_mut().nth(at % count) {
            placed.output = kthw_store::Output::Public(Digest::of(b"edited"));
        }
    }

    /// The host will never answer again.
    pub fn kill(&mut self, host: &str) {
        let machine = self.machines.get_mut(host).expect("a host");
        machine.is_dead = true;
        machine.running.clear();
    }

    pub fn sight(&self) -> BTreeMap<String, Sighting> {
        self.machines.iter().map(|(host, machine)| (host.clone(), machine.sighting())).collect()
    }

    /// What tells the fleet from one that has these trees and nothing else, or nothing.
    pub fn differs(&self, wanted: &BTreeMap<String, Tree>) -> Option<String> {
        for (host, machine) in &self.machines {
            let Some(tree) = wanted.get(host) else {
                if !machine.running.is_empty() {
                    return Some(format!("{host} has gone, and runs {:?}", machine.running.keys()));
                }
                continue;
            };
            if machine.tree != *tree {
                return Some(format!("{host} has noted another tree"));
            }
            if machine.files != tree.files {
                return Some(format!("{host} holds other files"));
            }
            let runs: BTreeSet<&str> = machine.running.keys().map(String::as_str).collect();
            let enabled: BTreeSet<&str> = machine.enabled.iter().map(String::as_str).collect();
            let services: BTreeSet<&str> = tree.services.iter().map(|service| &*service.unit).collect();
            if runs != services || enabled != services {
                return Some(format!(
                    "{host} runs {runs:?} and enables {enabled:?} where {services:?} is wanted"
                ));
            }
            for service in &tree.services {
                let (is, noted) =
                    (machine.running[&*service.unit].closure, machine.started_with[&*service.unit]);
                let sees_itself = service.on_change == crate::tree::OnChange::Nothing;
                let is_right = |closure: Closure| match sees_itself {
                    true => closure.unit == tree.closure(service).unit,
                    false => closure == tree.closure(service),
                };
                if !is_right(is) || !is_right(noted) {
                    return Some(format!("{} of {host} runs with other files", service.unit));
                }
            }
            if !machine.debts.is_empty() {
                return Some(format!("{host} owes {:?}", machine.debts));
            }
        }
        let voters: BTreeSet<&str> =
            self.members.values().filter(|member| !member.is_learner).map(|member| &*member.host).collect();
        let etcd = wanted.iter().filter(|(_, tree)| tree.service(ETCD).is_some());
        let etcd: BTreeSet<&str> = etcd.map(|(host, _)| host.as_str()).collect();
        if voters != etcd || self.members.len() != etcd.len() {
            return Some(format!("etcd has {:?} where {etcd:?} is wanted", self.members));
        }
        let nodes: BTreeSet<&str> = self.nodes.keys().map(String::as_str).collect();
        let kubelets = wanted.iter().filter(|(_, tree)| tree.service(KUBELET).is_some());
        let kubelets: BTreeSet<&str> = kubelets.map(|(host, _)| host.as_str()).collect();
        if nodes != kubelets {
            return Some(format!("there are the nodes {nodes:?} where {kubelets:?} is wanted"));
        }
        let cordoned = self.nodes.iter().find(|(_, node)| node.is_cordoned);
        cordoned.map(|(node, _)| format!("{node} takes no pods"))
    }

    fn machine(&mut self, host: &str) -> &mut Machine {
        self.machines.get_mut(host).expect("every host of a step is there")
    }

    /// Members that vote, and how many of them run.
    fn votes(&self) -> (usize, usize) {
        let voters = self.members.iter().filter(|(_, member)| !member.is_learner);
        let (mut all, mut run) = (0, 0);
        for (id, member) in voters {
            all += 1;
            let machine = self.machines.get(&member.host);
            run += usize::from(machine.is_some_and(|machine| machine.runs_member(*id)));
        }
        (all, run)
    }

    fn has_quorum(&self) -> bool {
        let (all, run) = self.votes();
        self.is_founded && all > 0 && run > all / 2
    }

    fn running<'f>(&'f self, unit: &'f str) -> impl Iterator<Item = (&'f str, &'f Running)> {
        let run = move |(host, machine): (&'f String, &'f Machine)| {
            Some((host.as_str(), machine.running.get(unit)?))
        };
        self.machines.iter().filter_map(run)
    }

    fn api_answers(&self) -> bool {
        self.has_quorum() && self.running(APISERVER).next().is_some()
    }

    fn must(&mut self, holds: bool, what: impl Fn() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    /// What holds between any two things that hosts are told, if it held before.
    fn watch(&mut self, had_quorum: bool, by: &str) {
        let (all, run) = self.votes();
        // With one member or two nobody may be away, and the plan says so.
        self.must(!had_quorum || all < 3 || run > all / 2, || format!("{by}: etcd has {run} of {all}"));
        let now = self.running(APISERVER).count();
        self.must(self.servers < 2 || now > 0, || format!("{by}: no API server is left"));
        self.servers = self.servers.max(now);
        let minor = |running: &Running| running.releases.get("program").map(|version| version.minor);
        let servers: Vec<u64> = self.running(APISERVER).filter_map(|(_, run)| minor(run)).collect();
        let (Some(oldest), Some(newest)) = (servers.iter().min().copied(), servers.iter().max().copied())
        else {
            return;
        };
        self.must(newest - oldest <= 1, || format!("{by}: API servers of 1.{oldest} and 1.{newest}"));
        for (unit, behind) in [
            ("kube-controller-manager.service", 1),
            ("kube-scheduler.service", 1),
            (KUBELET, 3),
            ("kube-proxy.service", 3),
        ] {
            let clients: Vec<u64> = self.running(unit).filter_map(|(_, run)| minor(run)).collect();
            for client in clients {
                self.must(client <= oldest && client + behind >= newest, || {
                    format!("{by}: {unit} of 1.{client} with API servers of 1.{oldest} to 1.{newest}")
                });
            }
        }
    }

    /// Starts a unit with what is there.
    fn start(&mut self, host: &str, unit: &str, noted: Option<Closure>) -> Result<(), Fault> {
        let services: Vec<(Closure, Service)> = self
            .known
            .iter()
            .filter_map(|trees| {
                let tree = trees.get(host)?;
                let service = tree.service(unit)?;
                Some((tree.closure(service), service.clone()))
            })
            .collect();
        let machine = &self.machines[host];
        let is_complete =
            |(closure, service): &&(Closure, Service)| machine.runs(service).closure == *closure;
        let complete = || services.iter().filter(is_complete);
        let as_noted = complete().find(|(closure, _)| Some(*closure) == noted);
        let whole = as_noted.or_else(|| complete().next()).cloned();
        self.must(whole.is_some(), || format!("{unit} of {host} starts before what it reads is complete"));
        let Some((_, service)) = whole.or_else(|| services.last().cloned()) else {
            return Err(Fault::Refused(format!("there is no {unit} on {host}")));
        };
        let running = self.machines[host].runs(&service);
        if unit == ETCD {
            self.start_etcd(host)?;
        }
        let was = self.machine(host).ran.remove(unit);
        if let Some(node) = self.nodes.get(host).copied() {
            let moved = |name: &str| {
                let minor = |running: &Running| {
                    running.releases.get(name).map(|version| (version.major, version.minor))
                };
                was.as_ref().is_some_and(|was| minor(was) != minor(&running))
            };
            let exchanged = |name: &str| {
                was.as_ref().is_some_and(|was| was.releases.get(name) != running.releases.get(name))
            };
            let needs_drain = match unit {
                KUBELET => moved("program"),
                CONTAINERD => exchanged("program") || exchanged("runc"),
                _ => false,
            };
            self.must(!needs_drain || !node.has_pods, || format!("{unit} of {host} is exchanged under pods"));
        }
        if unit == KUBELET {
            let is_early = !self.nodes.contains_key(host) && !self.api_answers();
            self.must(!is_early, || format!("{host} has a kubelet before there is an API"));
            let new = Node { is_cordoned: false, has_pods: true };
            self.nodes.entry(host.to_owned()).or_insert(new);
        }
        if unit == APISERVER && !self.has_quorum() {
            return Err(Fault::Refused("etcd does not answer".to_owned()));
        }
        self.machine(host).running.insert(unit.to_owned(), running);
        Ok(())
    }

    fn start_etcd(&mut self, host: &str) -> Result<(), Fault> {
        let machine = &self.machines[host];
        if let Some(data) = machine.data {
            return match self.members.get(&data) {
                Some(_) => Ok(()),
                None => Err(Fault::Refused("the member was removed".to_owned())),
            };
        }
        if machine.joins {
            let id = self.members.iter().find(|(_, member)| member.host == host).map(|(id, _)| *id);
            let Some(id) = id.filter(|_| self.has_quorum()) else {
                return Err(Fault::Refused("no member of this name was added".to_owned()));
            };
            self.machine(host).data = Some(id);
            return Ok(());
        }
        let founds = self.founders.contains(host);
        self.must(founds, || format!("{host} founds an etcd beside the one that is there"));
        let id = self.next_member;
        self.next_member += 1;
        self.members.insert(id, Member { host: host.to_owned(), is_learner: false });
        self.machine(host).data = Some(id);
        Ok(())
    }

    /// What one moment brings. `Err` where the host has not been told, or does not tell.
    fn moment(&mut self, host: &str, told: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let silent = || Fault::Silent("nobody asks".to_owned());
        if self.is_alone {
            return Err(silent());
        }
        if self.machines.get(host).is_some_and(|machine| machine.is_dead) {
            return Err(Fault::Silent("it is dead".to_owned()));
        }
        self.moments += 1;
        let mishap = self.mishap.filter(|(at, _)| *at == self.moments).map(|(_, mishap)| mishap);
        let had_quorum = self.has_quorum();
        match mishap {
            None => {
                told(self)?;
                self.watch(had_quorum, host);
                Ok(())
            }
            Some(Mishap::Refuses) => Err(Fault::Refused("it says no".to_owned())),
            Some(Mishap::AnswerLost) => {
                told(self)?;
                Err(silent())
            }
            Some(Mishap::PowerCut { is_done }) => {
                if is_done {
                    told(self)?;
                }
                self.reboot(host);
                Err(silent())
            }
            Some(Mishap::OperatorDies { is_done }) => {
                if is_done {
                    told(self)?;
                }
                self.is_alone = true;
                Err(silent())
            }
        }
    }

    /// Everything that is enabled starts, with what is there.
    fn reboot(&mut self, host: &str) {
        let machine = self.machine(host);
        machine.running.clear();
        machine.loaded = units(&machine.files);
        machine.staged.clear();
        let started: Vec<String> = machine.enabled.iter().cloned().collect();
        for unit in
            started.iter().filter(|unit| *unit == ETCD).chain(started.iter().filter(|unit| *unit != ETCD))
        {
            // Who does not find what it needs tries again, and is found not to run.
            // What the host knows to be read is what it has noted.
            let machine = &self.machines[host];
            let noted = machine.tree.service(unit).map(|service| machine.runs(service).closure);
            let started = self.start(host, unit, noted);
            let started_with = &mut self.machine(host).started_with;
            _ = match started {
                Ok(()) => started_with.insert(unit.clone(), noted.unwrap_or(Closure::UNKNOWN)),
                Err(_) => started_with.remove(unit),
            };
        }
    }

    fn errand(&mut self, through: &[String], host: &str, errand: &Errand) -> Result<(), Fault> {
        let is_of_etcd = matches!(
            errand,
            Errand::AddLearner | Errand::Promote | Errand::RemoveMember | Errand::MoveLeader
        );
        let can = |name: &String| {
            let machine = self.machines.get(name).filter(|machine| !machine.is_dead);
            let unit = if is_of_etcd { ETCD } else { APISERVER };
            machine.is_some_and(|machine| machine.running.contains_key(unit))
        };
        if !self.has_quorum() || !through.iter().any(can) {
            return Err(Fault::Refused(format!("nobody of {through:?} can do {errand:?}")));
        }
        let of_host = self.members.iter().find(|(_, member)| member.host == host).map(|(id, _)| *id);
        match errand {
            Errand::Drain { .. } => {
                if let Some(node) = self.nodes.get_mut(host) {
                    *node = Node { is_cordoned: true, has_pods: false };
                }
            }
            Errand::Uncordon => {
                if let Some(node) = self.nodes.get_mut(host) {
                    *node = Node { is_cordoned: false, has_pods: true };
                }
            }
            Errand::DeleteNode => {
                let runs = self.machines[host].running.contains_key(KUBELET);
                self.must(!runs, || format!("{host} has a kubelet that registers its node again"));
                self.nodes.remove(host);
            }
            Errand::AddLearner => {
                let id = of_host.unwrap_or(self.next_member);
                self.next_member = self.next_member.max(id + 1);
                self.members.entry(id).or_insert(Member { host: host.to_owned(), is_learner: true });
                let machine = self.machine(host);
                machine.joins = true;
                machine.data = machine.data.filter(|data| *data == id);
            }
            Errand::Promote => {
                let runs = |id: &u64| self.machines[host].runs_member(*id);
                let Some(id) = of_host.filter(runs) else {
                    return Err(Fault::Refused("the learner has not caught up".to_owned()));
                };
                let member = self.members.get_mut(&id).expect("found before");
                member.is_learner = false;
            }
            Errand::RemoveMember => {
                if let Some(id) = of_host {
                    let (all, run) = self.votes();
                    let votes = !self.members[&id].is_learner;
                    self.must(!votes || all > 1, || {
                        format!("{host} was the last member, and the data goes with it")
                    });
                    let runs = usize::from(self.machines[host].runs_member(id));
                    let (all, run) = if votes { (all - 1, run - runs) } else { (all, run) };
                    self.must(run > all / 2, || format!("without {host} etcd has {run} of {all}"));
                    self.members.remove(&id);
                    self.machine(host).running.remove(ETCD);
                }
            }
            Errand::MoveLeader => {}
        }
        Ok(())
    }

    fn holds(&self, host: &str, condition: &Condition) -> bool {
        let machine = &self.machines[host];
        let runs = |unit: &String| machine.running.contains_key(unit);
        match condition {
            Condition::EtcdHealthy { members } => {
                let is_well = |name: &String| {
                    let id =
                        self.members.iter().find(|(_, member)| member.host == *name && !member.is_learner);
                    id.is_some_and(|(id, _)| self.machines[name].runs_member(*id))
                };
                members.iter().all(is_well)
            }
            Condition::EtcdAnswers { .. } => self.has_quorum(),
            Condition::Ready { .. } => match machine.tree.service(APISERVER) {
                Some(_) => machine.running.contains_key(APISERVER) && self.has_quorum(),
                None => self.api_answers(),
            },
            Condition::Units { active } => active.iter().all(runs),
            Condition::Stopped { units } | Condition::Gone { units } => {
                machine.is_dead || !units.iter().any(runs)
            }
            Condition::NodeReady { version, .. } => {
                let kubelet = machine.running.get(KUBELET);
                let release = kubelet.and_then(|kubelet| kubelet.releases.get("program"));
                self.nodes.contains_key(host)
                    && release.is_some_and(|release| release.to_string() == *version)
            }
            Condition::KubeletHealthy => machine.running.contains_key(KUBELET),
        }
    }
}

impl Machine {
    fn sighting(&self) -> Sighting {
        let state = || HostState {
            tree: self.tree.clone(),
            drifted: self
                .tree
                .files
                .iter()
                .filter(|(path, placed)| self.files.get(*path) != Some(placed))
                .map(|(path, _)| path.clone())
                .collect(),
            is_reload_owed: self.loaded != units(&self.files),
            started_with: self
                .started_with
                .iter()
                .filter(|(unit, _)| self.running.contains_key(*unit) || self.is_dead)
                .map(|(unit, closure)| (unit.clone(), *closure))
                .collect(),
            debts: self.debts.clone(),
        };
        match (self.is_dead, self.is_known) {
            (true, _) => Sighting::Silent { why: "it is dead".to_owned(), last: Some(state()) },
            (false, true) => Sighting::Ours(state()),
            (false, false) => Sighting::Empty,
        }
    }

    /// A service as it would start now: with units as systemd has read them, and all else as it is.
    fn runs(&self, service: &Service) -> Running {
        let mut files = self.files.clone();
        files.retain(|path, _| !path.starts_with(UNITS));
        files.extend(self.loaded.clone());
        let program = format!("/usr/local/bin/{}", service.unit.trim_end_matches(".service"));
        let release = |path: &str| Some(self.files.get(path)?.release.as_ref()?.version.clone());
        let releases = [("program", release(&program)), ("runc", release("/usr/local/sbin/runc"))];
        let releases = releases.into_iter().filter_map(|(name, version)| Some((name, version?))).collect();
        let tree = Tree { files, services: Vec::new() };
        Running { closure: tree.closure(service), releases }
    }

    fn runs_member(&self, id: u64) -> bool {
        self.data == Some(id) && self.running.contains_key(ETCD)
    }
}

fn units(files: &BTreeMap<HostPath, Placed>) -> BTreeMap<HostPath, Placed> {
    let units = files.iter().filter(|(path, _)| path.starts_with(UNITS));
    units.map(|(path, placed)| (path.clone(), placed.clone())).collect()
}

impl World {
    /// Lets others that are told things at once go first, as the dice say.
    async fn elsewhere(&self) {
        loop {
            let dice = {
                let mut fleet = self.fleet();
                fleet.dice = fleet.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                fleet.dice >> 62
            };
            if dice == 0 {
                return;
            }
            yield_once().await;
        }
    }

    fn fleet(&self) -> std::sync::MutexGuard<'_, Fleet> {
        self.0.lock().expect("nobody panics while they hold it")
    }

    async fn tell(
        &self,
        host: &str,
        told: impl FnOnce(&mut Fleet) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.elsewhere().await;
        self.fleet().moment(host, told)
    }
}

/// Returns to whoever runs this, once.
async fn yield_once() {
    let mut is_back = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_back, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl Hosts for World {
    async fn held(&self, host: &str) -> Result<Digest, Fault> {
        let fleet = self.fleet();
        let machine = &fleet.machines[host];
        match machine.is_dead || fleet.is_alone {
            true => Err(Fault::Silent("it is dead".to_owned())),
            false => Ok(machine.tree.digest()),
        }
    }

    async fn stage(&self, host: &str, files: &BTreeMap<HostPath, Placed>) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            fleet.machine(host).staged.extend(files.keys().cloned());
            Ok(())
        })
        .await
    }

    async fn switch(
        &self,
        host: &str,
        install: &BTreeMap<HostPath, Placed>,
        remove: &[HostPath],
    ) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            let machine = fleet.machine(host);
            if let Some(path) = install.keys().find(|path| !machine.staged.contains(*path)) {
                return Err(Fault::Refused(format!("{path} was not staged")));
            }
            machine.is_known = true;
            for files in [&mut machine.files, &mut machine.tree.files] {
                files.extend(install.iter().map(|(path, placed)| (path.clone(), placed.clone())));
                files.retain(|path, _| !remove.contains(path));
            }
            Ok(())
        })
        .await
    }

    async fn note_services(&self, host: &str, services: &[Service]) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            fleet.machine(host).tree.services = services.to_vec();
            Ok(())
        })
        .await
    }

    async fn daemon_reload(&self, host: &str) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            let machine = fleet.machine(host);
            machine.loaded = units(&machine.files);
            Ok(())
        })
        .await
    }

    async fn unit(&self, host: &str, verb: Verb, unit: &str) -> Result<(), Fault> {
        let runs_with = |fleet: &Fleet| {
            let machine = &fleet.machines[host];
            machine.started_with.get(unit).copied().filter(|_| machine.running.contains_key(unit))
        };
        let closure = match verb {
            Verb::Stop => {
                return self
                    .tell(host, |fleet| {
                        let machine = fleet.machine(host);
                        machine.running.remove(unit);
                        machine.started_with.remove(unit);
                        machine.enabled.remove(unit);
                        Ok(())
                    })
                    .await;
            }
            Verb::Start(closure) | Verb::Restart(closure) | Verb::Reload(closure) => closure,
        };
        if matches!(verb, Verb::Restart(_)) {
            // It is away for a moment.
            self.tell(host, |fleet| {
                let machine = fleet.machine(host);
                let ran = machine.running.remove(unit).map(|running| (unit.to_owned(), running));
                machine.ran.extend(ran);
                Ok(())
            })
            .await?;
        }
        self.tell(host, |fleet| {
            if matches!(verb, Verb::Start(_)) {
                fleet.machine(host).enabled.insert(unit.to_owned());
                if runs_with(fleet) == Some(closure) {
                    return Ok(());
                }
            }
            fleet.start(host, unit, Some(closure))?;
            let real = fleet.machines[host].running[unit].closure;
            fleet.must(real == closure, || format!("{unit} of {host} runs with other files than is noted"));
            fleet.machine(host).started_with.insert(unit.to_owned(), closure);
            Ok(())
        })
        .await
    }

    async fn owe(&self, host: &str, debt: Debt, owes: bool) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            let debts = &mut fleet.machine(host).debts;
            match owes {
                true => debts.insert(debt),
                false => debts.remove(&debt),
            };
            Ok(())
        })
        .await
    }

    async fn settle(&self, host: &str) -> Result<(), Fault> {
        self.tell(host, |fleet| {
            fleet.machine(host).joins = true;
            Ok(())
        })
        .await
    }

    async fn lead(&self, through: &[String], host: &str, errand: &Errand) -> Result<(), Fault> {
        // The host itself need not answer.
        self.elsewhere().await;
        let mut fleet = self.fleet();
        let asked = through.iter().find(|name| !fleet.machines[*name].is_dead).cloned();
        let told = |fleet: &mut Fleet| fleet.errand(through, host, errand);
        match asked {
            Some(asked) => fleet.moment(&asked, told),
            None => Err(Fault::Silent("nobody is there".to_owned())),
        }
    }

    async fn wait(&self, host: &str, until: &Condition, _within: u64) -> Result<(), Fault> {
        // Others have so many turns meanwhile.
        for _ in 0..PATIENCE {
            let holds = {
                let mut fleet = self.fleet();
                let (_, run) = fleet.votes();
                fleet.is_founded |= !fleet.founders.is_empty() && run > fleet.founders.len() / 2;
                fleet.is_alone || fleet.holds(host, until)
            };
            if holds {
                break;
            }
            yield_once().await;
        }
        let mut fleet = self.fleet();
        let is_dead = fleet.machines[host].is_dead;
        let told = |fleet: &mut Fleet| match fleet.holds(host, until) {
            true => Ok(()),
            false => Err(Fault::Refused(format!("in vain: {until:?}"))),
        };
        match is_dead {
            true => told(&mut fleet),
            false => fleet.moment(host, told),
        }
    }
}
