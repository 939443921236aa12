//! The two states that a person wants compared.

use super::name::{Name, find};
use crate::failure::Failure;
use crate::sources::Folder;
use crate::sys::git::{self, Commit, GitError};

/// From which state to which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub before: Name,
    pub after: Name,
}

impl Range {
    /// By default from what is committed, or was built last, to the folder as it is. `A..B` is from A to B and, as git has
    /// it, `A...B` from where B left A to B.
    pub fn read(folder: &Folder, before: Option<&str>, after: Option<&str>) -> Result<Self, Failure> {
        let Some(first) = before else {
            let before = match git::is_repository(folder.path()).map_err(Failure::failed)? {
                true => Name::Revision("HEAD".to_owned()),
                false => Name::Build(None),
            };
            return Ok(Self { before, after: Name::Folder });
        };
        let Some((dots, one, other)) = split(first) else {
            let after = after.map_or(Ok(Name::Folder), Name::parse)?;
            return Ok(Self { before: Name::parse(first)?, after });
        };
        if let Some(after) = after {
            let message = format!("`{first}` is two states, and `{after}` is a third one");
            return Err(Failure::failed(message).help("name two of them"));
        }
        let (before, after) = (Name::parse(one)?, Name::parse(other)?);
        match dots {
            ".." => Ok(Self { before, after }),
            _ => Ok(Self { before: Name::Revision(fork(folder, &before, &after)?.id), after }),
        }
    }
}

/// The dots of a range and what is on both sides of them; nothing there is HEAD. No name of a revision has two dots.
fn split(text: &str) -> Option<(&'static str, &str, &str)> {
    let (dots, (one, other)) =
        ["...", ".."].into_iter().find_map(|dots| Some((dots, text.split_once(dots)?)))?;
    let [one, other] = [one, other].map(|side| if side.is_empty() { "HEAD" } else { side });
    Some((dots, one, other))
}

/// The last commit that both have.
fn fork(folder: &Folder, one: &Name, other: &Name) -> Result<Commit, Failure> {
    let (Name::Revision(one), Name::Revision(other)) = (one, other) else {
        return Err(Failure::failed("only git revisions have a commit that both come from")
            .help("write `A..B`, or `A B`, to compare a build or the folder"));
    };
    let (a, b) = (find(folder, one)?, find(folder, other)?);
    a.fork(folder.path(), &b).map_err(|error| {
        let help = match &error {
            GitError::Unrelated { shallow: true, .. } => git::UNSHALLOW.to_owned(),
            _ => format!("`{one}..{other}` compares them as they are"),
        };
        Failure::failed(error).help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_split_at_its_dots() {
        let check = |text, expected| assert_eq!(split(text), expected, "{text}");
        check("main...HEAD", Some(("...", "main", "HEAD")));
        check("v1.2..v1.3", Some(("..", "v1.2", "v1.3")));
        check("main...", Some(("...", "main", "HEAD")));
        check("..main", Some(("..", "HEAD", "main")));
        for name in [".", "v1.2.3", "build:3", "HEAD~3", "origin/main"] {
            check(name, None);
        }
    }
}
