//! Who may execute and download: one process at a time.

use crate::digest::ActionDigest;
use crate::error::Result;
use crate::lock::Lock;
use crate::store::Store;

/// The right to execute actions in a store; freed on drop.
#[derive(Debug)]
pub struct ExecutionGuard(#[expect(dead_code, reason = "held for its drop")] Lock);

/// The right to download for one action; freed on drop.
#[derive(Debug)]
pub struct TransferGuard(#[expect(dead_code, reason = "held for its drop")] Lock);

impl Store {
    /// Waits for the exclusive right to execute actions, so that two processes share work instead of repeating it: who
    /// has waited looks up again what the other has realised. `waiting` is told the holder, once, when there is one.
    pub fn execution_lock(&self, waiting: impl FnOnce(&str)) -> Result<ExecutionGuard> {
        self.require_write()?;
        Lock::exclusive(&self.layout().execution_lock(), waiting).map(ExecutionGuard)
    }

    /// Waits for the exclusive right to download for one action.
    pub fn transfer_lock(&self, action: &ActionDigest) -> Result<TransferGuard> {
        self.require_write()?;
        Lock::exclusive(&self.layout().transfer_lock(action), |_| {}).map(TransferGuard)
    }
}
