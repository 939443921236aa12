//! A state of the cluster's folder, planned and with every identity known: now, at a revision, or as a build found it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use kthw_graph::{NodeId, Realised};
use kthw_store::{ActionDigest, Mac, Output, Record, RecordEntry, Store};

use super::failure::Failure;
use super::opened::{
    Bound, ClusterSession, INPUT, Opened, identify_alongside, open_store, require_store, root_name,
};
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
    /// What is not what the session says: what another kthw recorded, and what follows from a root that is not here.
    recorded: HashMap<NodeId, Realised>,
    /// What follows from a root that is not here.
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

impl State {
    /// Reads, plans and identifies a state, in a store that has lost nothing or not.
    pub fn open(folder: &Folder, name: &Name, is_whole: bool, ui: &Ui) -> Result<Self, Failure> {
        let (origin, label, record) = match name {
            Name::Folder => (Origin::Folder, folder_label(folder), None),
            Name::Revision(revision) => {
                let commit = find(folder, revision)?;
                let label = match commit.id.starts_with(revision.as_str()) {
                    true => commit.short().to_owned(),
                    false => format!("{revision} ({})", commit.short()),
                };
                (Origin::Commit(commit), label, None)
            }
            Name::Build(number) => {
                let (number, record, texts) = build(folder, *number, ui)?;
                (Origin::Build(number, Arc::new(texts)), format!("build {number}"), Some(record))
            }
        };
        let opened = Opened::review(folder.clone(), origin)?;
        let (session, bound) = opened.session_in(is_whole, ui)?;
        let graph = session.graph();
        let keyed = if bound.is_stand_in { side::keyed(graph) } else { HashSet::new() };
        let known: Vec<NodeId> = graph.order().iter().copied().filter(|id| !keyed.contains(id)).collect();
        identify_alongside(&session, &bound.spec, &known, ui)?;
        let mut recorded = match record {
            Some(record) => recorded(&session, record, &label)?,
            None => HashMap::new(),
        };
        recorded.extend(by_recipe(&session, &keyed, &bound.lock.root));
        Ok(Self { label, session, bound, recorded, keyed })
    }

    /// What a node yields in this state.
    pub fn realised(&self, id: NodeId) -> Option<Realised> {
        self.recorded.get(&id).copied().or_else(|| self.session.realised(id))
    }

    /// The public bytes of a node; none of a secret, or of a download.
    pub fn text(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure> {
        match self.realised(id).map(|realised| realised.output) {
            _ if self.keyed.contains(&id) => Ok(None),
            Some(Output::Public(digest)) if self.recorded.contains_key(&id) => {
                let bytes = self.session.store().get(&digest)?;
                let lost = || Failure::failed(format!("{}: the store has lost {digest}", self.label));
                bytes.map(Some).ok_or_else(lost)
            }
            Some(Output::Public(_)) => match self.session.content(id)? {
                kthw_graph::Content::Public(bytes) => Ok(Some(bytes.to_vec())),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }
}

/// Names of keys, and of what follows from them, where the root is not here: by what they are made from.
fn by_recipe(
    session: &ClusterSession,
    keyed: &HashSet<NodeId>,
    root: &str,
) -> impl Iterator<Item = (NodeId, Realised)> {
    let realised = |id| session.realised(id);
    let recipes = side::recipes(Side { graph: session.graph(), realised: &realised }, keyed);
    recipes.into_iter().map(|(id, recipe)| {
        let bytes = recipe.with_root(root);
        let (action, output) = (ActionDigest::from_bytes(bytes), Output::Secret(Mac::from_bytes(bytes)));
        (id, Realised { action, output })
    })
}

fn folder_label(folder: &Folder) -> String {
    // Only a word of the label: whoever needs git says why it refuses.
    let dirty = git::is_repository(folder.path()).unwrap_or(false)
        && git::is_dirty(folder.path(), &[SPEC, LOCK]).unwrap_or(false);
    if dirty { "the folder, with changes that are not committed".to_owned() } else { "the folder".to_owned() }
}

fn find(folder: &Folder, revision: &str) -> Result<Commit, Failure> {
    Commit::find(folder.path(), revision).map_err(|error| {
        let help = match &error {
            GitError::Unknown { shallow: true, .. } => {
                "this clone is shallow: fetch the whole history (`git fetch --unshallow`; in CI, `fetch-depth: 0`)"
            }
            GitError::Unknown { .. } => "`git log --oneline -- cluster.yaml` lists the revisions of the cluster",
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
    for row in store.roots(Some(&root_name(&lock)))? {
        let record = store.record(&row.record)?;
        let yielded = record.iter().flat_map(|record| &record.entries);
        let yields_it =
            |entry: &RecordEntry| entry.name == plan::CLUSTER && entry.output.to_string() == cluster;
        if yielded.into_iter().any(yields_it) {
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

/// Where a record and what its inputs yield now disagree: another kthw made it.
fn recorded(
    session: &ClusterSession,
    record: Record,
    label: &str,
) -> Result<HashMap<NodeId, Realised>, Failure> {
    let graph = session.graph();
    let mut found = HashMap::new();
    let mut known = 0;
    for entry in &record.entries {
        let Some(id) = graph.find(&entry.name) else { continue };
        known += 1;
        let then = Realised { action: entry.action, output: entry.output };
        if session.realised(id) != Some(then) {
            found.insert(id, then);
        }
    }
    if known != record.entries.len() || known != graph.len() {
        let message = format!("{label} was made by a kthw that plans other files of the same cluster");
        return Err(Failure::failed(message).help("compare the golden files of both in git instead"));
    }
    Ok(found)
}
