//! The scheduler: whatever is ready is looked up, whatever is stale is carried out, and nothing waits for
//! what it does not need.
//!
//! Only this loop changes what is known; workers compute and hand back. Outputs do not depend on the order
//! in which workers finish, because an action sees nothing but its parameters and its inputs.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kthw_store::{ActionDigest, Batch, ExecutionGuard, Output, StoreError};
use tokio::task::{JoinHandle, JoinSet};

use crate::action::{Action, Content, Executor, Resource, Yields};
use crate::description::Encoder;
use crate::event::{Event, Listener};
use crate::graph::NodeId;
use crate::realised::Realised;
use crate::session::{NodeFailure, Session, SessionError};

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Know every output. What is pinned is known by its pin and stays where it is.
    Identify,
    /// Have what is pinned too.
    Fetch,
    /// Carry out everything again and compare.
    Check,
}

/// How much may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub cpu: usize,
    pub network: usize,
    pub disk: usize,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The nodes whose actions were carried out, in the order of the graph's definition.
    pub executed: Vec<NodeId>,
    /// How many nodes were known without.
    pub reused: usize,
}

/// Nodes are handed to a worker by the dozen: most take microseconds.
const CHUNK: usize = 64;
/// A transaction is closed after so many realisations.
const TRANSACTION: usize = 4096;

/// An action that has to be carried out.
struct Stale {
    id: NodeId,
    action: ActionDigest,
    description: Vec<u8>,
    /// What it yielded before, when it is only checked.
    expected: Option<Output>,
}

/// What a worker hands back.
struct Work {
    resource: Resource,
    batch: Batch,
    results: Vec<Result<Done, NodeFailure>>,
}

/// An action that was carried out.
struct Done {
    id: NodeId,
    realised: Realised,
    content: Content,
}

impl<A: Action, X: Executor<A>> Session<A, X> {
    /// Realises these nodes and all that they are made from.
    pub async fn realise(
        self: &Arc<Self>,
        goal: Goal,
        targets: &[NodeId],
        limits: Limits,
        listener: Arc<Listener>,
    ) -> Result<Outcome, SessionError> {
        let mut run = Run::new(Arc::clone(self), goal, targets, limits, listener);
        let result = run.drive().await;
        run.commit().await?;
        run.committed().await?;
        result?;
        run.outcome.executed.sort();
        Ok(run.outcome)
    }

    /// Carries out one action on this thread.
    fn execute(&self, stale: &Stale, batch: &mut Batch) -> Result<Done, NodeFailure> {
        let content = {
            let job = self.job(stale.id, stale.action)?;
            self.executor.compute(&job).map_err(|error| self.failure(stale.id, error))?
        };
        self.settle(stale, content, batch)
    }

    /// Names what was made, writes it down, and keeps it for those who read it.
    fn settle(&self, stale: &Stale, content: Content, batch: &mut Batch) -> Result<Done, NodeFailure> {
        let node = self.graph.node(stale.id);
        let kind = node.action.kind();
        let output =
            self.identify(kind, stale.action, &content).map_err(|error| self.failure(stale.id, error))?;
        if let Some(expected) = stale.expected.filter(|expected| *expected != output) {
            let name = node.name.clone();
            return Err(NodeFailure::Irreproducible { name, kind: kind.name, expected, found: output });
        }
        let description = stale.description.clone();
        match (&content, output) {
            (Content::Public(_), Output::Public(digest)) if kind.yields == Yields::Derived => {
                batch.derived(stale.action, description, digest);
            }
            (Content::Public(bytes), _) => {
                batch.public(stale.action, description, bytes.to_vec());
            }
            (_, Output::Secret(mac)) => batch.secret(stale.action, description, mac),
            (Content::Stored(blob), _) => batch.pinned(stale.action, description, Some(*blob)),
            (Content::Secret(_), _) => unreachable!("identify names a secret by its MAC"),
        }
        self.keep(stale.id, &content);
        Ok(Done { id: stale.id, realised: Realised { action: stale.action, output }, content })
    }

