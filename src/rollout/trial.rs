//! Two states of an example in memory, for tests: everything as it is planned, and nothing made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kthw_graph::{NodeId, Realised};
use kthw_store::Digest;

use super::{Decisions, Rollout, trees};
use crate::artifact::Artifact;
use crate::cluster::Cluster;
use crate::diff::{self, Causes, Differences, Input, Inputs, Undo};
use crate::imported::ImportedAuthorities;
use crate::lock::{Algorithm, Checksum, Lock, Pin};
use crate::plan::{self, Plan};
use crate::root::{RootFingerprint, RootSecret};
use crate::side::Side;
use crate::spec::{self, Positions};
use crate::steps::{Action, Debt, Errand, Step};
use crate::tree::Tree;
use crate::upstream::Need;

pub const EXAMPLES: [&str; 5] = ["single", "cilium", "ha-ipvs", "ha-haproxy", "production"];

/// The moment of every plan: ten days after the examples' certificates begin.
pub const NOW: u64 = 1_795_996_800;

/// The two states, each as a text and a lock.
pub struct Trial {
    specs: [String; 2],
    locks: [Lock; 2],
}

/// A planned state. What a node yields is what is described of it.
pub struct Planned {
    cluster: Cluster,
    lock: Lock,
    plan: Plan,
    realised: HashMap<NodeId, Realised>,
}

fn texts(name: &str) -> (&'static str, &'static str) {
    match name {
        "single" => (
            include_str!("../../examples/single/cluster.yaml"),
            include_str!("../../examples/single/kthw.lock"),
        ),
        "cilium" => (
            include_str!("../../examples/cilium/cluster.yaml"),
            include_str!("../../examples/cilium/kthw.lock"),
        ),
        "ha-ipvs" => (
            include_str!("../../examples/ha-ipvs/cluster.yaml"),
            include_str!("../../examples/ha-ipvs/kthw.lock"),
        ),
        "ha-haproxy" => (
            include_str!("../../examples/ha-haproxy/cluster.yaml"),
            include_str!("../../examples/ha-haproxy/kthw.lock"),
        ),
        _ => (
            include_str!("../../examples/production/cluster.yaml"),
            include_str!("../../examples/production/kthw.lock"),
        ),
    }
}

fn root() -> RootFingerprint {
    RootSecret::new([7; 32]).fingerprint()
}

/// An example's text, and what becomes of it with another; none where that is no cluster.
pub fn variants(name: &str) -> (&'static str, impl Fn(&str) -> Option<Planned>) {
    let (spec, lock) = texts(name);
    let lock = Lock::parse(lock).expect("a good lock");
    (spec, move |text: &str| Planned::try_of(text, &lock))
}

impl Trial {
    /// An example on both sides.
    pub fn of(name: &str) -> Self {
        let (spec, lock) = texts(name);
        let lock = Lock::parse(lock).expect("a good lock");
        Self { specs: [spec.to_owned(), spec.to_owned()], locks: [lock.clone(), lock] }
    }

    pub fn before(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.specs[0] = change(std::mem::take(&mut self.specs[0]));
        self
    }

    pub fn after(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.specs[1] = change(std::mem::take(&mut self.specs[1]));
        self
    }

    /// Two texts, each with its lock, which pins every version of it; none where one is no cluster.
    pub fn states(specs: [&str; 2], locks: [&Lock; 2]) -> Option<Self> {
        let trial = Self { specs: specs.map(str::to_owned), locks: locks.map(Lock::clone) };
        trial.planned().map(|_| trial)
    }

    /// One of the states.
    pub fn state(&self, at: usize) -> (&str, &Lock) {
        (&self.specs[at], &self.locks[at])
    }

    /// Two texts with one lock, which pins every version of either.
    pub fn between(name: &str, specs: [&str; 2]) -> Option<Self> {
        let mut trial = Self::of(name);
        for (lock, spec) in trial.locks.iter_mut().zip(specs) {
            let (cluster, _) = spec::load(spec).ok()?;
            lock.set_pins(plan::needs(&cluster).into_iter().map(pin));
        }
        trial.specs = specs.map(str::to_owned);
        Some(trial)
    }

