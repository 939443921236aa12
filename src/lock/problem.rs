//! What is wrong with the text of a lock, and where.

use std::fmt;

/// One thing that is wrong with a lock, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockProblem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub message: String,
    pub fix: String,
}

impl fmt::Display for LockProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message, fix } = self;
        write!(f, "kthw.lock:{line}:{column}: {message}; {fix}")
    }
}

/// The problems found so far, by byte offset.
pub struct Problems<'t> {
    text: &'t str,
    found: Vec<(usize, String, &'static str)>,
}

impl<'t> Problems<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub fn add(&mut self, at: usize, message: impl Into<String>, fix: &'static str) {
        self.found.push((at, message.into(), fix));
    }

    /// The line and column of a byte offset.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub fn in_order(mut self) -> Vec<LockProblem> {
        self.found.sort_by_key(|(at, ..)| *at);
        let found = std::mem::take(&mut self.found);
        found
            .into_iter()
            .map(|(at, message, fix)| {
                let (line, column) = self.place(at);
                LockProblem { line, column, message, fix: fix.to_owned() }
            })
            .collect()
    }
}
