//! Monitoring: what a Prometheus is given to watch the cluster.

/// A Prometheus that kthw does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitoring {
    /// As Prometheus writes durations.
    pub scrape_interval: String,
    /// Where it finds its certificate, its key, and the authority.
    pub credentials: String,
}
