//! A state of the cluster's folder, planned and with every identity known: now, at a revision, or as a build found it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use kthw_graph::{NodeId, Realised};
use kthw_store::{ActionDigest, Mac, Output, Record, RecordEntry, Store};

use super::failure::Failure;
use super::opened::{
    Bound, ClusterSession, INPUT, Opened, identify_alongside, open_store, require_store, root_name,
};
use crate::cluster::Cluster;
use crate::lock::Lock;
use crate::plan;
use crate::side::{self, Side};
use crate::sources::{Folder, LOCK, Origin, SPEC};
use crate::sys::files;
use crate::sys::git::{self, Commit, GitError};
use crate::ui::Ui;

/// What to compare, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Folder,
    /// The last one, or the one of this number.
    Build(Option<u64>),
    Revision(String),
}

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

impl Name {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "." => Ok(Self::Folder),
            "build" => Ok(Self::Build(None)),
            "applied" | "live" => {
                let message = format!("`{text}` is not known: this kthw deploys nothing yet");
                Err(Failure::failed(message)
                    .help("compare with a git revision, or with a build such as `build:3`"))
            }
            _ => match text.strip_prefix("build:") {
                Some(number) => number.parse().map(|number| Self::Build(Some(number))).map_err(|_| {
                    Failure::failed(format!("`{text}` names no build"))
                        .help("write a number, as in `build:3`")
                }),
                None => Ok(Self::Revision(text.to_owned())),
            },
        }
    }
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
            Name::Revision(revision) => {
                let commit = find(folder, revision)?;
                let label = match commit.id.starts_with(revision.as_str()) {
                    true => commit.short().to_owned(),
                    false => format!("{revision} ({})", commit.short()),
                };
                (Origin::Commit(commit), Some(label), None)
            }
            Name::Build(number) => {
                let (number, record, texts) = build(folder, *number, ui)?;
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
        identify_alongside(&session, &bound.spec, &known, ui)?;
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
    let certificates = cluster.pki.authorities.values().map(|files| files.certificate.as_str());
    // Only a word of the label: whoever needs git says why it refuses. A certificate may be outside of the repository.
    let is_dirty = |file: &str| git::is_dirty(folder.path(), &[file]).unwrap_or(false);
    let dirty = git::is_repository(folder.path()).unwrap_or(false)
        && [SPEC, LOCK].into_iter().chain(certificates).any(is_dirty);
    if dirty { "the folder, with changes that are not committed".to_owned() } else { "the folder".to_owned() }
}

/// The commit of a revision, or what to do about that there is none.
pub fn find(folder: &Folder, revision: &str) -> Result<Commit, Failure> {
    Commit::find(folder.path(), revision).map_err(|error| {
        let help = match &error {
            GitError::Unknown { shallow: true, .. } => git::UNSHALLOW,
            GitError::Nothing { .. } => {
                "commit cluster.yaml and kthw.lock, or compare with the last build: `build`"
            }
            GitError::Unknown { .. } => {
                "`git log --oneline -- cluster.yaml` lists the revisions of the cluster"
            }
            _ => "compare with a recorded build instead, such as `build:3`",
        };
        Failure::failed(error).help(help)
    })
}

/// A recorded build: its number, its record without the inputs, and the texts of these.
fn build(
    folder: &Folder,
    number: Option<u64>,
    ui: &Ui,
) -> Result<(u64, Record, BTreeMap<String, String>), Failure> {
    require_store(folder)?;
    let store = open_store(folder, ui)?;
    let lock = files::read_text(&folder.join(LOCK))?.unwrap_or_default();
    let lock = Lock::parse(&lock)
        .map_err(|_| Failure::failed("kthw.lock cannot be read, and it says whose builds are meant"))?;
    let rows = store.roots(Some(&root_name(&lock)))?;
    let row = match number {
        None => rows.first(),
        Some(number) => rows.iter().find(|row| row.number == number),
    };
    let Some(row) = row else {
        let kept: Vec<String> = rows.iter().take(10).map(|row| row.number.to_string()).collect();
        let help = match kept.is_empty() {
            true => "`kthw build` records one".to_owned(),
            false => format!("the store has these: {}", kept.join(", ")),
        };
        let wanted = number.map_or_else(|| "a build".to_owned(), |number| format!("build {number}"));
        return Err(Failure::failed(format!("the store has no record of {wanted}")).help(help));
    };
    let lost = || Failure::failed(format!("the store has lost what build {} was made from", row.number));
    let mut record = store.record(&row.record)?.ok_or_else(lost)?;
    let texts = texts(&store, &record)?.ok_or_else(|| {
        lost().help("compare with a git revision; builds that are made from now on keep their inputs")
    })?;
    record.entries.retain(|entry| !entry.name.starts_with(INPUT));
    Ok((row.number, record, texts))
}

/// The number of the latest recorded build that yielded this identity of the whole cluster.
pub fn build_of(folder: &Folder, cluster: &str, ui: &Ui) -> Result<Option<u64>, Failure> {
    if !files::exists(&folder.store()) {
        return Ok(None);
    }
    let store = open_store(folder, ui)?;
    let lock = files::read_text(&folder.join(LOCK))?.unwrap_or_default();
    let Ok(lock) = Lock::parse(&lock) else { return Ok(None) };
    let mut others = HashSet::new();
    for row in store.roots(Some(&root_name(&lock)))? {
        // Builds that yield the same have the same record.
        if !others.insert(row.record) {
            continue;
        }
        let recorded = store.recorded(&row.record, plan::CLUSTER)?;
        if recorded.is_some_and(|entry| entry.output.to_string() == cluster) {
            return Ok(Some(row.number));
        }
    }
    Ok(None)
}

fn texts(store: &Store, record: &Record) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let mut texts = BTreeMap::new();
    for entry in &record.entries {
        if let (Some(path), Output::Public(digest)) = (entry.name.strip_prefix(INPUT), entry.output) {
            let text = store.get(&digest)?.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
            let Some(text) = text else { return Ok(None) };
            texts.insert(path.to_owned(), text);
        }
    }
    Ok((texts.contains_key(SPEC) && texts.contains_key(LOCK)).then_some(texts))
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
