//! A plan that is bound to a store, and how its nodes are realised.

use std::collections::HashSet;
use std::sync::Arc;

use kthw_graph::{Event, Goal, Limits, NodeFailure, NodeId, Outcome, Session, SessionError};
use kthw_store::{Record, Store};

use super::Opened;
use super::builds::root_name;
use super::store::open_store;
use crate::artifact::{Artifact, Download};
use crate::cluster::Cluster;
use crate::executor::Workshop;
use crate::failure::{Exit, Failure};
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::root::RootFingerprint;
use crate::sources::{Folder, SPEC, SourcesError};
use crate::spec::Positions;
use crate::ui::{Diagnostic, Ui};

/// The graph of a cluster, bound to a store.
pub type ClusterSession = Session<Artifact, Workshop>;

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
    /// What follows from the root secret where that is not here, so that nobody can make it.
    unknown: HashSet<NodeId>,
}

impl Bound {
    /// Those of these nodes that can be made here.
    pub fn makeable(&self, nodes: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
        nodes.into_iter().filter(|id| self.can_make(*id)).collect()
    }

    pub fn can_make(&self, id: NodeId) -> bool {
        !self.unknown.contains(&id)
    }

    /// How many nodes cannot be made here.
    pub fn unmakeable(&self) -> usize {
        self.unknown.len()
    }
}

impl Opened {
    /// Binds the plan to the store, starting from what the last build knew.
    pub fn session(self, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        let is_whole = store.forget_missing_files()?.is_empty();
        self.begin(store, is_whole, true)
    }

    /// Binds the plan to a store of which it is known whether it has lost anything.
    pub fn session_in(self, is_whole: bool, ui: &Ui) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = open_store(&self.folder, ui)?;
        self.begin(store, is_whole, false)
    }

    /// A graph that is the only one of its command is kept until the process ends: to take a large one apart would only cost
    /// time. States of the past are many, and each is let go when the next one is looked at.
    fn begin(
        self,
        store: Store,
        is_whole: bool,
        is_kept: bool,
    ) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let previous = match store.latest_root(&root_name(&self.lock))? {
            // A record that knows of outputs that are gone must not vouch for them.
            Some((_, record)) if is_whole => store.record(&record)?,
            _ => None,
        };
        self.bind(store, previous, is_kept)
    }

    fn bind(
        self,
        store: Store,
        previous: Option<Record>,
        is_kept: bool,
    ) -> Result<(Arc<ClusterSession>, Bound), Failure> {
        let store = Arc::new(store);
        let (mac_key, fingerprint) = (self.root.mac_key(), self.root.fingerprint());
        let mirrors = self.cluster.downloads.mirrors.clone();
        let unknown = if self.is_stand_in { self.unknown() } else { HashSet::new() };
        let workshop = Workshop::new(self.root, self.is_stand_in, self.keys, Arc::clone(&store), mirrors);
        let graph = Arc::new(self.plan.graph);
        if is_kept {
            std::mem::forget(Arc::clone(&graph));
        }
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
            unknown,
        };
        Ok((Arc::new(session), bound))
    }
}

/// Realises these nodes of the cluster, showing how it goes.
pub fn realise(
    session: &Arc<ClusterSession>,
    bound: &Bound,
    goal: Goal,
    targets: &[NodeId],
    ui: &Ui,
) -> Result<Outcome, Failure> {
    realise_telling(session, bound, goal, targets, |_| true, ui)
}

/// Makes known what these nodes yield, while another part of this process does the same in the same store: that one of
/// them waits for the other is nothing to tell.
pub fn identify_alongside(
    session: &Arc<ClusterSession>,
    bound: &Bound,
    targets: &[NodeId],
    ui: &Ui,
) -> Result<Outcome, Failure> {
    let tells = |event: &Event<'_>| !matches!(event, Event::Waiting { .. });
    realise_telling(session, bound, Goal::Identify, targets, tells, ui)
}

fn realise_telling(
    session: &Arc<ClusterSession>,
    bound: &Bound,
    goal: Goal,
    targets: &[NodeId],
    tells: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static,
    ui: &Ui,
) -> Result<Outcome, Failure> {
    if let Some(id) = targets.iter().find(|id| !bound.can_make(**id)) {
        let name = &session.graph().node(*id).name;
        let failure = Failure::from(SourcesError::NoRoot { path: bound.folder.private_root() });
        return Err(failure
            .help(format!("{name} follows from it; whatever follows from no key can be had without it")));
    }
    let spec = &bound.spec;
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
