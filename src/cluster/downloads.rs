//! Downloads: where release files may come from besides their publishers.

/// Settings of downloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloads {
    /// Roots (http, https or file) that hold the publishers' paths, tried in order before the publisher.
    pub mirrors: Vec<String>,
}
