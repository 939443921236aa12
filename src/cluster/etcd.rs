//! etcd: how its members keep time and space, and copies of what they hold.

use std::time::Duration;

use super::choice::choice;

/// Settings of every member; what is `None` is left to etcd, or not done at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Etcd {
    /// In whole milliseconds, as is the election timeout.
    pub heartbeat_interval: Option<Duration>,
    pub election_timeout: Option<Duration>,
    /// In bytes.
    pub quota: Option<u64>,
    pub auto_compaction: Option<AutoCompaction>,
    /// An absolute path outside of the data directory.
    pub wal_dir: Option<String>,
    /// When members are defragmented, as a calendar event of systemd.
    pub defragmentation: Option<String>,
    pub backup: Option<Backup>,
}

/// Which history etcd forgets by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoCompaction {
    pub mode: CompactionMode,
    /// A duration or a number, as the mode has it.
    pub retention: String,
}

choice! {
    /// What etcd counts its history by.
    CompactionMode {
        Periodic = "periodic",
        Revision = "revision",
    }
}

/// Copies of what a member and its host hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// An absolute path.
    pub directory: String,
    pub layers: Vec<Layer>,
    pub off_site: Option<OffSite>,
}

impl Backup {
    /// The layers that a host has: snapshots need a member of etcd.
    pub fn layers_of(&self, is_member: bool) -> impl Iterator<Item = &Layer> {
        self.layers.iter().filter(move |layer| is_member || layer.kind == LayerKind::Configuration)
    }
}

/// Copies of one age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub kind: LayerKind,
    /// A calendar event of systemd.
    pub schedule: String,
    /// In whole minutes, at least one.
    pub keep: Duration,
}

choice! {
    /// Which copies: snapshots of three ages, and archives of /etc/kubernetes.
    LayerKind {
        Frequent = "frequent",
        Daily = "daily",
        Weekly = "weekly",
        Configuration = "configuration",
    }
}

/// What takes copies to another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffSite {
    /// An absolute path.
    pub command: String,
    /// Whether it takes archives of /etc/kubernetes too.
    pub configuration: bool,
}
