//! Why golden files are not as they should be: by the changes of inputs, a hand, a merge, or another kthw.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use camino::Utf8Path;
use kthw_graph::NodeId;

use super::comparison::Comparison;
use super::failure::Failure;
use super::state::{self, Name};
use crate::diff::{Causes, Decider, Side};
use crate::golden::{self, Golden, GoldenFiles, NODES};
use crate::plan;
use crate::sources::Folder;
use crate::sys::files;
use crate::sys::git::Commit;
use crate::ui::{Diagnostic, Ui};

/// A golden file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: String,
    pub found: Found,
}

/// What is there instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Missing,
    /// With the first line that differs.
    Differs {
        line: usize,
    },
    /// What a merge left.
    Conflict,
    Orphan,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.found {
            Found::Missing => write!(f, "{path} is new"),
            Found::Differs { line } => write!(f, "{path} differs from line {line} on"),
            Found::Conflict => write!(f, "{path} holds a merge conflict"),
            Found::Orphan => write!(f, "{path} is no longer made"),
        }
    }
}

/// More files of one reason than these are only counted.
const SHOWN: usize = 12;

const MERGED: &str = "a merge left its marks; `kthw snapshot` writes the file anew";
const BY_HAND: &str = "edited by hand; `kthw snapshot` restores it";
const STRANGE: &str = "nothing makes it; it was put there by hand, or by another kthw";
const PROGRAM: &str = "kthw itself: another kthw wrote it, and no input has changed since";
const EITHER: &str = "edited by hand, or another kthw wrote it; `kthw snapshot` restores it";

/// One problem for each reason, with the files that follow from it.
pub fn explain(
    folder: &Folder,
    place: &Utf8Path,
    changes: Vec<Change>,
    ui: &Ui,
) -> Result<Vec<Diagnostic>, Failure> {
    let list = files::read(&place.join(NODES))?.unwrap_or_default();
    let list = String::from_utf8_lossy(&list);
    let (merged, changes): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.found == Found::Conflict);
    let mut reasons = vec![(MERGED.to_owned(), merged)];
    reasons.extend(match base(folder, place, &list, ui)? {
        Ok(base) => match Comparison::of(folder, &base, &Name::Folder, ui) {
            Ok(comparison) => by_cause(&comparison, &list, changes),
            Err(_) => vec![("its cause cannot be told: `kthw diff` says why".to_owned(), changes)],
        },
        Err(unknown) => vec![(format!("its cause cannot be told: {unknown}"), changes)],
    });
    let told = reasons.into_iter().filter(|(_, changes)| !changes.is_empty());
    Ok(told.map(|(reason, changes)| Diagnostic::error(paragraph(&reason, &changes))).collect())
}

/// The state that the golden files were last accepted for, or why it is not known.
fn base(
    folder: &Folder,
    place: &Utf8Path,
    list: &str,
    ui: &Ui,
) -> Result<Result<Name, &'static str>, Failure> {
    let place = files::absolute(place);
    // Without git there may still be a record.
    if let Some(commit) = Commit::last_change(folder.path(), &[place.as_str()]).ok().flatten() {
        return Ok(match commit.is_cut_off(folder.path()) {
            Ok(false) => Ok(Name::Revision(commit.id)),
            _ => Err("this clone is shallow (`git fetch --unshallow`; in CI, fetch the whole history)"),
        });
    }
    let cluster = outputs(list).get(plan::CLUSTER).copied();
    let build = cluster.map(|cluster| state::build_of(folder, cluster, ui)).transpose()?.flatten();
    Ok(build
        .map(|number| Name::Build(Some(number)))
        .ok_or("git does not have these files, nor the store their build"))
}

/// The changes by what they follow from.
fn by_cause(comparison: &Comparison, list: &str, changes: Vec<Change>) -> Vec<(String, Vec<Change>)> {
    let Comparison { before, after } = comparison;
    comparison.explain(|causes| {
        let (old, new) = (causes.before, causes.after);
        let mut search = Search {
            then: golden::files(old, &before.bound.cluster),
            now: golden::files(new, &after.bound.cluster),
            hosts: [plan::hosts(old.graph), plan::hosts(new.graph)],
            causes,
        };
        let written = outputs(list);
        let mut caused: BTreeMap<BTreeSet<usize>, Vec<Change>> = BTreeMap::new();
        let mut others: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
        for change in changes {
            match search.causes_of(&change.path) {
                Some(found) => caused.entry(found).or_default().push(change),
                None => others.entry(search.other_reason(&change.path, &written)).or_default().push(change),
            }
        }
        let inputs = search.causes.inputs.all();
        let header = |set: &BTreeSet<usize>| {
            let lines: Vec<String> = set.iter().map(|index| inputs[*index].to_string()).collect();
            lines.join("\nand ")
        };
        let caused = caused.iter().map(|(set, changes)| (header(set), changes.clone()));
        caused.chain(others.into_iter().map(|(reason, changes)| (reason.to_owned(), changes))).collect()
    })
}

/// What a written list of nodes says that each of them yields.
fn outputs(list: &str) -> HashMap<&str, &str> {
    list.lines().filter_map(golden::name_and_output).collect()
}

struct Search<'a> {
    then: GoldenFiles,
    now: GoldenFiles,
    hosts: [BTreeSet<String>; 2],
    causes: Causes<'a>,
}

impl Search<'_> {
    /// The changes of inputs that a golden file's change follows from; none if it should have stayed as it was.
    fn causes_of(&mut self, path: &str) -> Option<BTreeSet<usize>> {
        let digest = |files: &GoldenFiles| files.get(path).map(Golden::digest);
        if digest(&self.then) == digest(&self.now) {
            return None;
        }
        let (then, now) = (self.then.get(path).cloned(), self.now.get(path).cloned());
        let mut found = BTreeSet::new();
        for nodes in self.differing(then.as_ref(), now.as_ref()) {
            let causes = nodes.iter().map(|node| self.causes_of_node(node)).find(|causes| !causes.is_empty());
            found.extend(causes.unwrap_or_default());
        }
        if found.is_empty() {
            found.extend(0..self.causes.inputs.all().len());
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

    fn causes_of_node(&mut self, name: &str) -> BTreeSet<usize> {
        let [old, new] = &self.hosts;
        if let Some(host) = plan::host_of(name).filter(|host| old.contains(*host) != new.contains(*host)) {
            let own = self.causes.inputs.of(&Decider::Spec(format!("hosts[{host}]")));
            if !own.is_empty() {
                return own.into_iter().collect();
            }
        }
        self.causes.of(name).all.clone()
    }

    /// Why a file is not as it should be although no input of it has changed. The list of nodes was written with the
    /// others, so that it says what they held.
    fn other_reason(&self, path: &str, written: &HashMap<&str, &str>) -> &'static str {
        match self.now.get(path) {
            None => STRANGE,
            Some(Golden::Text(_)) => EITHER,
            Some(Golden::Output { node, digest, .. }) => {
                let name = self.causes.after.name(*node);
                match written.get(name).is_some_and(|output| *output == digest.to_string()) {
                    true => BY_HAND,
                    false => PROGRAM,
                }
            }
        }
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

fn paragraph(reason: &str, changes: &[Change]) -> String {
    let mut text = reason.to_owned();
    for change in changes.iter().take(SHOWN) {
        text += &format!("\n  {change}");
    }
    if changes.len() > SHOWN {
        text += &format!("\n  and {} more", changes.len() - SHOWN);
    }
    text
}
