//! One build of one graph against one store: what is known of each node, and how to get at its bytes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kthw_store::{ActionDigest, Mac, Output, Record, RecordEntry, Store, StoreError};

use crate::action::{Action, ActionError, Content, Executor, Job, JobInput, Kind, Reads, Yields};
use crate::graph::{Graph, NodeId};
use crate::name::NodeName;
use crate::previous::Previous;
use crate::realised::Realised;
use crate::secret::Secret;

/// One action that could not be carried out, or not trusted.
#[derive(Debug, thiserror::Error)]
pub enum NodeFailure {
    #[error("{name}: {error}")]
    Failed { name: NodeName, error: ActionError },
    #[error("{name}: it is not here yet; run `kthw fetch`")]
    NotFetched { name: NodeName },
    #[error("{name}: made again it is {found}, and it was {expected}; the {kind} kind is not reproducible")]
    Irreproducible { name: NodeName, kind: &'static str, expected: Output, found: Output },
    #[error("{name}: {error}")]
    Store { name: NodeName, error: StoreError },
}

/// Why a session stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Nodes(Vec<NodeFailure>),
}

/// A graph, a store and someone to do the work.
pub struct Session<A, X> {
    pub(crate) graph: Arc<Graph<A>>,
    pub(crate) store: Arc<Store>,
    pub(crate) executor: X,
    mac_key: Secret<[u8; 32]>,
    pub(crate) previous: Previous,
    realised: Vec<OnceLock<Realised>>,
    /// Contents that some node has still to read.
    contents: Mutex<HashMap<NodeId, Content>>,
    unread: Vec<AtomicU32>,
}

impl<A: Action, X: Executor<A>> Session<A, X> {
    /// `previous` is the record of the last build of this graph, if there is one: it answers for most nodes
    /// without a look into the store.
    pub fn new(
        graph: Arc<Graph<A>>,
        store: Arc<Store>,
        executor: X,
        mac_key: Secret<[u8; 32]>,
        previous: Option<Record>,
    ) -> Self {
        let previous = Previous::new(previous);
        let realised = std::iter::repeat_with(OnceLock::new).take(graph.len()).collect();
        let unread = std::iter::repeat_with(AtomicU32::default).take(graph.len()).collect();
        let contents = Mutex::default();
        Self { graph, store, executor, mac_key, previous, realised, contents, unread }
    }

    pub fn graph(&self) -> &Graph<A> {
        &self.graph
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What is known of a node; `None` until it has been realised.
    pub fn realised(&self, id: NodeId) -> Option<Realised> {
        self.realised[id.index()].get().copied()
    }

    /// Everything known, to be kept as a root.
    pub fn record(&self) -> Record {
        let known = self.graph.order().iter().filter_map(|id| Some((*id, self.realised(*id)?)));
        let entries = known.map(|(id, realised)| RecordEntry {
            name: self.graph.node(id).name.to_string(),
            action: realised.action,
            output: realised.output,
        });
        Record { entries: entries.collect() }
    }

    /// The bytes of a realised node: from the store or, where they are not kept or were lost, made again.
    pub fn content(&self, id: NodeId) -> Result<Content, NodeFailure> {
        let mut made: HashMap<NodeId, Content> = HashMap::new();
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if made.contains_key(&top) {
                stack.pop();
                continue;
            }
            if let Some(content) = self.at_hand(top)? {
                made.insert(top, content);
                continue;
            }
            let missing = self.missing_inputs(top, &made);
            if missing.is_empty() {
                let content = self.make_again(top, &made)?;
                self.keep(top, &content);
                made.insert(top, content);
            } else {
                stack.extend(missing);
            }
        }
        Ok(made.remove(&id).expect("the loop ends when the first node is made"))
    }

