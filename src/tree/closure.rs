//! What a service was started with.

use kthw_store::Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Service, Tree};

/// The files that a service was started with, by identity. A service whose closure is different in the tree that is to
/// be has to take that up, whoever wrote which files when: so a run that ends between writing and restarting still owes
/// the restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Of the unit and its drop-ins, which only a restart takes up.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub unit: Digest,
    /// Of everything else that it reads.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub reads: Digest,
}

impl Closure {
    /// Of a unit that runs with nobody knows what: it is equal to no other closure.
    pub const UNKNOWN: Self = Self { unit: Digest::from_bytes([0; 32]), reads: Digest::from_bytes([0; 32]) };

    pub(super) fn of(tree: &Tree, service: &Service) -> Self {
        let (mut unit, mut reads) = (Vec::new(), Vec::new());
        // Of a unit and its drop-ins all paths begin alike.
        let first = format!("{}{}", super::UNITS, service.unit);
        for (path, placed) in tree.files.range(std::borrow::Cow::Borrowed(first.as_str())..) {
            if !path.starts_with(&first) {
                break;
            }
            if service.owns(path) {
                placed.encode(path, &mut unit);
            }
        }
        for path in &service.reads {
            if let Some(placed) = tree.files.get(path) {
                placed.encode(path, &mut reads);
            }
        }
        Self { unit: Digest::of(&unit), reads: Digest::of(&reads) }
    }
}

fn as_text<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
