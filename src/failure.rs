//! How a command ends when it does not end well.

use std::collections::HashSet;
use std::io::ErrorKind;

use kthw_graph::NodeFailure;
use kthw_store::StoreError;

use crate::sources::SourcesError;
use crate::sys::files::FileError;
use crate::sys::owned_folder::NotOwned;
use crate::territory::Trespass;
use crate::ui::{Diagnostic, Key};

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
    /// Whoever read the result has stopped, such as `head`: what a shell says of a program that SIGPIPE ends.
    Unread = 141,
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

    /// A result that did not arrive. That its reader had enough is nothing to tell them.
    pub fn undelivered(error: &std::io::Error, place: impl std::fmt::Display) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self { exit: Exit::Unread, diagnostics: Vec::new() },
            _ => Self::failed(format!("cannot write {place}: {error}")),
        }
    }

    pub fn wrong_input(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::WrongInput, diagnostics }
    }

    pub fn differences(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Differences, diagnostics }
    }

    /// Both failures, each of their problems once.
    pub fn and(mut self, other: Self) -> Self {
        let known: HashSet<Key<'_>> = self.diagnostics.iter().map(Diagnostic::key).collect();
        let is_new: Vec<bool> =
            other.diagnostics.iter().map(|diagnostic| !known.contains(&diagnostic.key())).collect();
        let new = other.diagnostics.into_iter().zip(is_new).filter_map(|(one, is_new)| is_new.then_some(one));
        self.diagnostics.extend(new);
        self
    }

    /// All of these, if there are any.
    pub fn all(failures: Vec<Self>) -> Result<(), Self> {
        failures.into_iter().reduce(Self::and).map_or(Ok(()), Err)
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
        const REFUSED: [ErrorKind; 2] = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
        let is_refused = matches!(&error, StoreError::Io { source, .. } if REFUSED.contains(&source.kind()));
        let failure = Self::failed(error);
        match is_refused {
            true => failure.help("`--store DIR` or KTHW_STORE names another place for the store"),
            false => failure,
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match () {
            () if error.is_content() => Self::wrong_input(vec![Diagnostic::error(error.to_string())]),
            () if error.is_unread() => Self { exit: Exit::Unread, diagnostics: Vec::new() },
            () => Self::failed(error),
        }
    }
}

impl From<NotOwned> for Failure {
    fn from(error: NotOwned) -> Self {
        let message = error.to_string();
        let help = match error {
            NotOwned::File(error) => return error.into(),
            NotOwned::Another { .. } => {
                "name a folder for each cluster, or remove this one if nobody needs it"
            }
            NotOwned::Strangers { .. } => {
                "name a folder of its own, or move that away: kthw replaces and removes only what it wrote itself"
            }
        };
        Self::wrong_input(vec![Diagnostic::error(message).help(Some(help))])
    }
}

impl From<Trespass> for Failure {
    fn from(error: Trespass) -> Self {
        Self::wrong_input(vec![Diagnostic::error(error.to_string())])
    }
}

impl From<SourcesError> for Failure {
    fn from(error: SourcesError) -> Self {
        match error {
            SourcesError::File(error) => error.into(),
            error => Self::wrong_input(vec![Diagnostic::error(error.to_string())]),
        }
    }
}

impl From<NodeFailure> for Failure {
    fn from(failure: NodeFailure) -> Self {
        Self::failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_may_not_be_where_it_is_can_be_elsewhere() {
        let check = |kind: ErrorKind, helps: bool| {
            let error =
                StoreError::Io { action: "create", path: "a/.kthw/store".into(), source: kind.into() };
            let said = format!("{:?}", Failure::from(error).diagnostics);
            assert_eq!(said.contains("--store DIR"), helps, "{said}");
        };
        check(ErrorKind::PermissionDenied, true);
        check(ErrorKind::ReadOnlyFilesystem, true);
        check(ErrorKind::NotADirectory, false);
    }
}
