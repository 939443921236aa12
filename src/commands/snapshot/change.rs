//! A golden file that is not as it should be.

use std::fmt;

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
    /// Only its lines end otherwise.
    LineEnds,
    /// What a merge left.
    Conflict,
    Orphan,
    /// A link, a device or something else that is not read.
    NoFile,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.found {
            Found::Missing => write!(f, "{path} is new"),
            Found::Differs { line } => write!(f, "{path} differs from line {line} on"),
            Found::LineEnds => write!(f, "{path} has lines that end with CRLF"),
            Found::Conflict => write!(f, "{path} holds a merge conflict"),
            Found::NoFile => write!(f, "{path} is a link, or no file"),
            Found::Orphan => write!(f, "{path} is no longer made"),
        }
    }
}
