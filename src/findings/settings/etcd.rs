//! What etcd holds, and how its members agree.

use super::super::finding::Kind::{Breaking, ByHand, Forbidden, Lasting, Meanwhile};
use super::row::When::{Becomes, Changes, Falls, Is, Withdraws};
use super::row::{ETCD, FALSE, Row, TRUE, row};

pub const ROWS: &[Row] = &[
    row(ETCD, "force-new-cluster", "false", (Is(&["true"]), Forbidden), "each member that restarts leaves the others and goes on alone \
        with a copy of the data", "remove the flag: a quorum that is lost is restored from a copy (docs/etcd-restore.md)")
        .alone(Some(Breaking))
        .source("https://etcd.io/docs/latest/op-guide/recovery/"),
    row(ETCD, "unsafe-no-fsync", "false", (TRUE, Forbidden), "what a member has acknowledged is lost when its host loses power, \
        and the members then disagree for good", "remove the flag: a faster disk is the cure for slow writes"),
    row(ETCD, "data-dir", "", (Changes, Forbidden), "a member that finds no data there begins anew under its old name, and forgets \
        for what it has voted", "keep the directory"),
    row(ETCD, "proxy", "off", (Becomes(&["on", "readonly"]), Forbidden), "a proxy is no member: each one that restarts is lost to the \
        quorum", "remove the flag"),
    row(ETCD, "initial-cluster-token", "", (Changes, ByHand), "members go on with the token that they began with, and whoever begins \
        without data by the new one founds another etcd", "let a member join with --initial-cluster-state=existing alone, and restore \
        copies with the new token")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the flag")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery-srv", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the flag")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery-endpoints", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the \
        flag").source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "peer-cert-allowed-cn", "", (Changes, Breaking), "each member's certificate names its own host, so members that \
        restart let no other in", "remove the flag: the authority of etcd signs for nobody but its members"),
    row(ETCD, "peer-cert-allowed-hostname", "", (Changes, Breaking), "each member's certificate names its own host, so members that \
        restart let no other in", "remove the flag: the authority of etcd signs for nobody but its members"),
    row(ETCD, "client-cert-allowed-hostname", "", (Changes, Breaking), "API servers are refused unless their certificate has this \
        name", "remove the flag"),
    row(ETCD, "strict-reconfig-check", "true", (FALSE, Breaking), "etcd lets members go even where that loses the quorum", "remove \
        the flag"),
    row(ETCD, "max-learners", "1", (Becomes(&["0"]), Breaking), "no member can be added or replaced any more: each one joins as \
        a learner, and is refused", "remove the flag")
        .source("https://etcd.io/docs/latest/learning/design-learner/"),
    row(ETCD, "max-request-bytes", "1572864", (Falls, Breaking), "objects that are larger can be written no more", "look for large \
        objects first, such as ConfigMaps and Secrets of releases"),
    row(ETCD, "max-txn-ops", "128", (Falls, Breaking), "writes of more operations are refused", "remove the flag"),
    row(ETCD, "auto-compaction-mode", "periodic", (Changes, Lasting), "history that is compacted does not come back, and whoever \
        watches from an earlier revision has to list anew", "choose a retention that is longer than any client is away")
        .source("https://etcd.io/docs/latest/op-guide/maintenance/"),
    row(ETCD, "auto-compaction-retention", "0", (Changes, Lasting), "history that is compacted does not come back, and whoever \
        watches from an earlier revision has to list anew", "choose a retention that is longer than any client is away")
        .source("https://etcd.io/docs/latest/op-guide/maintenance/"),
    row(ETCD, "heartbeat-interval", "100", (Changes, Meanwhile), "until all members have it they do not agree on when a leader is \
        gone, and may elect another without need", "choose a quiet hour, and roll out without a pause")
        .source("https://etcd.io/docs/latest/tuning/").alone(None),
    row(ETCD, "election-timeout", "1000", (Changes, Meanwhile), "until all members have it they do not agree on when a leader is \
        gone, and may elect another without need", "choose a quiet hour, and roll out without a pause")
        .source("https://etcd.io/docs/latest/tuning/").alone(None),
    row(
        ETCD,
        "experimental-initial-corrupt-check",
        "",
        (FALSE, Breaking),
        "a member whose data is not that of the others joins them, and nobody notices",
        "remove the flag",
    )
    .source("https://etcd.io/docs/latest/op-guide/data_corruption/"),
    row(
        ETCD,
        "feature-gates",
        "",
        (Withdraws, Breaking),
        "what these gates open is no more; without InitialCorruptCheck a member whose data is not that of the others joins \
         them, and nobody notices",
        "keep the gates that kthw opens",
    )
    .source("https://etcd.io/docs/latest/op-guide/data_corruption/"),
    row(ETCD, "experimental-enable-lease-checkpoint-persist", "false", (Changes, Breaking), "members with it and members without \
        keep other times of leases", "change it on all members at once, in a quiet hour"),
];
