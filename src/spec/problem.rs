//! A problem of the cluster file: what is wrong, where, and what to write instead.

use std::fmt;

use super::place::Place;

/// Whether a problem refuses the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One thing that is wrong with the cluster file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The field, such as `network.pods` or `hosts[worker-1].address`; empty for the whole file.
    pub path: String,
    /// One line that names the field and its value.
    pub message: String,
    /// One line that says what to write instead.
    pub fix: Option<String>,
    /// Whether what is written there may be secret, so that its line is not to be quoted.
    pub discreet: bool,
}

impl Problem {
    /// A problem that refuses the file.
    pub fn error(path: impl Into<String>, message: impl Into<String>) -> Problem {
        let (path, message) = (path.into(), message.into());
        Problem { severity: Severity::Error, path, message, fix: None, discreet: false }
    }

    /// A problem that only wants to be known.
    pub fn warning(path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(path, message) }
    }

    /// The same problem with its way out.
    pub fn fix(self, fix: impl Into<String>) -> Problem {
        Problem { fix: Some(fix.into()), ..self }
    }

    /// The same problem, located without its line: what is written there may be secret.
    pub fn discreet(self) -> Problem {
        Problem { discreet: true, ..self }
    }

    /// The same problem with its place in the text.
    pub(super) fn at(self, place: Place) -> Located {
        Located { problem: self, line: place.line, column: place.column, len: place.len }
    }
}

/// A problem with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub problem: Problem,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// How many characters of the line are meant; at least 1.
    pub len: usize,
}
