//! A cluster folder, read, decided, planned and ready to be realised.

mod authorities;
mod builds;
mod generations;
mod input_paths;
mod inputs;
mod session;
mod store;
mod unpublished;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kthw_graph::{Action, NodeId, Yields};

use crate::artifact::Artifact;
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::imported::{ImportedAuthorities, ImportedKeys};
use crate::lock::{self, Lock};
use crate::plan::{self, Plan, PlanProblem};
use crate::root::RootSecret;
use crate::side;
use crate::sources::{Folder, LOCK, NamedFile, Origin, SPEC, Sources};
use crate::spec::{Place, Positions};
use crate::ui::{Diagnostic, Ui};

use authorities::Authorities;
use inputs::read_lock;

pub use builds::{Build, build, input_entry, is_input, latest_builds};
pub use inputs::{check_root, lock_problems, read_and_warn, read_cluster, warn_of_public_root};
pub use session::{Bound, ClusterSession, identify_alongside, realise, runtime};
pub use store::{copy_blob, digest_of, open_store, require_store};
pub use unpublished::{refused as refuse_unpublished, standing as standing_warnings};

/// A cluster folder with everything decided that its files decide.
pub struct Opened {
    pub folder: Folder,
    pub fingerprint: String,
    pub cluster: Cluster,
    pub lock: Lock,
    pub plan: Plan,
    /// Whether the root is not the cluster's own, so that what comes from keys is not what hosts have.
    pub is_stand_in: bool,
    pub imported: ImportedAuthorities,
    /// What to warn of in the inputs, for whoever is to be told.
    pub warnings: Vec<Diagnostic>,
    /// What has to be told each time, however long it is known.
    pub standing: Vec<Diagnostic>,
    files: Vec<String>,
    texts: Vec<(String, Arc<str>)>,
    spec: Arc<str>,
    root: RootSecret,
    keys: ImportedKeys,
}

impl Opened {
    pub fn read(folder: Folder, ui: &Ui) -> Result<Self, Failure> {
        Self::decide(Sources::read(folder, Origin::Folder)?, ui)
    }

    /// What follows from a key that is not here, so that nobody knows what it is.
    pub fn unknown(&self) -> HashSet<NodeId> {
        side::following(&self.plan.graph, |action| match action {
            Artifact::ImportedKey(key) if !self.is_stand_in => self.keys.of(&key.public_key).is_none(),
            _ => self.is_stand_in && action.kind().yields == Yields::Secret,
        })
    }

    /// The keys of authorities that are at hand.
    pub fn keys(&self) -> ImportedKeys {
        self.keys.clone()
    }

    /// Takes the keys that another state has at hand: where they are looked for may have changed.
    pub fn add_keys(&mut self, keys: &ImportedKeys) {
        self.keys.add_all(keys);
    }

    /// The inputs that are no secret, by their paths.
    pub fn texts(&self) -> &[(String, Arc<str>)] {
        &self.texts
    }

    /// From text to plan; every problem of the inputs at once. A root that is not here is stood in for, so that everything
    /// can be done that needs no key.
    pub fn decide(sources: Sources, ui: &Ui) -> Result<Self, Failure> {
        warn_of_public_root(&sources, ui);
        let opened = Self::decide_any(sources, |lock, root| match root {
            Some(root) => check_root(lock, root).map(|()| true),
            None => Ok(false),
        })?;
        ui.diagnostics(&opened.warnings);
        ui.diagnostics(&opened.standing);
        Ok(opened)
    }

    /// Some state of the folder, to be looked at: nothing that is made from it is for a host. Where the root is not here, or
    /// another than an earlier lock's, one stands in for it in the plan; what follows from it is not to be made.
    pub fn review(folder: Folder, origin: Origin) -> Result<Self, Failure> {
        let is_now = matches!(origin, Origin::Folder);
        let is_own = |lock: &Lock, root: Option<&RootSecret>| match root {
            // What was may have had another root; what is must not.
            Some(root) if is_now => check_root(lock, root).map(|()| true),
            root => Ok(root.is_some_and(|root| lock.root == root.fingerprint().to_string())),
        };
        Self::decide_any(Sources::read(folder, origin)?, is_own)
    }

