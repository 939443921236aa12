//! Why golden files are not as they should be: by the changes of inputs, a hand, a merge, or another kthw.

use std::collections::{BTreeMap, HashSet};

use camino::Utf8Path;
use kthw_store::Digest;

use super::change::{Change, Found};
use super::history::History;
use super::search::{Said, Search, kinds};
use crate::comparison::{Comparison, Draft, Name, State};
use crate::diff::{CauseSet, Input};
use crate::failure::Failure;
use crate::golden::{self, Golden, GoldenFiles, NODES};
use crate::opened::open_store;
use crate::side::Side;
use crate::sources::Folder;
use crate::sys::git::Commit;
use crate::sys::owned_folder::OwnedFolder;
use crate::ui::{Diagnostic, Ui};
use crate::visible::visible;

/// More files of one reason than these are only counted.
const SHOWN: usize = 12;

const MERGED: &str = "a merge left its marks; `kthw snapshot` writes the file anew";
const CONVERTED: &str = "git has given the lines other ends; `snapshots/** -text` in .gitattributes forbids it, and `kthw snapshot` writes them anew";
const NO_FILE: &str =
    "golden files are regular files, which nothing leads to by a link; remove what is there";
const BY_HAND: &str =
    "edited by hand, or written for inputs that were changed since; `kthw snapshot` restores it";
const STRANGE: &str = "nothing makes it; it was put there by hand, or by another kthw";
const PROGRAM: &str = "kthw itself: another kthw wrote it, and no input has changed since";
const EITHER: &str = "edited by hand, or another kthw wrote it; `kthw snapshot` restores it";

/// Files by the reason why they are not as they should be.
type Reasons = Vec<(String, Vec<Change>)>;

/// A golden file that is not as it should be, with the name of the bytes that are there.
struct Stale {
    change: Change,
    digest: Option<Digest>,
}

/// One problem for each reason, with the files that follow from it.
pub fn explain(
    folder: &Folder,
    here: &OwnedFolder,
    place: &Utf8Path,
    changes: Vec<Change>,
    ui: &Ui,
) -> Result<Vec<Diagnostic>, Failure> {
    let read = |path: &str| {
        here.read(path.into()).or_else(|error| if error.is_content() { Ok(None) } else { Err(error) })
    };
    let list = read(NODES)?.unwrap_or_default();
    let list = String::from_utf8_lossy(&list).into_owned();
    let (merged, changes): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.found == Found::Conflict);
    let (converted, changes): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.found == Found::LineEnds);
    let (strange, changes): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.found == Found::NoFile);
    let mut reasons =
        vec![(MERGED.to_owned(), merged), (CONVERTED.to_owned(), converted), (NO_FILE.to_owned(), strange)];
    let mut diagnostics = Vec::new();
    if !changes.is_empty() {
        let stale = changes.into_iter().map(|change| {
            let bytes = read(&change.path)?;
            Ok(Stale { change, digest: bytes.map(|bytes| Digest::of(&bytes)) })
        });
        let stale = stale.collect::<Result<Vec<Stale>, Failure>>()?;
        let history = History::read(folder, place, ui)?;
        let (found, refused) = reasons_of(folder, &history, &list, stale, ui)?;
        reasons.extend(found);
        diagnostics.extend(refused);
    }
    let told = reasons.into_iter().filter(|(_, changes)| !changes.is_empty());
    Ok(told
        .map(|(reason, changes)| Diagnostic::error_of_lines(&paragraph(&reason, &changes)))
        .chain(diagnostics)
        .collect())
}

/// Each file is compared with the newest state that yields what is there, so that a commit may have accepted a part of a
/// change, or nothing of it. Also why states could not be read, where they might have told more.
fn reasons_of(
    folder: &Folder,
    history: &History,
    list: &str,
    mut stale: Vec<Stale>,
    ui: &Ui,
) -> Result<(Reasons, Vec<Diagnostic>), Failure> {
    let is_whole = open_store(folder, ui)?.forget_missing_files()?.is_empty();
    let now = Draft::read(folder, &Name::Folder, ui)?;
    let keys = now.opened.keys();
    let mut after = now.identify(is_whole, ui)?;
    let now = golden_files(&after);
    let (mut reasons, mut refused) = (Reasons::new(), Vec::new());
    let mut newest: Option<State> = None;
    let mut seen = HashSet::new();
    for name in &history.states {
        let read = Draft::read(folder, name, ui).and_then(|mut draft| {
            draft.opened.add_keys(&keys);
            let is_new = seen.insert(draft.opened.texts().to_vec());
            is_new.then(|| draft.identify(is_whole, ui)).transpose()
        });
        let before = match read {
            Ok(Some(before)) => before,
            Ok(None) => continue,
            Err(Failure { diagnostics, .. }) => {
                refused.extend(diagnostics);
                continue;
            }
        };
        let then = golden_files(&before);
        let is_of_then = |stale: &Stale| then.get(&stale.change.path).map(Golden::digest) == stale.digest;
        let (of_then, others): (Vec<Stale>, Vec<Stale>) = stale.into_iter().partition(is_of_then);
        stale = others;
        let comparison = Comparison { before, after, begins_bare: false };
        let of_then = of_then.into_iter().map(|stale| stale.change).collect();
        let told =
            |_: &str, causes: Option<String>, _: Option<Said>| causes.unwrap_or_else(|| PROGRAM.to_owned());
        reasons.extend(by_cause(&comparison, [then, now.clone()], list, told, of_then));
        newest = newest.or(Some(comparison.before));
        after = comparison.after;
        // Whatever somebody is about to edit is of no earlier state.
        if stale.iter().all(|stale| !history.is_committed(&stale.change.path)) {
            break;
        }
    }
    let changes: Vec<Change> = stale.into_iter().map(|stale| stale.change).collect();
    match newest {
        _ if changes.is_empty() => refused.clear(),
        Some(before) => {
            let golden = [golden_files(&before), now];
            let told = |path: &str, causes, said| of_no_state(history, path, causes, said);
            reasons.extend(by_cause(
                &Comparison { before, after, begins_bare: false },
                golden,
                list,
                told,
                changes,
            ));
        }
        None => {
            let gap = history.gap.as_deref().unwrap_or("no state of then can be read");
            reasons.push((format!("its cause cannot be told: {gap}"), changes));
        }
    }
    Ok((reasons, refused))
}

