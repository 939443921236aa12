//! A state of the cluster's folder, planned and with every identity known: now, at a revision, or as a build found it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kthw_graph::{NodeId, Realised};
use kthw_store::{ActionDigest, Mac, Output, Record, RecordEntry};

use super::name::{Name, find};
use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::opened::{Bound, Build, ClusterSession, Opened, build, identify_alongside};
use crate::side::{self, Side};
use crate::sources::{Folder, LOCK, Origin, SPEC};
use crate::sys::git;
use crate::ui::Ui;

/// A state with what is known of it.
pub struct State {
    /// As people call it.
    pub label: String,
    pub session: Arc<ClusterSession>,
    pub bound: Bound,
    /// What is not what the session says: what another kthw recorded, and what follows from a key that is not here.
    recorded: HashMap<NodeId, Realised>,
    /// What follows from a key that is not here.
    keyed: HashSet<NodeId>,
}

/// A state that is read and planned, of which nothing is identified yet.
pub struct Draft {
    label: String,
    pub opened: Opened,
    /// Of a build, without its inputs.
    record: Option<Record>,
}

impl Draft {
    pub fn read(folder: &Folder, name: &Name, ui: &Ui) -> Result<Self, Failure> {
        let (origin, label, record) = match name {
            Name::Folder => (Origin::Folder, None, None),
            Name::Nothing => return Err(Failure::failed("`nothing` is no state of a cluster")),
            Name::Revision(revision) => {
                let commit = find(folder, revision)?;
                let label = match commit.id.starts_with(revision.as_str()) {
                    true => commit.short().to_owned(),
                    false => format!("{revision} ({})", commit.short()),
                };
                (Origin::Commit(commit), Some(label), None)
            }
            Name::Build(number) => {
                let Build { number, record, texts } = build(folder, *number, ui)?;
                let label = format!("build {number}");
                (Origin::Build(number, Arc::new(texts)), Some(label), Some(record))
            }
        };
        let opened = Opened::review(folder.clone(), origin)?;
        let label = label.unwrap_or_else(|| folder_label(folder, &opened.cluster));
        Ok(Self { label, opened, record })
    }

    /// Makes every identity known, in a store that has lost nothing or not.
    pub fn identify(self, is_whole: bool, ui: &Ui) -> Result<State, Failure> {
        let Self { label, opened, record } = self;
        let keyed = opened.unknown();
        let (session, bound) = opened.session_in(is_whole, ui)?;
        let graph = session.graph();
        let known: Vec<NodeId> = graph.order().iter().copied().filter(|id| !keyed.contains(id)).collect();
        identify_alongside(&session, &bound, &known, ui)?;
        let recorded = match record {
            Some(record) => recorded(&session, record, &keyed, &bound.lock.root, &label)?,
            None => HashMap::new(),
        };
        let mut state = State { label, session, bound, recorded, keyed };
        let by_recipe = state.by_recipe();
        state.recorded.extend(by_recipe);
        Ok(state)
    }
}

impl State {
    /// What a node yields in this state.
    pub fn realised(&self, id: NodeId) -> Option<Realised> {
        self.recorded.get(&id).copied().or_else(|| self.session.realised(id))
    }

    /// The same, and nothing of what follows from a key that is not here.
    pub fn known(&self, id: NodeId) -> Option<Realised> {
        if self.keyed.contains(&id) { None } else { self.realised(id) }
    }

    /// What follows from a key that is not here.
    pub fn unknown(&self) -> &HashSet<NodeId> {
        &self.keyed
    }

    /// The public bytes of a node; none of a secret, of a download, or of what nobody can make again here.
    pub fn text(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure> {
        match self.realised(id).map(|realised| realised.output) {
            _ if self.keyed.contains(&id) => Ok(None),
            // What another kthw derived was never kept, and only that kthw can make it again.
            Some(Output::Public(digest)) if self.recorded.contains_key(&id) => {
                Ok(self.session.store().get(&digest)?.map(|bytes| bytes.to_vec()))
            }
            Some(Output::Public(_)) => match self.session.content(id)? {
                kthw_graph::Content::Public(bytes) => Ok(Some(bytes.to_vec())),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Names of what follows from keys that are not here: by what it is made from.
    fn by_recipe(&self) -> HashMap<NodeId, Realised> {
        let realised = |id| self.realised(id);
        let others = self.keyed.iter().filter_map(|id| Some((*id, self.recorded.get(id)?.action))).collect();
        let side = Side { graph: self.session.graph(), realised: &realised };
        let named = side::recipes(side, &self.keyed, &others).into_iter().map(|(id, recipe)| {
            let bytes = recipe.with_root(&self.bound.lock.root);
            let (action, output) = (ActionDigest::from_bytes(bytes), Output::Secret(Mac::from_bytes(bytes)));
            (id, Realised { action, output })
        });
        named.collect()
    }
}

fn folder_label(folder: &Folder, cluster: &Cluster) -> String {
    let mut certificates = cluster.pki.authorities.values().map(|files| files.certificate.as_str());
    // Only a word of the label: whoever needs git says why it refuses.
    let is_dirty = |files: &[&str]| git::is_dirty(folder.path(), files).unwrap_or(false);
    // A certificate may be outside of the repository, where git refuses to look.
    let dirty = is_dirty(&[SPEC, LOCK]) || certificates.any(|file| is_dirty(&[file]));
    if dirty { "the folder, with changes that are not committed".to_owned() } else { "the folder".to_owned() }
}

/// Where a record and what its inputs yield now disagree: another kthw made it. Of what follows from a key that is not
/// here, only the action can be told.
fn recorded(
    session: &ClusterSession,
    record: Record,
    keyed: &HashSet<NodeId>,
    root: &str,
    label: &str,
) -> Result<HashMap<NodeId, Realised>, Failure> {
    let graph = session.graph();
    let entries = record.entries.iter();
    let then: HashMap<NodeId, Realised> = entries
        .filter_map(|entry| {
            let RecordEntry { name, action, output } = entry;
            Some((graph.find(name)?, Realised { action: *action, output: *output }))
        })
        .collect();
    if then.len() != record.entries.len() || then.len() != graph.len() {
        let message = format!("{label} was made by a kthw that plans other files of the same cluster");
        return Err(Failure::failed(message).help("compare the golden files of both in git instead"));
    }
    let realised = |id| then.get(&id).copied();
    let side = Side { graph, realised: &realised };
    let is_other = |id: NodeId, then: Realised| match keyed.contains(&id) {
        true => side::named(side, id, root) != Some(then.action),
        false => session.realised(id) != Some(then),
    };
    Ok(then.iter().map(|(id, then)| (*id, *then)).filter(|(id, then)| is_other(*id, *then)).collect())
}
