//! A cluster folder, read, decided, planned and ready to be realised.

use std::collections::HashSet;
use std::sync::Arc;

use kthw_graph::{Action, Event, Goal, Limits, NodeFailure, NodeId, Outcome, Session, SessionError, Yields};
use kthw_store::{Record, Store};

use super::authorities::{self, Authorities};
use super::failure::{Exit, Failure};
use super::generations;
use crate::artifact::{Artifact, Download};
use crate::cluster::Cluster;
use crate::executor::Workshop;
use crate::imported::{ImportedAuthorities, ImportedKeys};
use crate::lock::{Lock, LockProblem};
use crate::plan::{self, Plan, PlanProblem};
use crate::root::{RootFingerprint, RootSecret};
use crate::side;
use crate::sources::{self, Folder, LOCK, NamedFile, Origin, SPEC, Sources, SourcesError};
use crate::spec::{self, Located, Place, Positions};
use crate::sys::files;
use crate::ui::{Diagnostic, Ui};

/// The graph of a cluster, bound to a store.
pub type ClusterSession = Session<Artifact, Workshop>;

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
    files: Vec<String>,
    texts: Vec<(String, Arc<str>)>,
    spec: Arc<str>,
    root: RootSecret,
    keys: ImportedKeys,
}

impl Opened {
    pub fn read(folder: Folder, ui: &Ui) -> Result<Self, Failure> {
        Self::decide(Sources::read(folder)?, ui)
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

    /// From text to plan; every problem of the inputs at once.
    pub fn decide(sources: Sources, ui: &Ui) -> Result<Self, Failure> {
        warn_of_public_root(&sources, ui);
        let (opened, warnings) =
            Self::decide_any(sources, |lock, root| check_root(lock, root).map(|()| None))?;
        ui.diagnostics(&warnings);
        Ok(opened)
    }

    /// Some state of the folder, to be looked at: nothing that is made from it is for a host. Where the root is another
    /// than the lock's, or not here, one stands in for it in the plan; what follows from it is not to be made.
    pub fn review(folder: Folder, origin: Origin) -> Result<Self, Failure> {
        let sources = Sources::read_for_review(folder, origin)?;
        let stand_in = |lock: &Lock, root: &RootSecret| {
            let other = lock.root != root.fingerprint().to_string();
            Ok(other.then(|| RootSecret::stand_in(&lock.root)))
        };
        Ok(Self::decide_any(sources, stand_in)?.0)
    }

    /// `judge` refuses a root, or puts another in its place.
    fn decide_any(
        mut sources: Sources,
        judge: impl Fn(&Lock, &RootSecret) -> Result<Option<RootSecret>, Failure>,
    ) -> Result<(Self, Vec<Diagnostic>), Failure> {
        let prefix = sources.origin.prefix();
        let is_past = !matches!(sources.origin, Origin::Folder);
        let lock = read_lock(&prefix, &sources.lock);
        let cluster = read_cluster(&prefix, &sources.spec);
        let ((cluster, mut warnings), lock) = match (cluster, lock) {
            (Ok(cluster), Ok(lock)) => (cluster, lock),
            (cluster, lock) => {
                let problems = [cluster.err(), lock.err()].into_iter().flatten().flatten();
                return Err(Failure::wrong_input(problems.collect()));
            }
        };
        let stand_in = judge(&lock, &sources.root)?;
        let is_stand_in = stand_in.is_some();
        if let Some(root) = stand_in {
            sources.root = root;
        }
        let Authorities { public, keys, files, warnings: more } =
            authorities::read(&sources, &cluster, &lock)?;
        warnings.extend(more);
        let fingerprint = sources.fingerprint(&files);
        let texts = texts(&sources, &cluster, &files);
        let files = files.into_iter().map(|file| file.path).collect();
        let plan = plan::plan(&cluster, &lock, sources.root.fingerprint(), &public).map_err(|problems| {
            let positions = Positions::new(&sources.spec);
            let locate = |problem: &PlanProblem| {
                if let PlanProblem::Unpinned { .. } = problem {
                    let next = if is_past { "" } else { "; run `kthw lock`" };
                    return Diagnostic::error(format!("{prefix}{problem}{next}"));
                }
                let diagnostic = Diagnostic::error(problem.to_string());
                let Some(field) = problem.field() else { return diagnostic };
                let Place { line, column, len } = positions.locate(field);
                diagnostic.at(&format!("{prefix}{SPEC}"), &sources.spec, line, column, len)
            };
            let failure = Failure::wrong_input(problems.iter().map(locate).collect());
            match is_past && problems.iter().any(|problem| matches!(problem, PlanProblem::Unpinned { .. })) {
                true => failure
                    .help("run `kthw lock` and commit it, or compare with a revision that has its pins"),
                false => failure,
            }
        })?;
        warnings.extend(generations::strays(&prefix, &sources.lock, &lock, &plan.graph));
        let Sources { folder, spec, root, .. } = sources;
        let opened = Self {
            folder,
            fingerprint,
            cluster,
            lock,
            plan,
            is_stand_in,
            files,
            texts,
            imported: public,
            spec,
            root,
            keys,
        };
        Ok((opened, warnings))
    }

    /// Binds the plan to the store, starting from what the last build knew.
    pub fn session(self, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        let is_whole = store.forget_missing_files()?.is_empty();
        self.begin(store, is_whole)
    }

    /// Binds the plan to a store of which it is known whether it has lost anything.
    pub fn session_in(self, is_whole: bool, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        self.begin(store, is_whole)
    }

    fn begin(self, store: Store, is_whole: bool) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let previous = match store.latest_root(&root_name(&self.lock))? {
            // A record that knows of outputs that are gone must not vouch for them.
            Some((_, record)) if is_whole => store.record(&record)?,
            _ => None,
        };
        self.bind(store, previous)
    }

