//! The builds of a cluster that its store has a record of.

use std::collections::{BTreeMap, HashSet};

use kthw_store::{ActionDigest, Digest, Output, Record, RecordEntry, Store};

use super::inputs::read_lock;
use super::store::{open_store, require_store};
use crate::failure::Failure;
use crate::lock::Lock;
use crate::sources::{self, Folder, LOCK, SPEC};
use crate::sys::files;
use crate::ui::Ui;

/// The name under which a cluster's builds are kept in the store.
pub fn root_name(lock: &Lock) -> String {
    format!("build/{}", lock.cluster)
}

/// What stands before the path of an input in the record of a build.
const INPUT: &str = "input/";

/// The entry of a text that a build was made from, so that the build can be looked at when the text is another.
pub fn input_entry(path: &str, text: &str) -> RecordEntry {
    let digest = Digest::of(text.as_bytes());
    RecordEntry {
        name: format!("{INPUT}{path}"),
        action: ActionDigest::from_bytes(*digest.as_bytes()),
        output: Output::Public(digest),
    }
}

/// Whether an entry of a record is an input, and no node.
pub fn is_input(entry: &RecordEntry) -> bool {
    entry.name.starts_with(INPUT)
}

/// What to do about a build that is lost.
const ELSEWHERE: &str = "compare with a git revision; `kthw build` records the folder as it is now";

/// A build as it was recorded.
pub struct Build {
    pub number: u64,
    /// Without the inputs.
    pub record: Record,
    /// The texts of the inputs, by their paths.
    pub texts: BTreeMap<String, String>,
}

/// The build of this number, or the last one.
pub fn build(folder: &Folder, number: Option<u64>, ui: &Ui) -> Result<Build, Failure> {
    require_store(folder)?;
    let store = open_store(folder, ui)?;
    let rows = store.roots(Some(&root_name(&lock(folder)?)))?;
    let row = match number {
        None => rows.first(),
        Some(number) => rows.iter().find(|row| row.number == number),
    };
    let Some(row) = row else {
        let kept: Vec<String> = rows.iter().take(10).map(|row| row.number.to_string()).collect();
        let help = match (number, kept.is_empty()) {
            (None, _) => "`kthw build` records one".to_owned(),
            // The next one would have this number, and be another.
            (Some(_), true) => ELSEWHERE.to_owned(),
            (Some(_), false) => format!("the store has these: {}", kept.join(", ")),
        };
        let wanted = number.map_or_else(|| "a build".to_owned(), |number| format!("build {number}"));
        return Err(Failure::failed(format!("the store has no record of {wanted}")).help(help));
    };
    let lost = || {
        let what = format!("the store has lost what build {} was made from", row.number);
        Failure::failed(what).help(ELSEWHERE)
    };
    let mut record = store.record(&row.record)?.ok_or_else(lost)?;
    let texts = texts(&store, &record)?.ok_or_else(lost)?;
    record.entries.retain(|entry| !is_input(entry));
    Ok(Build { number: row.number, record, texts })
}

/// The numbers of the latest recorded builds, newest first, so many at most.
pub fn latest_builds(folder: &Folder, most: usize, ui: &Ui) -> Result<Vec<u64>, Failure> {
    if !files::exists(&folder.store()) {
        return Ok(Vec::new());
    }
    let mut rows = open_store(folder, ui)?.roots(Some(&root_name(&lock(folder)?)))?;
    // Builds of the same inputs that yield the same have the same record.
    let mut others = HashSet::new();
    rows.retain(|row| others.insert(row.record));
    Ok(rows.into_iter().take(most).map(|row| row.number).collect())
}

/// The lock, which says whose builds are meant.
fn lock(folder: &Folder) -> Result<Lock, Failure> {
    read_lock("", &sources::read_lock(folder)?.into()).map_err(Failure::wrong_input)
}

/// The texts of a record's inputs; none if it has not kept them.
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
