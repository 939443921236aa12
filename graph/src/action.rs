//! What a node of the graph does, as far as the graph needs to know.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use kthw_store::{ActionDigest, Digest, Output};

use crate::manifest::Manifest;
use crate::name::{NodeName, Slot};
use crate::secret::Secret;

/// Something that can be done, described so that it can be hashed and explained.
pub trait Action: Send + Sync + 'static {
    fn kind(&self) -> Kind;

    /// Names every parameter, in a fixed order.
    fn describe(&self, manifest: &mut dyn Manifest);
}

/// The family that an action belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    /// Bumped when the same parameters and inputs come to yield other bytes.
    pub version: u32,
    pub yields: Yields,
    pub reads: Reads,
    pub resource: Resource,
}

/// What becomes of an action's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yields {
    /// Bytes that anyone may see. No input whose contents are read may be secret.
    Public,
    /// Bytes that anyone may see and that are made again whenever they are wanted, because that costs less than
    /// keeping them. No input whose contents are read may be secret.
    Derived,
    /// Bytes that anyone may see although an input is secret, such as a certificate: a reviewed exception.
    Declassified,
    /// Bytes that are never stored.
    Secret,
    /// Bytes from elsewhere that the description pins: known by name before they are here.
    Pinned,
}

/// What an action looks at of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Contents,
    /// Only their names: nothing needs to be fetched or derived for it.
    Identities,
}

/// What an action is limited by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Cpu,
    Network,
    Disk,
}

/// An output at hand.
#[derive(Clone)]
pub enum Content {
    Public(Arc<[u8]>),
    Secret(Arc<Secret<Vec<u8>>>),
    /// Bytes that are in the store already, such as a download.
    Stored(Digest),
}

impl Content {
    pub fn public(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Public(bytes.into())
    }

    pub fn secret(bytes: Vec<u8>) -> Self {
        Self::Secret(Arc::new(Secret::new(bytes)))
    }
}

/// One input of a job: its identity and, if the action reads contents, its content.
pub struct JobInput {
    pub slot: Slot,
    pub name: NodeName,
    pub output: Output,
    pub content: Option<Content>,
}

/// One action with all that it needs.
pub struct Job<'a, A> {
    pub name: &'a NodeName,
    pub action: &'a A,
    pub digest: ActionDigest,
    /// Sorted by slot.
    pub inputs: Vec<JobInput>,
}

impl<A> Job<'_, A> {
    pub fn input(&self, slot: &str) -> Option<&JobInput> {
        let index = self.inputs.binary_search_by(|input| (*input.slot).cmp(slot)).ok()?;
        self.inputs.get(index)
    }
}

/// Why an action did not succeed, in one line that names the next step.
pub type ActionError = Box<dyn std::error::Error + Send + Sync>;

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    pub bytes: u64,
    pub total: Option<u64>,
}

/// Carries out actions. The graph decides which and when.
pub trait Executor<A>: Send + Sync + 'static {
    /// Does what needs a processor or a disk. Called on a worker thread.
    fn compute(&self, job: &Job<'_, A>) -> Result<Content, ActionError>;

    /// Does what waits for the network, reporting progress.
    fn transfer(
        &self,
        job: Job<'_, A>,
        progress: &(dyn Fn(Transfer) + Send + Sync),
    ) -> impl Future<Output = Result<Content, ActionError>> + Send;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
