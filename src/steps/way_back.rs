//! What is done if a step does not reach its gate.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::gate::Gate;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum WayBack {
    /// These bring the host back to what it was before the step.
    Actions { actions: Vec<Action>, gate: Gate },
    /// The host stays as the step left it: `why` says what would be lost.
    Stop { why: String },
}
