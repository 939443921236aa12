//! Generations in the lock that no key has.

use std::collections::BTreeSet;
use std::sync::Arc;

use kthw_graph::Graph;

use crate::artifact::Artifact;
use crate::lock::{Lock, places};
use crate::meant::{AMONG_FEW, did_you_mean};
use crate::sources::LOCK;
use crate::ui::Diagnostic;

/// A warning for each: whoever wrote it wanted a key replaced, and none was. The key of a host that is gone keeps its
/// generation for the day that the host is back. The prefix says which state of the folder has that lock.
pub fn strays(prefix: &str, text: &Arc<str>, lock: &Lock, graph: &Graph<Artifact>) -> Vec<Diagnostic> {
    if lock.generations.is_empty() {
        return Vec::new();
    }
    let labels = graph.order().iter().filter_map(|id| match &graph.node(*id).action {
        Artifact::PrivateKey(key) => Some(key.label.as_str()),
        _ => None,
    });
    let labels: BTreeSet<&str> = labels.collect();
    let stray = |label: &&String| !labels.contains(label.as_str());
    let places = places(text, "generations");
    let warning = |label: &String| {
        let message = format!("no key is called `{label}`, so that none has this generation");
        let help = did_you_mean(label, labels.iter().copied(), AMONG_FEW)
            .unwrap_or_else(|| "a key is called as its node in graph.txt, without `/key`".to_owned());
        let diagnostic = Diagnostic::warning(message).help(Some(help));
        match places.get(label.as_str()).copied() {
            Some((line, column)) => {
                diagnostic.at(&format!("{prefix}{LOCK}"), text, line, column, label.chars().count())
            }
            None => diagnostic,
        }
    };
    lock.generations.keys().filter(stray).map(warning).collect()
}
