//! The changes of inputs that a golden file's change follows from, and what was written of it.

use std::collections::{BTreeSet, HashMap, HashSet};

use kthw_graph::NodeId;

use crate::diff::{CauseSet, Causes};
use crate::golden::{self, Golden, GoldenFiles};
use crate::plan;
use crate::side::Side;

/// What the list of nodes says of a file that should be there, since it was written with the others.
pub enum Said {
    /// That it was rendered as it is now.
    Same,
    /// That another kthw rendered it.
    Other,
    /// Nothing: it is a text about many nodes.
    Nothing,
}

/// The kinds of all nodes in a written list of them.
pub fn kinds(list: &str) -> HashMap<&str, &str> {
    list.lines().filter_map(golden::name_and_kind).collect()
}

/// Two states of the golden files, and what knows why they differ.
pub struct Search<'a> {
    then: GoldenFiles,
    now: GoldenFiles,
    hosts: [BTreeSet<String>; 2],
    pub causes: Causes<'a>,
}

impl<'a> Search<'a> {
    pub fn new(then: GoldenFiles, now: GoldenFiles, causes: Causes<'a>) -> Self {
        let hosts = [causes.before, causes.after].map(|side| plan::hosts(side.graph));
        Self { then, now, hosts, causes }
    }
}

impl Search<'_> {
    /// The changes of inputs that a golden file's change follows from; none if it should have stayed as it was.
    pub fn causes_of(&mut self, path: &str) -> Option<CauseSet> {
        let digest = |files: &GoldenFiles| files.get(path).map(Golden::digest);
        if digest(&self.then) == digest(&self.now) {
            return None;
        }
        let (then, now) = (self.then.get(path).cloned(), self.now.get(path).cloned());
        let mut found = CauseSet::default();
        for nodes in self.differing(then.as_ref(), now.as_ref()) {
            let causes = nodes.iter().map(|node| self.causes_of_node(node)).find(|causes| !causes.is_empty());
            found.extend(&causes.unwrap_or_default());
        }
        if found.is_empty() {
            found = CauseSet::any_of(0..self.causes.inputs.all().len());
        }
        (!found.is_empty()).then_some(found)
    }

    /// The names of the nodes that tell two sides of a file apart, each with what it is in.
    fn differing(&self, then: Option<&Golden>, now: Option<&Golden>) -> Vec<Vec<String>> {
        let (old, new) = (self.causes.before, self.causes.after);
        match (then, now) {
            // One file on both sides is explained by what it is now.
            (Some(Golden::Output { .. }), Some(file @ Golden::Output { .. })) => parts(new, file, None),
            _ => {
                let gone = then.map(|file| parts(old, file, now)).unwrap_or_default();
                gone.into_iter().chain(now.map(|file| parts(new, file, then)).unwrap_or_default()).collect()
            }
        }
    }

    fn causes_of_node(&mut self, name: &str) -> CauseSet {
        let [old, new] = &self.hosts;
        if let Some(host) = plan::host_of(name).filter(|host| old.contains(*host) != new.contains(*host)) {
            let own = self.causes.inputs.of_host(host);
            if !own.is_empty() {
                return own.into_iter().collect();
            }
        }
        (*self.causes.of(name)).clone()
    }

    /// What the written list of nodes says of a file; none of one that should not be there.
    pub fn said(&self, path: &str, written: &HashMap<&str, &str>) -> Option<Said> {
        Some(match self.now.get(path)? {
            Golden::Text(_) => Said::Nothing,
            Golden::Output { node, .. } => {
                let side = self.causes.after;
                match written
                    .get(side.name(*node))
                    .is_some_and(|kind| *kind == golden::kind(side.graph, *node))
                {
                    true => Said::Same,
                    false => Said::Other,
                }
            }
        })
    }
}

/// The nodes of what a file holds and another does not, nearest first.
fn parts(side: Side<'_>, file: &Golden, other: Option<&Golden>) -> Vec<Vec<String>> {
    let names = |nodes: &[NodeId]| nodes.iter().map(|id| side.name(*id).to_owned()).collect::<Vec<_>>();
    match file {
        Golden::Output { node, bundle, .. } => {
            vec![names(&std::iter::once(*node).chain(*bundle).collect::<Vec<_>>())]
        }
        Golden::Text(text) => {
            let known: HashSet<&str> = match other {
                Some(Golden::Text(other)) => other.entries.iter().map(|entry| entry.text.as_str()).collect(),
                _ => HashSet::new(),
            };
            let own = text.entries.iter().filter(|entry| !known.contains(entry.text.as_str()));
            own.map(|entry| names(&entry.about)).collect()
        }
    }
}
