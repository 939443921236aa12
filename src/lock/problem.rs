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
    /// Where each line begins.
    lines: Vec<usize>,
    found: Vec<(usize, String, &'static str)>,
}

impl<'t> Problems<'t> {
    pub fn new(text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self { text, lines: std::iter::once(0).chain(ends).collect(), found: Vec::new() }
    }

    pub fn add(&mut self, at: usize, message: impl Into<String>, fix: &'static str) {
        self.found.push((at, message.into(), fix));
    }

    /// The line and column of a byte offset.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let at = if self.text.is_char_boundary(at) { at } else { self.text.len() };
        let line = self.lines.partition_point(|start| *start <= at);
        (line, self.text[self.lines[line - 1]..at].chars().count() + 1)
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