    fn bind(self, store: Store, previous: Option<Record>) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = Arc::new(store);
        let (mac_key, fingerprint) = (self.root.mac_key(), self.root.fingerprint());
        let mirrors = self.cluster.downloads.mirrors.clone();
        let workshop = Workshop::new(self.root, self.keys, Arc::clone(&store), mirrors);
        let graph = Arc::new(self.plan.graph);
        // The process ends with the command: to take a large graph apart first would only cost time.
        std::mem::forget(Arc::clone(&graph));
        let session = Session::new(graph, store, workshop, mac_key, previous);
        let bound = Bound {
            folder: self.folder,
            fingerprint: self.fingerprint,
            files: self.files,
            root_name: root_name(&self.lock),
            texts: self.texts,
            spec: self.spec,
            cluster: self.cluster,
            lock: self.lock,
            imported: self.imported,
            root: fingerprint,
            is_stand_in: self.is_stand_in,
        };
        Ok((Arc::new(session), bound))
    }
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

/// Says it wherever such a cluster is used, so that nobody takes it for a real one.
pub fn warn_of_public_root(sources: &Sources, ui: &Ui) {
    if sources.root.is_public_example() {
        let text = "this cluster's root secret is a public example: anyone can derive every key of it";
        let help = "`kthw init` makes a cluster with a root secret of its own";
        ui.diagnostics(&[Diagnostic::warning(text).help(Some(help))]);
    }
}

/// What is left of an opened folder once its graph is in a session.
pub struct Bound {
    pub folder: Folder,
    pub fingerprint: String,
    /// The files that the cluster's file names.
    pub files: Vec<String>,
    pub root_name: String,
    /// The inputs that may be kept, by their paths.
    pub texts: Vec<(String, Arc<str>)>,
    /// The text of the cluster's file that was planned.
    pub spec: Arc<str>,
    pub cluster: Cluster,
    pub lock: Lock,
    pub imported: ImportedAuthorities,
    pub root: RootFingerprint,
    pub is_stand_in: bool,
}

/// The name under which a cluster's builds are kept in the store.
pub fn root_name(lock: &Lock) -> String {
    format!("build/{}", lock.cluster)
}

/// What stands before the path of an input in the record of a build.
pub const INPUT: &str = "input/";

/// Fails where there is no store yet, so that looking after one does not make one.
pub fn require_store(folder: &Folder) -> Result<(), Failure> {
    let store = folder.store();
    if files::exists(&store) {
        return Ok(());
    }
    sources::read_spec(folder)?;
    Err(Failure::failed(format!("there is no store at {store}; `kthw build` makes one")))
}

/// Opens the folder's store and passes on what it has to say.
pub fn open_store(folder: &Folder, ui: &Ui) -> Result<Store, Failure> {
    let store = Store::open(&folder.store())?;
    if let Some(aside) = store.set_aside() {
        let text =
            format!("the store's database was damaged and is set aside as {aside}; everything is made anew");
        ui.diagnostics(&[Diagnostic::warning(text)]);
    }
    Ok(store)
}

/// Realises these nodes of the cluster that this text describes, showing how it goes.
pub fn realise(
    session: &Arc<ClusterSession>,
    spec: &Arc<str>,
    goal: Goal,
    targets: &[NodeId],
    ui: &Ui,
) -> Result<Outcome, Failure> {
    realise_telling(session, spec, goal, targets, |_| true, ui)
}

/// Makes known what these nodes yield, while another part of this process does the same in the same store: that one of
/// them waits for the other is nothing to tell.
pub fn identify_alongside(
    session: &Arc<ClusterSession>,
    spec: &Arc<str>,
    targets: &[NodeId],
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let tells = |event: &Event<'_>| !matches!(event, Event::Waiting { .. });
    realise_telling(session, spec, Goal::Identify, targets, tells, ui)
}