    fn failure(&self, id: NodeId, error: crate::action::ActionError) -> NodeFailure {
        NodeFailure::Failed { name: self.graph.node(id).name.clone(), error }
    }

    async fn fetch(self: Arc<Self>, stale: Stale, listener: Arc<Listener>) -> Work {
        let mut batch = Batch::default();
        let result = self.transfer(&stale, &mut batch, &listener).await;
        Work { resource: Resource::Network, batch, results: vec![result] }
    }

    /// Fetches one pinned action's bytes, unless another process has just done so.
    async fn transfer(
        &self,
        stale: &Stale,
        batch: &mut Batch,
        listener: &Arc<Listener>,
    ) -> Result<Done, NodeFailure> {
        let name = &self.graph.node(stale.id).name;
        let trouble = |error| NodeFailure::Store { name: name.clone(), error };
        let (store, action) = (Arc::clone(&self.store), stale.action);
        let lock = tokio::task::spawn_blocking(move || store.transfer_lock(&action));
        let _guard = lock.await.expect("taking a lock does not panic").map_err(trouble)?;
        if let Some(blob) = self.store.pinned_blob(&stale.action).map_err(trouble)? {
            return self.settle(stale, Content::Stored(blob), batch);
        }
        let job = self.job(stale.id, stale.action)?;
        let progress = |transfer| listener(Event::Transferred { name, transfer });
        let content =
            self.executor.transfer(job, &progress).await.map_err(|error| self.failure(stale.id, error))?;
        let settled = self.settle(stale, content, batch)?;
        // Whoever waits for this transfer must find it done, so it is written down under the lock.
        self.store.commit(std::mem::take(batch)).map_err(trouble)?;
        Ok(settled)
    }
}

/// The state of one run.
struct Run<A, X> {
    session: Arc<Session<A, X>>,
    goal: Goal,
    limits: Limits,
    listener: Arc<Listener>,
    encoder: Encoder,
    /// Where the last build's record is likely to know the next node.
    next_previous: usize,
    /// Nodes that this run is about.
    wanted: Vec<bool>,
    /// For each node, how many of its inputs are not realised yet.
    missing: Vec<usize>,
    ready: VecDeque<NodeId>,
    stale: Queues<VecDeque<Stale>>,
    running: Queues<usize>,
    workers: JoinSet<Work>,
    /// The actions being carried out, each with the other nodes that wait for the very same one.
    under_way: HashMap<ActionDigest, Vec<NodeId>>,
    /// What this run's actions yielded, before and after it is in the store.
    yielded: HashMap<ActionDigest, Output>,
    batch: Batch,
    /// The transaction that is being written.
    committing: Option<JoinHandle<Result<(), StoreError>>>,
    /// Held while actions are carried out, so that two processes share work instead of repeating it.
    guard: Option<ExecutionGuard>,
    outcome: Outcome,
}

/// One of something for each resource.
#[derive(Default)]
struct Queues<T> {
    cpu: T,
    network: T,
    disk: T,
}

impl<T> Queues<T> {
    fn of(&mut self, resource: Resource) -> &mut T {
        match resource {
            Resource::Cpu => &mut self.cpu,
            Resource::Network => &mut self.network,
            Resource::Disk => &mut self.disk,
        }
    }
}

impl<A: Action, X: Executor<A>> Run<A, X> {
    fn new(
        session: Arc<Session<A, X>>,
        goal: Goal,
        targets: &[NodeId],
        limits: Limits,
        listener: Arc<Listener>,
    ) -> Self {
        let graph = &session.graph;
        let wanted = graph.closure(targets.iter().copied());
        session.expect_reads(&wanted);
        let mut missing = vec![0; graph.len()];
        for id in graph.order() {
            missing[id.index()] = graph.node(*id).inputs.len();
        }
        let is_ready = |id: &NodeId| wanted[id.index()] && missing[id.index()] == 0;
        let ready = graph.order().iter().copied().filter(is_ready).collect();
        Self {
            ready,
            wanted,
            missing,
            session,
            goal,
            limits,
            listener,
            encoder: Encoder::default(),
            next_previous: 0,
            stale: Queues::default(),
            running: Queues::default(),
            workers: JoinSet::new(),
            under_way: HashMap::new(),
            yielded: HashMap::new(),
            batch: Batch::default(),
            committing: None,
            guard: None,
            outcome: Outcome::default(),
        }
    }