    pub fn both(self, change: impl Fn(String) -> String) -> Self {
        self.before(&change).after(&change)
    }

    pub fn lock_before(mut self, change: impl FnOnce(&mut Lock)) -> Self {
        change(&mut self.locks[0]);
        self
    }

    pub fn lock_after(mut self, change: impl FnOnce(&mut Lock)) -> Self {
        change(&mut self.locks[1]);
        self
    }

    pub fn rollout(&self) -> Rollout {
        let rollout = self.compared(|rollout, _| rollout);
        let is_helpless = |finding: &&crate::findings::Finding| finding.advice.acts().is_empty();
        let helpless: Vec<_> = rollout.refusals().filter(is_helpless).collect();
        assert!(helpless.is_empty(), "whoever is refused is told what to do instead: {helpless:#?}");
        rollout
    }

    /// The rollout with the changes that it follows from.
    pub fn compared<T>(&self, use_it: impl FnOnce(Rollout, &Inputs) -> T) -> T {
        let [old, new] = [0, 1].map(|at| Planned::of(&self.specs[at], &self.locks[at]));
        let decisions = Decisions::new([&old.cluster, &new.cluster], [&self.locks[0], &self.locks[1]], NOW);
        self.differences([&old, &new], |differences, causes| {
            let rollout = Rollout::of(&decisions, &differences, causes);
            use_it(rollout, &causes.inputs)
        })
    }

    /// Both states, if they are clusters.
    pub fn planned(&self) -> Option<[Planned; 2]> {
        let planned = |at: usize| Planned::try_of(&self.specs[at], &self.locks[at]);
        Some([planned(0)?, planned(1)?])
    }

    /// The other way round.
    pub fn reversed(&self) -> Self {
        let (mut specs, mut locks) = (self.specs.clone(), self.locks.clone());
        specs.reverse();
        locks.reverse();
        Self { specs, locks }
    }

    /// What takes changes back.
    pub fn undo<'a>(&'a self, imported: &'a ImportedAuthorities) -> Undo<'a> {
        let specs = [&*self.specs[0], &*self.specs[1]];
        Undo::new(specs, [&self.locks[0], &self.locks[1]], [imported, imported], root())
    }

    /// What tells both states apart, with who is asked for the causes.
    pub fn differences<T>(
        &self,
        [old, new]: [&Planned; 2],
        use_it: impl FnOnce(Differences, &mut Causes<'_>) -> T,
    ) -> T {
        let (realised_old, realised_new) =
            (|id: NodeId| old.realised.get(&id).copied(), |id: NodeId| new.realised.get(&id).copied());
        let before = Side { graph: &old.plan.graph, realised: &realised_old };
        let after = Side { graph: &new.plan.graph, realised: &realised_new };
        let fields = spec::changes(&Positions::new(&self.specs[0]), &Positions::new(&self.specs[1]));
        let entries = self.locks[0].changes(&self.locks[1]);
        let all = fields.into_iter().map(Input::Field).chain(entries.into_iter().map(Input::Entry));
        let imported = ImportedAuthorities::new();
        let mut causes = Causes::new(before, after, Inputs::new(all.collect()), self.undo(&imported));
        let differences = diff::compare(&mut causes);
        use_it(differences, &mut causes)
    }
}

impl Planned {
    /// Every version is pinned, whether or not there is such a release.
    fn of(spec: &str, lock: &Lock) -> Self {
        Self::try_of(spec, lock).unwrap_or_else(|| panic!("{:?}\n{spec}", spec::load(spec).err()))
    }

