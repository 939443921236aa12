//! The only printer: results to stdout, everything else to stderr.

mod diagnostic;
mod progress;

pub use diagnostic::{Diagnostic, Severity};
pub use progress::Progress;

use std::io::{IsTerminal, Write};

use annotate_snippets::Renderer;

/// Where a command speaks.
pub struct Ui {
    fancy: bool,
}

impl Ui {
    /// Bars are drawn, and colours used, only for a person at a terminal.
    pub fn new() -> Self {
        Self { fancy: std::io::stderr().is_terminal() }
    }

    /// A result, exactly as given, followed by a line end.
    pub fn result(&self, text: impl std::fmt::Display) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// A result without a word of ours. A closed pipe is the reader's choice, not a failure.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = anstream::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// A message for a person.
    pub fn message(&self, text: impl std::fmt::Display) {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Everything that is wrong, or worth a warning.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let renderer = Renderer::styled();
        for diagnostic in diagnostics {
            self.message(diagnostic.render(&renderer));
        }
    }

    /// Shows long work: bars on a terminal, lines elsewhere.
    pub fn progress(&self) -> Progress {
        Progress::new(self.fancy)
    }
}

impl Default for Ui {
    fn default() -> Self {
        Self::new()
    }
}
