//! The audit log: what the API server records, and how much of it is kept.

/// Settings of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The whole audit policy as the user wrote it; without one, kthw's own policy applies.
    pub policy: Option<serde_json::Map<String, serde_json::Value>>,
    /// Days that a file is kept.
    pub max_age: u32,
    /// Files that are kept.
    pub max_backup: u32,
    /// Megabytes at which a file is rotated.
    pub max_size: u32,
}
