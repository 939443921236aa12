//! How a command ends when it does not end well.

use kthw_graph::NodeFailure;
use kthw_store::StoreError;

use crate::sys::files::FileError;
use crate::ui::Diagnostic;

/// The documented exit codes other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It could not be done.
    Failed = 1,
    /// The command line or an input file is wrong.
    WrongInput = 2,
    /// Differences were found, and were asked about.
    Differences = 3,
    /// What was asked about must not be done.
    Refused = 4,
}

/// Why a command failed, for a person and for a script.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Failed, diagnostics: vec![Diagnostic::error(message.to_string())] }
    }

    pub fn wrong_input(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::WrongInput, diagnostics }
    }

    pub fn differences(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Differences, diagnostics }
    }

    /// Adds the next step to the last problem.
    pub fn help(mut self, help: impl AsRef<str>) -> Self {
        let last = self.diagnostics.pop();
        self.diagnostics.extend(last.map(|diagnostic| diagnostic.help(Some(help))));
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error.is_content() {
            true => Self::wrong_input(vec![Diagnostic::error(error.to_string())]),
            false => Self::failed(error),
        }
    }
}

impl From<NodeFailure> for Failure {
    fn from(failure: NodeFailure) -> Self {
        Self::failed(failure)
    }
}
