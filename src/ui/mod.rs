//! The only printer: results to stdout, everything else to stderr.

mod diagnostic;
mod progress;

pub use diagnostic::Diagnostic;
pub use progress::Progress;

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use annotate_snippets::Renderer;

/// Where a command speaks.
pub struct Ui {
    fancy: bool,
    /// Why a result did not arrive.
    lost: OnceLock<std::io::Error>,
}

impl Ui {
    /// Bars are drawn, and colours used, only for a person at a terminal.
    pub fn new() -> Self {
        Self { fancy: std::io::stderr().is_terminal(), lost: OnceLock::new() }
    }

    /// A result, exactly as given, followed by a line end.
    pub fn result(&self, text: impl std::fmt::Display) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// A result without a word of ours.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            // The first reason is the one to tell. That a reader has gone is one as well: half a file is no file.
            let _ = self.lost.set(error);
        }
    }

    /// Where a result goes that is too large to be held at once.
    pub fn writer(&self) -> impl Write + use<> {
        std::io::stdout().lock()
    }

    /// Whether every result so far has arrived: half a result must not pass for a whole one.
    pub fn delivered(&self) -> Result<(), String> {
        match self.lost.get() {
            Some(error) => Err(format!("cannot write the result to stdout: {error}")),
            None => Ok(()),
        }
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
