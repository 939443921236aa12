//! Everything that a host holds: each path with who may use it, what it is, who reads it, and what these units want when it
//! changes, if that is no restart. The path stands alone in its line and an empty one ends it, so that git merges changes
//! of neighbours.

use std::collections::BTreeMap;
use std::fmt::Write;

use kthw_graph::{Action, NodeId, Yields};

use super::text::Entry;
use crate::artifact::{ArchiveMember, Artifact, Bundle};
use crate::side::Side;
use crate::tree::{OnChange, Service};

/// The lines of a host, by path.
pub fn listing<'a>(side: Side<'a>, bundle_id: NodeId, bundle: &'a Bundle) -> BTreeMap<&'a str, Entry> {
    let mut readers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Service { unit, reads, on_change, .. } in &bundle.services {
        let reader = match on_change {
            OnChange::Restart => unit.to_string(),
            OnChange::Reload => format!("{unit} (reload)"),
            OnChange::Nothing => format!("{unit} (no restart)"),
        };
        for path in reads {
            readers.entry(path).or_default().push(reader.clone());
        }
    }
    let inputs = side.graph.node(bundle_id).inputs.iter();
    let line = |(path, node): &'a (kthw_graph::Slot, NodeId)| {
        let permissions = bundle.files.get(path)?;
        let mut text = format!("{path}\n  {permissions} {}", what(side, *node));
        if let Some(units) = readers.get(&**path) {
            let _ = write!(text, ", read by {}", units.join(" "));
        }
        text.push_str("\n\n");
        Some((&**path, Entry { text, about: vec![*node, bundle_id] }))
    };
    inputs.filter_map(line).collect()
}

/// What a file is: the release that it is of, or its kind. The architecture is the host's.
fn what(side: Side<'_>, id: NodeId) -> String {
    match side.action(id) {
        Artifact::Download(download) => {
            let pin = &download.pin;
            let other = match (&pin.published, pin.measured) {
                (Some(_), _) => " (not as published)",
                (None, true) => " (measured from a mirror)",
                (None, false) => "",
            };
            format!("{} {}{other}", pin.name, pin.version)
        }
        Artifact::ArchiveMember(member) => match side.input(id, ArchiveMember::ARCHIVE) {
            Some(archive) => what(side, archive),
            None => member.path.clone(),
        },
        Artifact::PrivateKey(key) if key.generation > 1 => {
            format!("secret private-key of generation {}", key.generation)
        }
        other => match other.kind().yields {
            Yields::Secret => format!("secret {}", other.kind()),
            _ => other.kind().to_string(),
        },
    }
}