/// The golden files of a state, as whoever has no more keys would check them.
fn golden_files(state: &State) -> GoldenFiles {
    let known = |id| state.known(id);
    golden::files(
        Side { graph: state.session.graph(), realised: &known },
        &state.bound.cluster,
        &state.bound.lock.cluster,
    )
}

/// The changes by the reasons that are told of each, given its causes and what the list of nodes says of it.
fn by_cause(
    comparison: &Comparison,
    [then, now]: [GoldenFiles; 2],
    list: &str,
    told: impl Fn(&str, Option<String>, Option<Said>) -> String,
    changes: Vec<Change>,
) -> Reasons {
    comparison.explain(|causes| {
        let mut search = Search::new(then, now, causes);
        let written = kinds(list);
        let mut reasons: BTreeMap<(bool, CauseSet, String), Vec<Change>> = BTreeMap::new();
        for change in changes {
            let causes = search.causes_of(&change.path);
            let inputs = search.causes.inputs.all();
            let header = causes.as_ref().map(|causes| header(causes, inputs));
            let reason = told(&change.path, header, search.said(&change.path, &written));
            reasons.entry((causes.is_none(), causes.unwrap_or_default(), reason)).or_default().push(change);
        }
        reasons.into_iter().map(|((_, _, reason), changes)| (reason, changes)).collect()
    })
}

/// The changes that files follow from, or may follow from.
fn header(causes: &CauseSet, inputs: &[Input]) -> String {
    causes.words(|set| {
        let lines: Vec<String> = set.iter().map(|index| inputs[*index].to_string()).collect();
        lines.join("\nand ")
    })
}

/// Why a file is what no state yields that is known.
fn of_no_state(history: &History, path: &str, causes: Option<String>, said: Option<Said>) -> String {
    let writer = history.writer(path).map(Commit::short);
    let gap = history.gap.as_ref().filter(|_| writer.is_none() && history.is_committed(path));
    match (causes, writer) {
        _ if gap.is_some() => {
            format!("its cause cannot be told: {}", visible(gap.map_or("", String::as_str)))
        }
        (Some(causes), None) => causes,
        (Some(causes), Some(writer)) => {
            format!("{causes}\nand {writer} wrote it, whose inputs yield something else even so")
        }
        (None, writer) => match (said, writer) {
            (None, _) => STRANGE.to_owned(),
            (Some(Said::Same), None) => BY_HAND.to_owned(),
            (Some(said), Some(writer)) => {
                let or = match said {
                    Said::Same => "or it was edited by hand",
                    Said::Other => "or another kthw wrote it",
                    Said::Nothing => "it was edited by hand, or another kthw wrote it",
                };
                format!(
                    "{writer} wrote it last, and the inputs of that commit yield something else: they were changed after \
                     `kthw snapshot`, {or}"
                )
            }
            (Some(Said::Other), None) => PROGRAM.to_owned(),
            (Some(Said::Nothing), None) => EITHER.to_owned(),
        },
    }
}

fn paragraph(reason: &str, changes: &[Change]) -> String {
    let mut text = reason.to_owned();
    for change in changes.iter().take(SHOWN) {
        text += &format!("\n  {}", visible(&change.to_string()));
    }
    if changes.len() > SHOWN {
        text += &format!("\n  and {} more", changes.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_claims_no_more_than_is_known() {
        let file = |field: &str| Input::File { field: field.to_owned(), path: format!("{field}.pem") };
        let inputs = ["a", "b"].map(file);
        assert_eq!(header(&[0].into_iter().collect(), &inputs), "a.pem (a): replaced");
        assert_eq!(
            header(&CauseSet::any_of([0, 1]), &inputs),
            "at least one of these 2 changes: a.pem (a): replaced\nand b.pem (b): replaced"
        );
    }
}
