//! What git and the store know of the states that golden files were accepted for.

use std::collections::{HashMap, HashSet};

use camino::Utf8Path;

use crate::comparison::Name;
use crate::failure::Failure;
use crate::opened::latest_builds;
use crate::sources::{Folder, LOCK, SPEC};
use crate::sys::files;
use crate::sys::git::{self, Commit, GitError};
use crate::ui::Ui;

/// So many states are looked at, the newest first: each is planned as a whole.
const STATES: usize = 20;
/// So many recorded builds are looked at besides.
const BUILDS: usize = 5;
/// So many commits are asked which files they wrote.
const COMMITS: usize = 200;

/// The past of a folder of golden files.
#[derive(Default)]
pub struct History {
    /// The states that its files may be of, newest first.
    pub states: Vec<Name>,
    /// Which commit wrote a file last, where that is known.
    writers: HashMap<String, Commit>,
    /// The files that are not as they are committed.
    edited: HashSet<String>,
    /// Why no more is known.
    pub gap: Option<String>,
}

impl History {
    pub fn read(folder: &Folder, place: &Utf8Path, ui: &Ui) -> Result<Self, Failure> {
        let mut history = Self::of_git(folder, &files::absolute(place)).unwrap_or_else(|refused| {
            // There may still be a record.
            Self { gap: Some(refused.to_string()), ..Self::default() }
        });
        let builds = latest_builds(folder, BUILDS, ui)?;
        history.states.extend(builds.into_iter().map(|number| Name::Build(Some(number))));
        if history.states.is_empty() && history.gap.is_none() {
            history.gap = Some("git does not have these files, nor the store a build".to_owned());
        }
        Ok(history)
    }

    fn of_git(folder: &Folder, place: &Utf8Path) -> Result<Self, GitError> {
        if !git::is_repository(folder.path())? || !files::exists(place) {
            return Ok(Self::default());
        }
        let mut writers = git::writers(place, COMMITS)?;
        // What was never committed there was accepted for no commit.
        let Some(last) = Commit::changes(folder.path(), &[place.as_str()], 1)?.pop() else {
            return Ok(Self::default());
        };
        let commits = Commit::changes(folder.path(), &[SPEC, LOCK, place.as_str()], COMMITS)?;
        // Nobody accepted anything for a state that came later.
        let commits: Vec<Commit> = commits.into_iter().skip_while(|commit| *commit != last).collect();
        let mut gap = None;
        if let Some(first) = commits.last().filter(|commit| commit.is_cut_off(folder.path()).unwrap_or(true))
        {
            gap = Some(git::UNSHALLOW.to_owned());
            writers.retain(|_, writer| writer != first);
        }
        let states: Vec<Name> =
            commits.into_iter().take(STATES).map(|commit| Name::Revision(commit.id)).collect();
        // Of an older one nobody finds out what it yields.
        writers.retain(|_, writer| states.contains(&Name::Revision(writer.id.clone())));
        Ok(Self { states, writers, edited: git::edited(place)?, gap })
    }

    /// Whether a file is as it is committed.
    pub fn is_committed(&self, path: &str) -> bool {
        !self.edited.contains(path)
    }

    /// The commit that a file is from, as it is.
    pub fn writer(&self, path: &str) -> Option<&Commit> {
        self.writers.get(path).filter(|_| self.is_committed(path))
    }
}
