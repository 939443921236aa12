//! Priority classes: how much pods matter.

use super::choice::choice;

/// A class of pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorityClass {
    pub name: String,
    pub value: i32,
    pub global_default: bool,
    pub preemption_policy: PreemptionPolicy,
    pub description: String,
}

choice! {
    /// Whether pods drive others away that matter less.
    PreemptionPolicy {
        LowerPriority = "PreemptLowerPriority",
        Never = "Never",
    }
}