    /// The job of a node whose inputs are all realised.
    pub(crate) fn job(&self, id: NodeId, digest: ActionDigest) -> Result<Job<'_, A>, NodeFailure> {
        let contents = self.read_inputs(id)?;
        Ok(self.assemble(id, digest, contents))
    }

    /// The identity of what an action made, provided that it made what its kind promises.
    pub(crate) fn identify(
        &self,
        kind: Kind,
        action: ActionDigest,
        content: &Content,
    ) -> Result<Output, ActionError> {
        match (kind.yields, content) {
            (Yields::Public | Yields::Derived | Yields::Declassified, Content::Public(bytes)) => {
                Ok(Output::Public(kthw_store::Digest::of(bytes)))
            }
            (Yields::Secret, Content::Secret(bytes)) => Ok(Output::Secret(self.mac(bytes))),
            (Yields::Pinned, Content::Stored(_)) => Ok(Output::Pinned(action)),
            _ => Err(format!("the {kind} kind did not yield what it declares").into()),
        }
    }

    pub(crate) fn set_realised(&self, id: NodeId, realised: Realised) {
        let known = self.realised[id.index()].get_or_init(|| realised);
        assert_eq!(*known, realised, "a node is realised once");
    }

    /// Counts which contents will be read by nodes of this run, so that they are kept just long enough.
    pub(crate) fn expect_reads(&self, wanted: &[bool]) {
        for id in self.readers().filter(|id| wanted[id.index()]) {
            for (_, input) in &self.graph.node(id).inputs {
                self.unread[input.index()].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A node is realised, so it reads its inputs no more.
    pub(crate) fn done_reading(&self, id: NodeId) {
        let node = self.graph.node(id);
        if node.action.kind().reads == Reads::Identities {
            return;
        }
        for (_, input) in &node.inputs {
            if self.unread[input.index()].fetch_sub(1, Ordering::AcqRel) == 1 {
                self.contents().remove(input);
            }
        }
    }

    /// Keeps a content for the nodes that have still to read it.
    pub(crate) fn keep(&self, id: NodeId, content: &Content) {
        if self.unread[id.index()].load(Ordering::Acquire) > 0 {
            self.contents().insert(id, content.clone());
        }
    }

    fn readers(&self) -> impl Iterator<Item = NodeId> + '_ {
        let reads = |id: &NodeId| self.graph.node(*id).action.kind().reads == Reads::Contents;
        self.graph.order().iter().copied().filter(reads)
    }

    fn contents(&self) -> std::sync::MutexGuard<'_, HashMap<NodeId, Content>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, id: NodeId) -> Realised {
        self.realised(id).expect("inputs are realised before the nodes that are made from them")
    }

    fn mac(&self, secret: &Secret<Vec<u8>>) -> Mac {
        Mac::from_bytes(*blake3::keyed_hash(self.mac_key.expose(), secret.expose()).as_bytes())
    }

    /// The content of a realised node where it need not be made.
    fn at_hand(&self, id: NodeId) -> Result<Option<Content>, NodeFailure> {
        if let Some(content) = self.contents().get(&id) {
            return Ok(Some(content.clone()));
        }
        let found = match self.known(id).output {
            Output::Public(digest) => self.store.get(&digest).map(|b| b.map(Content::public)),
            Output::Pinned(action) => self.store.pinned_blob(&action).map(|b| b.map(Content::Stored)),
            Output::Secret(_) => Ok(None),
        };
        let found =
            found.map_err(|error| NodeFailure::Store { name: self.graph.node(id).name.clone(), error })?;
        if let Some(content) = &found {
            self.keep(id, content);
        }
        Ok(found)
    }

    fn missing_inputs(&self, id: NodeId, made: &HashMap<NodeId, Content>) -> Vec<NodeId> {
        let node = self.graph.node(id);
        if node.action.kind().reads == Reads::Identities {
            return Vec::new();
        }
        node.inputs.iter().map(|(_, input)| *input).filter(|input| !made.contains_key(input)).collect()
    }

    /// Carries a realised action out once more and insists on the same output.
    fn make_again(&self, id: NodeId, made: &HashMap<NodeId, Content>) -> Result<Content, NodeFailure> {
        let node = self.graph.node(id);
        let (name, kind) = (&node.name, node.action.kind());
        if kind.yields == Yields::Pinned {
            return Err(NodeFailure::NotFetched { name: name.clone() });
        }
        let failed = |error| NodeFailure::Failed { name: name.clone(), error };
        let expected = self.known(id);
        let contents = node.inputs.iter().map(|(_, input)| made.get(input).cloned()).collect();
        let job = self.assemble(id, expected.action, contents);
        let content = self.executor.compute(&job).map_err(failed)?;
        let found = self.identify(kind, expected.action, &content).map_err(failed)?;
        if found != expected.output {
            let (name, kind) = (name.clone(), kind.name);
            return Err(NodeFailure::Irreproducible { name, kind, expected: expected.output, found });
        }
        if let (Content::Public(bytes), Yields::Public | Yields::Declassified) = (&content, kind.yields) {
            // A store that cannot be written stays as it is: the bytes are at hand all the same.
            let _ = self.store.put(bytes);
        }
        Ok(content)
    }

    fn read_inputs(&self, id: NodeId) -> Result<Vec<Option<Content>>, NodeFailure> {
        let node = self.graph.node(id);
        let read = node.action.kind().reads == Reads::Contents;
        node.inputs.iter().map(|(_, input)| read.then(|| self.content(*input)).transpose()).collect()
    }

    fn assemble(&self, id: NodeId, digest: ActionDigest, contents: Vec<Option<Content>>) -> Job<'_, A> {
        let node = self.graph.node(id);
        let inputs = node.inputs.iter().zip(contents).map(|((slot, input), content)| JobInput {
            slot: slot.clone(),
            name: self.graph.node(*input).name.clone(),
            output: self.known(*input).output,
            content,
        });
        Job { name: &node.name, action: &node.action, digest, inputs: inputs.collect() }
    }
}
