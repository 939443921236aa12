//! Why something that a host was told was not done.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The host answers, and says why not.
    #[error("{0}")]
    Refused(String),
    /// Nobody knows whether it was done.
    #[error("the host does not answer: {0}")]
    Silent(String),
    /// It holds another tree than the step was planned for.
    #[error("the host has changed since it was looked at; look again, and plan from there")]
    Changed,
}
