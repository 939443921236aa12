//! What is known of a node once its action is.

use kthw_store::{ActionDigest, Output};

/// What a node's action turned out to be called, and what it yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Realised {
    pub action: ActionDigest,
    pub output: Output,
}