    /// `judge` refuses a root, or says whether it is the cluster's own. In the place of another, one stands in.
    fn decide_any(
        mut sources: Sources,
        judge: impl Fn(&Lock, Option<&RootSecret>) -> Result<bool, Failure>,
    ) -> Result<Self, Failure> {
        let prefix = sources.origin.prefix();
        let is_past = !matches!(sources.origin, Origin::Folder);
        let lock = read_lock(&prefix, &sources.lock).and_then(|lock| {
            // What was is looked at as it was.
            let refused = if is_past { Vec::new() } else { unpublished::refused(&sources.lock, &lock) };
            if refused.is_empty() { Ok(lock) } else { Err(refused) }
        });
        let cluster = read_cluster(&prefix, &sources.spec);
        let ((cluster, mut warnings), lock) = match (cluster, lock) {
            (Ok(cluster), Ok(lock)) => (cluster, lock),
            (cluster, lock) => {
                let problems = [cluster.err(), lock.err()].into_iter().flatten().flatten();
                return Err(Failure::wrong_input(problems.collect()));
            }
        };
        let is_own = judge(&lock, sources.root.as_ref())?;
        let own = sources.root.take().filter(|_| is_own);
        let is_stand_in = own.is_none();
        let root = own.unwrap_or_else(|| RootSecret::stand_in(&lock.root));
        let Authorities { public, keys, files, warnings: more } =
            authorities::read(&sources, &cluster, &lock)?;
        warnings.extend(more);
        let fingerprint = sources.fingerprint(&root, &files);
        let texts = texts(&sources, &cluster, &files);
        let files = files.into_iter().map(|file| file.path).collect();
        let plan = plan::plan(&cluster, &lock, root.fingerprint(), &public).map_err(|problems| {
            let positions = Positions::new(&sources.spec);
            let locate = |problem: &PlanProblem| {
                let diagnostic = Diagnostic::error(problem.to_string()).help(problem.fix());
                if let Some((section, label)) = problem.entry() {
                    let places = lock::places(&sources.lock, section);
                    let (line, column) = places.get(label).copied().unwrap_or((1, 1));
                    return diagnostic.at(
                        &format!("{prefix}{LOCK}"),
                        &sources.lock,
                        line,
                        column,
                        label.len(),
                    );
                }
                let Some(field) = problem.field() else { return diagnostic };
                let Place { line, column, len } = positions.locate(field);
                diagnostic.at(&format!("{prefix}{SPEC}"), &sources.spec, line, column, len)
            };
            let (unpinned, others): (Vec<_>, Vec<_>) =
                problems.iter().partition(|problem| is_unpinned(problem));
            let unpinned = unpinned_releases(&unpinned).map(|what| {
                let next = if is_past { "" } else { "; run `kthw lock`" };
                Diagnostic::error(format!("{prefix}{what}{next}"))
            });
            let failure =
                Failure::wrong_input(unpinned.into_iter().chain(others.into_iter().map(locate)).collect());
            match is_past && problems.iter().any(is_unpinned) {
                true => failure
                    .help("run `kthw lock` and commit it, or compare with a revision that has its pins"),
                false => failure,
            }
        })?;
        warnings.extend(generations::strays(&prefix, &sources.lock, &lock, &plan.graph));
        warnings.extend(input_paths::missing(&prefix, &sources.spec, &cluster, &plan.graph));
        let Sources { folder, spec, .. } = sources;
        let standing = unpublished::standing(&lock);
        Ok(Self {
            folder,
            fingerprint,
            cluster,
            lock,
            plan,
            is_stand_in,
            files,
            texts,
            imported: public,
            standing,
            warnings,
            spec,
            root,
            keys,
        })
    }
}

fn is_unpinned(problem: &PlanProblem) -> bool {
    matches!(problem, PlanProblem::Unpinned { .. })
}

/// All releases that the lock lacks, as one problem: one command pins them.
fn unpinned_releases(problems: &[&PlanProblem]) -> Option<String> {
    let mut by_arch: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for problem in problems {
        if let PlanProblem::Unpinned { name, version, arch } = problem {
            by_arch.entry(arch).or_default().push(format!("{name} {version}"));
        }
    }
    let of_arch = |(arch, names): (&str, Vec<String>)| format!("{} for linux/{arch}", names.join(", "));
    let all: Vec<String> = by_arch.into_iter().map(of_arch).collect();
    (!all.is_empty()).then(|| format!("kthw.lock does not pin {}", all.join("; nor ")))
}

/// The inputs that are no secret: both files, and the certificates that the cluster's file names.
fn texts(sources: &Sources, cluster: &Cluster, named: &[NamedFile]) -> Vec<(String, Arc<str>)> {
    let certificates = cluster.pki.authorities.values().map(|files| &files.certificate);
    let certificates = certificates.filter_map(|path| {
        let file = named.iter().find(|file| file.path == *path)?;
        Some((path.clone(), std::str::from_utf8(file.bytes()?.expose()).ok()?.into()))
    });
    let own = [(SPEC.to_owned(), Arc::clone(&sources.spec)), (LOCK.to_owned(), Arc::clone(&sources.lock))];
    own.into_iter().chain(certificates).collect()
}
