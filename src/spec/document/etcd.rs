//! The section `etcd`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;
use crate::cluster::CompactionMode;

/// How the members of etcd keep time and space, and copies of what they hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct EtcdSpec {
    /// How often the leader says that it is there; by default etcd's own 100ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_interval: Option<String>,
    /// How long a member waits for a leader before it calls an election; by default etcd's own 1s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub election_timeout: Option<String>,
    /// The size of the database at which etcd takes no more writes, for instance 8GiB; by default etcd's own 2GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
    /// Compaction by etcd itself, besides that of the API servers; by default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AutoCompactionSpec")]
    pub auto_compaction: Option<AutoCompactionSpec>,
    /// A directory on a disk of its own, for the write-ahead log; by default it is within /var/lib/etcd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_dir: Option<String>,
    /// Gives free space of the database back to the disk, one member at a time; by default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DefragmentationSpec")]
    pub defragmentation: Option<DefragmentationSpec>,
    /// Snapshots on every member; by default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BackupSpec")]
    pub backup: Option<BackupSpec>,
}

/// Compaction by etcd itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("mode retention"))]
pub struct AutoCompactionSpec {
    /// Whether history is kept by time or by number of revisions.
    #[schemars(with = "CompactionMode")]
    pub mode: String,
    /// How much of it is kept: a duration such as 8h, or a number of revisions.
    pub retention: String,
}

/// Defragmentation of the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("schedule"))]
pub struct DefragmentationSpec {
    /// When, as a calendar event of systemd.
    pub schedule: String,
}

/// Snapshots on every member, in three layers, and an archive of /etc/kubernetes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct BackupSpec {
    /// Where the copies are kept.
    pub directory: String,
    /// Snapshots against what went wrong just now.
    pub frequent: LayerSpec,
    /// Snapshots against what went wrong this month.
    pub daily: LayerSpec,
    /// Snapshots against what went wrong long ago.
    pub weekly: LayerSpec,
    /// Archives of /etc/kubernetes, which hold private keys; on control planes too.
    pub configuration: LayerSpec,
    /// What takes the copies elsewhere; by default nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OffSiteSpec")]
    pub off_site: Option<OffSiteSpec>,
}

/// When copies are made and how long they are kept; what is not written is the layer's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct LayerSpec {
    /// When, as a calendar event of systemd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// How long a copy is kept, as a duration such as 48h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
}

/// What takes copies to another place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("command"))]
pub struct OffSiteSpec {
    /// The absolute path of a program on the host that is run with each new copy as its argument.
    pub command: String,
    /// Whether the archives of /etc/kubernetes, which hold private keys, are taken too.
    pub configuration: bool,
}

impl Default for BackupSpec {
    fn default() -> BackupSpec {
        BackupSpec {
            directory: "/var/backups/kthw".to_owned(),
            frequent: LayerSpec::default(),
            daily: LayerSpec::default(),
            weekly: LayerSpec::default(),
            configuration: LayerSpec::default(),
            off_site: None,
        }
    }
}
