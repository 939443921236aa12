//! Why a download failed, place by place.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use camino::Utf8PathBuf;
use kthw_store::StoreError;
use reqwest::StatusCode;

use crate::lock::Algorithm;
use crate::redaction::redacted;
use crate::sys::files::FileError;

/// A download that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{label} could not be fetched: {}; check the network or `downloads.mirrors`", list(.attempts))]
    Failed { label: String, attempts: Vec<Attempt> },
    #[error("{label} could not be stored: {source}")]
    Store { label: String, source: Box<StoreError> },
    #[error("`{url}` is no place to download from: {reason}; give an https, http or file URL")]
    Place { url: String, reason: String },
    #[error("no HTTPS client: {0}; install the system's CA certificates (Debian: ca-certificates)")]
    Client(String),
}

impl FetchError {
    pub(super) fn client(error: reqwest::Error) -> Self {
        Self::Client(innermost(&error))
    }

    pub(super) fn store(label: &str, source: Box<StoreError>) -> Self {
        Self::Store { label: label.to_owned(), source }
    }

    pub(super) fn place(url: &str, reason: impl fmt::Display) -> Self {
        Self::Place { url: redacted(url), reason: reason.to_string() }
    }
}

fn list(attempts: &[Attempt]) -> String {
    attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What happened at one place.
#[derive(Debug)]
pub struct Attempt {
    pub url: String,
    pub cause: Cause,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.url, self.cause)
    }
}

/// Each reads as a sentence after the URL.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("is not there")]
    Missing,
    #[error("could not be reached ({0})")]
    Unreachable(String),
    #[error("broke off ({0})")]
    Interrupted(String),
    #[error("sent nothing for {} s", .0.as_secs_f32())]
    Idle(Duration),
    #[error("sent {got} bytes in {} s, and {least} are the least", .within.as_secs_f32())]
    Slow { got: u64, least: u64, within: Duration },
    #[error("redirects wrongly ({0})")]
    Redirect(String),
    #[error("is larger than the limit of {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("ended after {got} of {expected} bytes")]
    Truncated { expected: u64, got: u64 },
    #[error("has {algorithm} {got}, expected {expected} ({size} bytes{})", if *.html { ", which look like an HTML page" } else { "" })]
    Mismatch { algorithm: Algorithm, expected: String, got: String, size: u64, html: bool, resumed: bool },
    #[error("cannot be read ({path}: {source})")]
    Read { path: Utf8PathBuf, source: io::Error },
    #[error("cannot be kept ({path}: {source})")]
    Partial { path: Utf8PathBuf, source: io::Error },
    #[error("cannot be kept ({0})")]
    Note(#[from] FileError),
    #[error(transparent)]
    Store(Box<StoreError>),
}

impl From<StoreError> for Cause {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}

impl Cause {
    /// Whether the same place may do better at the next try.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Interrupted(_) | Self::Idle(_) | Self::Truncated { .. } => true,
            Self::Status(status) => status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
            Self::Mismatch { .. }
            | Self::Missing
            | Self::Slow { .. }
            | Self::Redirect(_)
            | Self::TooLarge { .. }
            | Self::Read { .. }
            | Self::Partial { .. }
            | Self::Note(_)
            | Self::Store(_) => false,
        }
    }

    pub(super) fn of(error: &reqwest::Error, idle: Duration) -> Self {
        let reason = innermost(error);
        if error.is_redirect() {
            Self::Redirect(reason)
        } else if error.is_connect() {
            Self::Unreachable(reason)
        } else if error.is_timeout() {
            Self::Idle(idle)
        } else {
            Self::Interrupted(reason)
        }
    }
}

/// The cause that all others wrap, which alone says something.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
