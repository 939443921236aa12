//! What a merge leaves of golden files that one side changed and the other removed: the list of the merge does not name
//! them.
//!
//! Whoever made a commit wrote its list, so that the list alone is no reason to remove anything. A file goes only where the
//! same commit has it at the same path as a regular file, so that git still has it, and where nothing is in it but what
//! that commit says, or git's own marks of a conflict.

use camino::Utf8Path;

use crate::file_list::{FILE_LIST, FileList};
use crate::sys::git::{self, Commit, GitError};

/// The golden files of one cluster that the sides of a merge have.
pub struct Sides<'a> {
    place: &'a Utf8Path,
    sides: Vec<(Commit, Vec<String>)>,
}

impl<'a> Sides<'a> {
    /// Those of the last merge, if there was one and git can be asked.
    pub fn read(place: &'a Utf8Path, of: &str) -> Self {
        // Without git nothing is known to be kthw's but what the list names.
        Self { place, sides: Self::of_git(place, of).unwrap_or_default() }
    }

    fn of_git(place: &Utf8Path, of: &str) -> Result<Vec<(Commit, Vec<String>)>, GitError> {
        let mut sides = Vec::new();
        if !git::is_repository(place)? {
            return Ok(sides);
        }
        for commit in Commit::sides(place)? {
            let list = FileList::parse(&commit.read(place, FILE_LIST)?.unwrap_or_default());
            if list.of.as_deref() == Some(of) {
                let files = commit.files(place)?;
                let own = list.paths.into_iter().filter(|path| files.contains(path)).collect();
                sides.push((commit, own));
            }
        }
        Ok(sides)
    }

    /// Whether a merge left a file as it is.
    pub fn left(&self, path: &str, bytes: &[u8]) -> bool {
        // What git says is read as text, where this sign stands for other bytes.
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\u{fffd}')) else {
            return false;
        };
        let mut having = self.sides.iter().filter(|(_, own)| own.iter().any(|own| own == path)).peekable();
        let is_in_conflict = having.peek().is_some() && holds_marks(text);
        is_in_conflict
            || having.any(|(commit, _)| {
                commit.read(self.place, path).is_ok_and(|committed| committed.as_deref() == Some(text))
            })
    }
}

/// Whether git wrote both sides of a conflict into a text.
fn holds_marks(text: &str) -> bool {
    let mut lines = text.lines();
    let marks = ["<<<<<<< ", "=======", ">>>>>>> "];
    marks.iter().all(|mark| lines.any(|line| line.starts_with(mark)))
}