    fn try_of(spec: &str, lock: &Lock) -> Option<Self> {
        let (cluster, _) = spec::load(spec).ok()?;
        let mut lock = lock.clone();
        lock.set_pins(plan::needs(&cluster).into_iter().map(pin));
        let plan = plan::plan(&cluster, &lock, root(), &ImportedAuthorities::new()).ok()?;
        let realised = diff::trial::realised(&plan.graph);
        Some(Self { cluster, lock, plan, realised })
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The units of each host.
    pub fn units_of_hosts(&self) -> BTreeMap<String, BTreeSet<String>> {
        let actions = self.plan.graph.order().iter().map(|id| &self.plan.graph.node(*id).action);
        let bundles = actions.filter_map(|action| match action {
            Artifact::Bundle(bundle) => Some(bundle),
            _ => None,
        });
        let units = |bundle: &crate::artifact::Bundle| {
            bundle.services.iter().map(|service| service.unit.to_string()).collect()
        };
        bundles.map(|bundle| (bundle.host.clone(), units(bundle))).collect()
    }

    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// What every host holds.
    pub fn trees(&self) -> BTreeMap<String, Tree> {
        self.cluster.hosts.iter().map(|host| (host.name.clone(), self.tree(&host.name))).collect()
    }

    /// What a host holds.
    pub fn tree(&self, host: &str) -> Tree {
        let realised = |id: NodeId| self.realised.get(&id).copied();
        trees::tree(Side { graph: &self.plan.graph, realised: &realised }, host).expect("a host")
    }

    pub fn graph(&self) -> &kthw_graph::Graph<Artifact> {
        &self.plan.graph
    }

    pub fn output(&self, id: NodeId) -> kthw_store::Output {
        self.realised[&id].output
    }
}

fn pin(need: Need) -> Pin {
    let Need { name, version, arch } = need;
    let url = format!("https://example.org/{name}-{version}-{arch}");
    let digest = Digest::of(url.as_bytes()).to_string();
    let checksum = Checksum::new(Algorithm::Sha256, digest.trim_start_matches("b3:")).expect("64 digits");
    Pin { name, version, os: "linux".to_owned(), arch, url, checksum, published: None, measured: false }
}

/// A step on one line.
pub fn told(step: &Step) -> String {
    let word = |action: &Action| match action {
        Action::Lead { what, .. } => match what {
            Errand::Drain { why } => format!("drain({})", why.join(", ")),
            Errand::Uncordon => "uncordon".to_owned(),
            Errand::DeleteNode => "delete".to_owned(),
            Errand::AddLearner => "join".to_owned(),
            Errand::Promote => "promote".to_owned(),
            Errand::RemoveMember => "leave".to_owned(),
            Errand::MoveLeader => "hand on".to_owned(),
        },
        Action::Owe { debt } => format!("owe {debt:?}"),
        Action::Pay { .. } => "pay".to_owned(),
        Action::Settle => "settle".to_owned(),
        Action::Install { files } => format!("write {}", files.len()),
        Action::Remove { paths } => format!("remove {}", paths.len()),
        Action::DaemonReload => "daemon-reload".to_owned(),
        Action::Start { unit, .. } => format!("start {unit}"),
        Action::Restart { unit, .. } => format!("restart {unit}"),
        Action::Reload { unit, .. } => format!("reload {unit}"),
        Action::Stop { unit } => format!("stop {unit}"),
    };
    let is_told = |action: &&Action| {
        !matches!(action, Action::Owe { debt: Debt::Cordoned | Debt::Joining } | Action::Pay { .. })
    };
    let words: Vec<String> = step.actions.iter().filter(is_told).map(word).collect();
    let quorum = step.quorum.map(|quorum| format!(" [{quorum}]")).unwrap_or_default();
    format!("{}: {}{quorum}", step.host, words.join(", "))
}

/// The files that a step writes.
pub fn installed(step: &Step) -> Vec<&str> {
    let paths = step.actions.iter().filter_map(|action| match action {
        Action::Install { files } => Some(files.keys()),
        _ => None,
    });
    paths.flatten().map(AsRef::as_ref).collect()
}
