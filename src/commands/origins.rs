//! Where a value was decided, as people find it.

use crate::diff::Decider;
use crate::sources::{LOCK, SPEC};
use crate::spec::Positions;

/// The line of the cluster's file, or the entry of the lock; none for what the program decides.
pub fn place_of(decider: &Decider, positions: &Positions<'_>) -> Option<String> {
    match decider {
        Decider::Spec(path) => Some(match positions.exact(path) {
            Some(place) => format!("{SPEC}:{} {path}", place.line),
            None => format!("default of {path}"),
        }),
        Decider::Lock(entry) => Some(format!("{LOCK} {entry}")),
        Decider::Program => None,
    }
}