    async fn drive(&mut self) -> Result<(), SessionError> {
        let nodes = self.wanted.iter().filter(|wanted| **wanted).count();
        (self.listener)(Event::Begun { nodes });
        loop {
            while let Some(id) = self.ready.pop_front() {
                self.decide(id).await?;
            }
            self.dispatch();
            self.yield_to_others().await?;
            let Some(work) = self.workers.join_next().await else { return Ok(()) };
            let work = work.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            self.absorb(work).await?;
        }
    }

    /// Finds out whether a ready node is known or stale.
    async fn decide(&mut self, id: NodeId) -> Result<(), SessionError> {
        let action = self.describe(id);
        let mut known = self.lookup(id, action)?;
        let node = self.session.graph.node(id);
        let resource = node.action.kind().resource;
        if known.is_none() && resource != Resource::Network && self.guard.is_none() {
            self.guard = Some(self.take_guard().await?);
            // Whoever held it may have done this very action.
            known = self.lookup(id, action)?;
        }
        if let Some(output) = known {
            self.complete(id, Realised { action, output }, false);
            return Ok(());
        }
        self.session.store.require_write()?;
        if let Some(twins) = self.under_way.get_mut(&action) {
            twins.push(id);
            return Ok(());
        }
        self.under_way.insert(action, Vec::new());
        let expected = match (self.session.realised(id), self.goal) {
            (Some(known), _) => Some(known.output),
            (None, Goal::Check) => self.session.store.realisation(&action)?,
            (None, Goal::Identify | Goal::Fetch) => None,
        };
        let description = self.encoder.bytes().to_vec();
        self.stale.of(resource).push_back(Stale { id, action, description, expected });
        Ok(())
    }

    /// Leaves the description in the encoder.
    fn describe(&mut self, id: NodeId) -> ActionDigest {
        let node = self.session.graph.node(id);
        self.encoder.begin(&node.action.kind());
        node.action.describe(&mut self.encoder);
        for (slot, input) in &node.inputs {
            let input = self.session.realised(*input).expect("a ready node's inputs are realised");
            self.encoder.input(slot, input.output);
        }
        self.encoder.digest()
    }

    /// The output of the action just described, if it need not be carried out.
    fn lookup(&mut self, id: NodeId, action: ActionDigest) -> Result<Option<Output>, StoreError> {
        if let Some(output) = self.yielded.get(&action) {
            return Ok(Some(*output));
        }
        let (node, store) = (self.session.graph.node(id), &self.session.store);
        let before = self.session.previous.get(node.name.as_str(), &mut self.next_previous);
        let before = before.filter(|before| before.action == action);
        if node.action.kind().yields == Yields::Pinned {
            if self.goal == Goal::Fetch && store.pinned_blob(&action)?.is_none() {
                return Ok(None);
            }
            if before.is_none() && store.description(&action)?.is_none() {
                self.batch.pinned(action, self.encoder.bytes().to_vec(), None);
            }
            return Ok(Some(Output::Pinned(action)));
        }
        match (self.goal, before) {
            (Goal::Check, _) => Ok(None),
            (_, Some(before)) => Ok(Some(before.output)),
            (_, None) => store.realisation(&action),
        }
    }

    async fn take_guard(&self) -> Result<ExecutionGuard, StoreError> {
        let (store, listener) = (Arc::clone(&self.session.store), Arc::clone(&self.listener));
        let waiting = move |holder: &str| listener(Event::Waiting { holder });
        let lock = tokio::task::spawn_blocking(move || store.execution_lock(waiting));
        lock.await.expect("taking a lock does not panic")
    }

