//! A place in the text of the cluster file.

use serde_saphyr::granit_parser::Span;

/// A stretch of one line, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// At least 1.
    pub len: usize,
}

impl Place {
    /// The start of a text.
    pub const START: Place = Place { line: 1, column: 1, len: 1 };

    pub(super) fn is_at(self, other: Place) -> bool {
        (self.line, self.column) == (other.line, other.column)
    }

    pub(super) fn of(span: Span) -> Place {
        let len = match span.start.line() == span.end.line() {
            true => span.end.col().saturating_sub(span.start.col()).max(1),
            false => 1,
        };
        Place { line: span.start.line(), column: span.start.col() + 1, len }
    }
}
