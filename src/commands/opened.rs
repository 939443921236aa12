//! A cluster folder, read, decided, planned and ready to be realised.

use std::sync::Arc;

use kthw_graph::{Goal, Limits, NodeFailure, NodeId, Outcome, Session, SessionError};
use kthw_store::{Record, Store};

use super::authorities::{self, Authorities};
use super::failure::{Exit, Failure};
use crate::artifact::{Artifact, Download};
use crate::cluster::Cluster;
use crate::executor::Workshop;
use crate::imported::ImportedKeys;
use crate::lock::{Lock, LockProblem};
use crate::plan::{self, Plan, PlanProblem};
use crate::root::RootSecret;
use crate::sources::{Folder, LOCK, SPEC, Sources, SourcesError};
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
    files: Vec<String>,
    spec: Arc<str>,
    root: RootSecret,
    keys: ImportedKeys,
}

impl Opened {
    pub fn read(folder: Folder, ui: &Ui) -> Result<Self, Failure> {
        Self::decide(Sources::read(folder)?, ui)
    }

    /// From text to plan; every problem of the inputs at once.
    pub fn decide(sources: Sources, ui: &Ui) -> Result<Self, Failure> {
        warn_of_public_root(&sources, ui);
        let lock = read_lock(&sources.lock);
        let cluster = read_cluster(&sources.spec, ui);
        let (cluster, lock) = match (cluster, lock) {
            (Ok(cluster), Ok(lock)) => (cluster, lock),
            (cluster, lock) => {
                let problems = [cluster.err(), lock.err()].into_iter().flatten().flatten();
                return Err(Failure::wrong_input(problems.collect()));
            }
        };
        check_root(&lock, &sources.root)?;
        let Authorities { public, keys, files } = authorities::read(&sources, &cluster, &lock, ui)?;
        let fingerprint = sources.fingerprint(&files);
        let files = files.into_iter().map(|file| file.path).collect();
        let plan = plan::plan(&cluster, &lock, sources.root.fingerprint(), &public).map_err(|problems| {
            let positions = Positions::new(&sources.spec);
            let locate = |problem: &PlanProblem| {
                let diagnostic = Diagnostic::error(problem.to_string());
                let Some(field) = problem.field() else { return diagnostic };
                let Place { line, column, len } = positions.locate(field);
                diagnostic.at(SPEC, &sources.spec, line, column, len)
            };
            Failure::wrong_input(problems.iter().map(locate).collect())
        })?;
        let Sources { folder, spec, root, .. } = sources;
        Ok(Self { folder, fingerprint, files, cluster, lock, plan, spec, root, keys })
    }

    /// Binds the plan to the store, starting from what the last build knew.
    pub fn session(self, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        let lost = store.forget_missing_files()?;
        let previous = match store.latest_root(&root_name(&self.lock))? {
            // A record that knows of outputs that are gone must not vouch for them.
            Some((_, record)) if lost.is_empty() => store.record(&record)?,
            _ => None,
        };
        self.bind(store, previous)
    }

    /// Binds the plan to the store, looking everything up anew.
    pub fn session_afresh(self, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        self.bind(store, None)
    }

    fn bind(self, store: Store, previous: Option<Record>) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = Arc::new(store);
        let mac_key = self.root.mac_key();
        let workshop =
            Workshop::new(self.root, self.keys, Arc::clone(&store), self.cluster.downloads.mirrors);
        let graph = Arc::new(self.plan.graph);
        // The process ends with the command: to take a large graph apart first would only cost time.
        std::mem::forget(Arc::clone(&graph));
        let session = Session::new(graph, store, workshop, mac_key, previous);
        let bound = Bound {
            folder: self.folder,
            fingerprint: self.fingerprint,
            files: self.files,
            root_name: root_name(&self.lock),
            spec: self.spec,
        };
        Ok((Arc::new(session), bound))
    }
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
    /// The text of the cluster's file that was planned.
    pub spec: Arc<str>,
}

/// The name under which a cluster's builds are kept in the store.
pub fn root_name(lock: &Lock) -> String {
    format!("build/{}", lock.cluster)
}

/// Fails where there is no store yet, so that looking after one does not make one.
pub fn require_store(folder: &Folder) -> Result<(), Failure> {
    let store = folder.store();
    match files::exists(&store) {
        true => Ok(()),
        false => Err(Failure::failed(format!("there is no store at {store}; `kthw build` makes one"))),
    }
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
    let cpu = std::thread::available_parallelism().map_or(2, usize::from);
    let limits = Limits { cpu, network: 4, disk: 2 };
    let progress = Arc::new(ui.progress());
    let listener = Arc::clone(&progress);
    let outcome = runtime()?.block_on(session.realise(
        goal,
        targets,
        limits,
        Arc::new(move |event| listener.show(event)),
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

/// The lock, or its problems.
pub fn read_lock(text: &Arc<str>) -> Result<Lock, Vec<Diagnostic>> {
    Lock::parse(text).map_err(|problems| lock_problems(text, &problems))
}

/// Problems of the lock, each in its place.
pub fn lock_problems(text: &Arc<str>, problems: &[LockProblem]) -> Vec<Diagnostic> {
    let locate = |p: &LockProblem| {
        Diagnostic::error(&p.message).at(LOCK, text, p.line, p.column, 1).help(Some(&p.fix))
    };
    problems.iter().map(locate).collect()
}

/// The cluster, after its warnings were shown, or the problems of its file.
pub fn read_cluster(text: &Arc<str>, ui: &Ui) -> Result<Cluster, Vec<Diagnostic>> {
    let (cluster, warnings) = load_cluster(text)?;
    ui.diagnostics(&warnings);
    Ok(cluster)
}

/// The cluster with the warnings of its file, or the problems of that.
pub fn load_cluster(text: &Arc<str>) -> Result<(Cluster, Vec<Diagnostic>), Vec<Diagnostic>> {
    let locate = |located: &Located| {
        let problem = &located.problem;
        let diagnostic = match problem.severity {
            spec::Severity::Error => Diagnostic::error(&problem.message),
            spec::Severity::Warning => Diagnostic::warning(&problem.message),
        };
        let Located { line, column, len, .. } = *located;
        let diagnostic = match problem.discreet {
            true => diagnostic.at_unquoted(SPEC, line, column),
            false => diagnostic.at(SPEC, text, line, column, len),
        };
        diagnostic.help(problem.fix.as_deref())
    };
    match spec::load(text) {
        Ok((cluster, warnings)) => Ok((cluster, warnings.iter().map(locate).collect())),
        Err(problems) => Err(problems.iter().map(locate).collect()),
    }
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