    /// Starts as much as the limits allow.
    fn dispatch(&mut self) {
        for (resource, limit) in [(Resource::Cpu, self.limits.cpu), (Resource::Disk, self.limits.disk)] {
            while *self.running.of(resource) < limit && !self.stale.of(resource).is_empty() {
                let queue = self.stale.of(resource);
                let share = queue.len().div_ceil(2 * limit).min(CHUNK);
                let chunk: Vec<Stale> = queue.drain(..share).collect();
                *self.running.of(resource) += 1;
                self.spawn_chunk(resource, chunk);
            }
        }
        while self.running.network < self.limits.network {
            let Some(stale) = self.stale.network.pop_front() else { break };
            self.running.network += 1;
            self.announce(stale.id);
            self.workers.spawn(Arc::clone(&self.session).fetch(stale, Arc::clone(&self.listener)));
        }
    }

    fn spawn_chunk(&mut self, resource: Resource, chunk: Vec<Stale>) {
        chunk.iter().for_each(|stale| self.announce(stale.id));
        let session = Arc::clone(&self.session);
        self.workers.spawn_blocking(move || {
            let mut batch = Batch::default();
            let results = chunk.iter().map(|stale| session.execute(stale, &mut batch)).collect();
            Work { resource, batch, results }
        });
    }

    fn announce(&self, id: NodeId) {
        let node = self.session.graph.node(id);
        (self.listener)(Event::Started { name: &node.name, kind: node.action.kind() });
    }

    /// Takes in what a worker did.
    async fn absorb(&mut self, work: Work) -> Result<(), SessionError> {
        *self.running.of(work.resource) -= 1;
        self.batch.append(work.batch);
        let mut failures = Vec::new();
        for result in work.results {
            match result {
                Ok(done) => {
                    self.outcome.executed.push(done.id);
                    self.yielded.insert(done.realised.action, done.realised.output);
                    self.complete(done.id, done.realised, true);
                    for twin in self.under_way.remove(&done.realised.action).into_iter().flatten() {
                        self.session.keep(twin, &done.content);
                        self.complete(twin, done.realised, false);
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        if !failures.is_empty() {
            self.finish_running(&mut failures).await;
            return Err(SessionError::Nodes(failures));
        }
        if self.batch.len() >= TRANSACTION {
            self.commit().await?;
        }
        Ok(())
    }

    /// After a failure nothing new starts; what runs is let finish, so that its work is not lost.
    async fn finish_running(&mut self, failures: &mut Vec<NodeFailure>) {
        while let Some(work) = self.workers.join_next().await {
            let work = work.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            self.batch.append(work.batch);
            failures.extend(work.results.into_iter().filter_map(Result::err));
        }
    }

    /// Records that a node's output is known, which may make others ready.
    fn complete(&mut self, id: NodeId, realised: Realised, executed: bool) {
        self.session.set_realised(id, realised);
        self.session.done_reading(id);
        self.outcome.reused += usize::from(!executed);
        (self.listener)(Event::Realised { name: &self.session.graph.node(id).name, executed });
        for dependent in self.session.graph.dependents(id) {
            let missing = &mut self.missing[dependent.index()];
            *missing -= 1;
            if *missing == 0 && self.wanted[dependent.index()] {
                self.ready.push_back(dependent);
            }
        }
    }

    /// While only the network is awaited, other processes may execute.
    async fn yield_to_others(&mut self) -> Result<(), StoreError> {
        let busy = self.running.cpu + self.running.disk > 0;
        if !busy && self.running.network > 0 && self.guard.is_some() {
            self.commit().await?;
            self.committed().await?;
            self.guard = None;
        }
        Ok(())
    }

    /// Writes down what was done so far, while the next actions are carried out.
    async fn commit(&mut self) -> Result<(), StoreError> {
        self.committed().await?;
        if !self.batch.is_empty() {
            let (store, batch) = (Arc::clone(&self.session.store), std::mem::take(&mut self.batch));
            self.committing = Some(tokio::task::spawn_blocking(move || store.commit(batch)));
        }
        Ok(())
    }

    /// Waits for the transaction under way.
    async fn committed(&mut self) -> Result<(), StoreError> {
        match self.committing.take() {
            Some(commit) => commit.await.expect("a commit does not panic"),
            None => Ok(()),
        }
    }
}
