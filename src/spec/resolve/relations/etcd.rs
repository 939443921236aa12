//! What etcd refuses of several flags together.

use serde_json::Value;

use super::settings::Settings;
use super::{Relation, relation};

pub(super) const RELATIONS: &[Relation] = &[
    relation(
        &["cipher-suites", "tls-min-version"],
        |s| s.is_set("cipher-suites") && s.text("tls-min-version") == "TLS1.3",
        "does not go with TLS 1.3, whose cipher suites nobody chooses",
        "remove cipher-suites, or write tls-min-version: TLS1.2",
    ),
    relation(
        &["tls-max-version", "tls-min-version"],
        |s| s.text("tls-max-version") == "TLS1.2" && s.text("tls-min-version") == "TLS1.3",
        "leaves no version: tls-max-version is below tls-min-version, which is TLS1.3",
        "remove tls-max-version, or write tls-min-version: TLS1.2",
    ),
    relation(
        &["discovery", "discovery-srv", "discovery-endpoints", "discovery-token"],
        |s| {
            ["discovery", "discovery-srv", "discovery-endpoints", "discovery-token"]
                .iter()
                .any(|flag| s.is_set(flag))
        },
        "does not go with initial-cluster, which kthw sets: its members need not be discovered",
        "remove the flag",
    ),
    relation(
        &["log-outputs"],
        |s| {
            let outputs = s.items("log-outputs");
            outputs.len() > 1 && outputs.iter().any(|output| output == "default")
                || outputs.len() > 1 && outputs.iter().any(|output| output == "systemd/journal")
        },
        "names default or systemd/journal beside others, which etcd does not take together",
        "name one of the two alone, or only stdout, stderr and paths",
    ),
    relation(
        &["enable-log-rotation"],
        |s| {
            let files = files(s);
            s.is_on("enable-log-rotation") && (files > 1 || files == 0 && s.items("log-outputs").len() == 1)
        },
        "turns on the rotation of a log, and log-outputs does not name exactly one file",
        "remove the flag: the journal rotates what etcd logs",
    ),
    relation(
        &["log-rotation-config-json", "enable-log-rotation"],
        |s| {
            let settings = s.text("log-rotation-config-json");
            s.is_on("enable-log-rotation") && !settings.is_empty() && !is_rotation(&settings)
        },
        "has a log-rotation-config-json that is none",
        "write a JSON mapping of maxsize, maxage, maxbackups, localtime and compress",
    ),
    relation(
        &["distributed-tracing-sampling-rate", "enable-distributed-tracing"],
        |s| {
            let rate = s.number("distributed-tracing-sampling-rate");
            s.is_on("enable-distributed-tracing") && !(0.0..=1_000_000.0).contains(&rate)
        },
        "has a distributed-tracing-sampling-rate that is not from 0 to 1000000, per million",
        "write a number from 0 to 1000000",
    ),
    relation(
        &["feature-gates"],
        |s| s.opens(&["LeaseCheckpointPersist"]) && !s.opens(&["LeaseCheckpoint"]),
        "has LeaseCheckpointPersist without LeaseCheckpoint",
        "add LeaseCheckpoint=true",
    ),
    relation(
        &["client-cert-file", "client-key-file"],
        |s| s.is_set("client-cert-file") != s.is_set("client-key-file"),
        "is one of client-cert-file and client-key-file, which go together",
        "set both or none",
    ),
    relation(
        &["peer-client-cert-file", "peer-client-key-file"],
        |s| s.is_set("peer-client-cert-file") != s.is_set("peer-client-key-file"),
        "is one of peer-client-cert-file and peer-client-key-file, which go together",
        "set both or none",
    ),
    relation(
        &["experimental-warning-unary-request-duration"],
        |s| {
            !s.duration("experimental-warning-unary-request-duration").is_zero()
                && !s.duration("warning-unary-request-duration").is_zero()
        },
        "does not go with warning-unary-request-duration",
        "remove it and keep warning-unary-request-duration",
    ),
    relation(
        &[
            "experimental-compact-hash-check-enabled",
            "experimental-enable-lease-checkpoint",
            "experimental-enable-lease-checkpoint-persist",
            "experimental-initial-corrupt-check",
            "experimental-stop-grpc-service-on-defrag",
            "experimental-txn-mode-write-with-shared-buffer",
        ],
        |s| {
            let gates = s.text("feature-gates");
            OF_GATES.iter().any(|(flag, gate)| s.is_written(flag) && gates.contains(&format!("{gate}=")))
        },
        "does not go with the gate of feature-gates that has its part",
        "remove it and open or close the gate",
    ),
    relation(
        RENAMED,
        |s| RENAMED.iter().any(|flag| s.is_set(flag) && s.is_set(flag.trim_start_matches("experimental-"))),
        "does not go with the flag of the same name without experimental-",
        "remove it and keep the other",
    ),
];

/// Flags whose part feature gates play.
const OF_GATES: &[(&str, &str)] = &[
    ("experimental-compact-hash-check-enabled", "CompactHashCheck"),
    ("experimental-enable-lease-checkpoint", "LeaseCheckpoint"),
    ("experimental-enable-lease-checkpoint-persist", "LeaseCheckpointPersist"),
    ("experimental-initial-corrupt-check", "InitialCorruptCheck"),
    ("experimental-stop-grpc-service-on-defrag", "StopGRPCServiceOnDefrag"),
    ("experimental-txn-mode-write-with-shared-buffer", "TxnModeWriteWithSharedBuffer"),
];

/// Flags that have another name since.
const RENAMED: &[&str] = &[
    "experimental-bootstrap-defrag-threshold-megabytes",
    "experimental-compact-hash-check-time",
    "experimental-compaction-batch-limit",
    "experimental-compaction-sleep-interval",
    "experimental-corrupt-check-time",
    "experimental-distributed-tracing-address",
    "experimental-distributed-tracing-instance-id",
    "experimental-distributed-tracing-sampling-rate",
    "experimental-distributed-tracing-service-name",
    "experimental-downgrade-check-time",
    "experimental-enable-distributed-tracing",
    "experimental-memory-mlock",
    "experimental-peer-skip-client-san-verification",
    "experimental-snapshot-catchup-entries",
    "experimental-warning-apply-duration",
    "experimental-watch-progress-notify-interval",
];

/// How many files etcd logs to.
fn files(s: &Settings<'_>) -> usize {
    s.items("log-outputs")
        .iter()
        .filter(|output| !["default", "stdout", "stderr"].contains(&output.as_str()))
        .count()
}

/// What etcd reads of how a log is rotated.
fn is_rotation(text: &str) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return false };
    members.iter().all(|(name, value)| match name.as_str() {
        "maxsize" | "maxage" | "maxbackups" => value.as_i64().is_some(),
        "localtime" | "compress" => value.is_boolean(),
        _ => true,
    })
}
