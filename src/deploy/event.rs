//! What happens while steps are carried out, for whoever watches.

use serde::Serialize;

use crate::tree::Stage;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// Counted from one.
    WaveBegun {
        wave: usize,
        of: usize,
        stage: Stage,
    },
    StepBegun {
        host: &'a str,
    },
    /// Its actions are done, and its gate is waited for.
    StepWaits {
        host: &'a str,
        until: String,
    },
    StepDone {
        host: &'a str,
    },
    StepFailed {
        host: &'a str,
        why: String,
    },
    /// The host is what it was before the step.
    StepUndone {
        host: &'a str,
    },
}