fn realise_telling(
    session: &Arc<ClusterSession>,
    spec: &Arc<str>,
    goal: Goal,
    targets: &[NodeId],
    tells: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static,
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let cpu = std::thread::available_parallelism().map_or(2, usize::from);
    let limits = Limits { cpu, network: 4, disk: 2 };
    let progress = Arc::new(ui.progress());
    let listener = Arc::clone(&progress);
    let outcome = runtime()?.block_on(session.realise(
        goal,
        targets,
        limits,
        Arc::new(move |event| {
            if tells(&event) {
                listener.show(event);
            }
        }),
    ));
    outcome.map_err(|error| match error {
        SessionError::Nodes(failures) => {
            let positions = Positions::new(spec);
            let failure = |failure: &NodeFailure| located(failure, session, &positions, spec);
            Failure { exit: Exit::Failed, diagnostics: failures.iter().map(failure).collect() }
        }
        SessionError::Store(error) => error.into(),
    })
}

/// A node's failure, at the place in the cluster's file that has to be looked at if there is one.
fn located(
    failure: &NodeFailure,
    session: &ClusterSession,
    positions: &Positions<'_>,
    spec: &Arc<str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(failure.to_string());
    let NodeFailure::Failed { name, .. } = failure else { return diagnostic };
    let node = session.graph().find(name.as_str()).map(|id| &session.graph().node(id).action);
    let Some(Artifact::Download(Download { written_in: Some(field), .. })) = node else { return diagnostic };
    let place = positions.locate(field);
    let help = format!("compare {field}, its URL and its checksum, with what is published");
    diagnostic.at(SPEC, spec, place.line, place.column, place.len).help(Some(help))
}

/// What drives waiting: for the network, and for workers.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| Failure::failed(format!("cannot start worker threads: {error}")))
}

/// The lock, or its problems. The prefix is of the file's name, as in `lock_problems`.
fn read_lock(prefix: &str, text: &Arc<str>) -> Result<Lock, Vec<Diagnostic>> {
    Lock::parse(text).map_err(|problems| lock_problems(prefix, text, &problems))
}

/// Problems of the lock, each in its place. The prefix says which state of the folder has that file.
pub fn lock_problems(prefix: &str, text: &Arc<str>, problems: &[LockProblem]) -> Vec<Diagnostic> {
    let file = format!("{prefix}{LOCK}");
    let locate = |p: &LockProblem| {
        Diagnostic::error(&p.message).at(&file, text, p.line, p.column, 1).help(Some(&p.fix))
    };
    problems.iter().map(locate).collect()
}

/// The cluster with what to warn of, or the problems of its file.
pub fn read_cluster(prefix: &str, text: &Arc<str>) -> Result<(Cluster, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file = format!("{prefix}{SPEC}");
    let locate = |located: &Located| {
        let problem = &located.problem;
        let diagnostic = match problem.severity {
            spec::Severity::Error => Diagnostic::error(&problem.message),
            spec::Severity::Warning => Diagnostic::warning(&problem.message),
        };
        let Located { line, column, len, .. } = *located;
        let diagnostic = match problem.discreet {
            true => diagnostic.at_unquoted(&file, line, column),
            false => diagnostic.at(&file, text, line, column, len),
        };
        diagnostic.help(problem.fix.as_deref())
    };
    match spec::load(text) {
        Ok((cluster, warnings)) => Ok((cluster, warnings.iter().map(locate).collect())),
        Err(problems) => Err(problems.iter().map(locate).collect()),
    }
}

/// The folder's cluster, after what it warns of was shown.
pub fn read_and_warn(text: &Arc<str>, ui: &Ui) -> Result<Cluster, Failure> {
    let (cluster, warnings) = read_cluster("", text).map_err(Failure::wrong_input)?;
    ui.diagnostics(&warnings);
    Ok(cluster)
}

/// Whether this root is the lock's: with another one every key would change.
pub fn check_root(lock: &Lock, root: &RootSecret) -> Result<(), Failure> {
    let found = root.fingerprint().to_string();
    if lock.root == found {
        return Ok(());
    }
    let message = format!("the root secret is {found}, and kthw.lock belongs to {}", lock.root);
    let help = "put this cluster's own root secret back; with another one every key would change";
    Err(Failure::wrong_input(vec![Diagnostic::error(message).help(Some(help))]))
}

impl From<SourcesError> for Failure {
    fn from(error: SourcesError) -> Self {
        match error {
            SourcesError::File(error) => error.into(),
            error => Self::wrong_input(vec![Diagnostic::error(error.to_string())]),
        }
    }
}
