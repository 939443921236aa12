//! The only printer: results to stdout, everything else to stderr.

mod diagnostic;
mod progress;

pub use diagnostic::{Diagnostic, Key};
pub use progress::Progress;

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use annotate_snippets::Renderer;
use serde::Serialize;

use crate::names::counted;
use crate::visible::{visible, visible_json};

/// So many errors, and so many warnings, are shown at once: nobody reads more.
const SHOWN: usize = 100;

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

    /// A result as one line of what can be seen.
    pub fn result(&self, text: impl std::fmt::Display) {
        self.bytes(format!("{}\n", visible(&text.to_string())).as_bytes());
    }

    /// A result of several lines, in which no value has a line end.
    pub fn lines(&self, text: impl std::fmt::Display) {
        text.to_string().split('\n').for_each(|line| self.result(line));
    }

    /// A result for programs, on one line.
    pub fn json(&self, value: &impl Serialize) {
        let json = serde_json::to_string(value).expect("texts, numbers and lists of them serialise");
        self.bytes(format!("{}\n", visible_json(&json)).as_bytes());
    }

    /// A result without a word of ours.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            // The first reason is the one to tell.
            let _ = self.lost.set(error);
        }
    }

    /// Where a result goes that is too large to be held at once.
    pub fn writer(&self) -> impl Write + use<> {
        std::io::stdout().lock()
    }

    /// Whether every result so far has arrived: half a result must not pass for a whole one.
    pub fn delivered(&self) -> Result<(), &std::io::Error> {
        self.lost.get().map_or(Ok(()), Err)
    }

    /// A message for a person, as one line of what can be seen.
    pub fn message(&self, text: impl std::fmt::Display) {
        self.write(&visible(&text.to_string()));
    }

    /// Sets what follows apart.
    pub fn blank_line(&self) {
        self.write("");
    }

    /// What is wrong, or worth a warning: the first of each, and how many more there are.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let renderer = Renderer::styled();
        let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics.iter().partition(|one| one.is_error());
        let hides = [warnings.len() > SHOWN, errors.len() > SHOWN];
        let mut shown = [0; 2];
        for diagnostic in diagnostics {
            let kind = usize::from(diagnostic.is_error());
            shown[kind] += 1;
            if shown[kind] <= SHOWN {
                self.write(&diagnostic.render(&renderer));
            }
        }
        if hides[0] {
            let more = counted(warnings.len() - SHOWN, "more warning");
            self.write(&Diagnostic::warning(format!("and {more}")).render(&renderer));
        }
        if hides[1] {
            let more = counted(errors.len() - SHOWN, "more error");
            let diagnostic = Diagnostic::error(format!("and {more}"));
            let help = Some("correct these first; the others follow then");
            self.write(&diagnostic.help(help).render(&renderer));
        }
    }

    fn write(&self, text: &str) {
        let _ = writeln!(anstream::stderr().lock(), "{text}");
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
