//! Refusals and warnings of the section `etcd`.

use super::answers;

#[test]
fn times_of_elections_are_checked() {
    insta::assert_snapshot!(answers(&[
        "etcd: {heartbeatInterval: 200ms, electionTimeout: 1s}",
        "etcd: {heartbeatInterval: 100, electionTimeout: 1.0001s}",
        "etcd: {electionTimeout: 400ms}",
        "etcd: {heartbeatInterval: 300ms}",
        "etcd: {electionTimeout: 60s}",
    ]));
}

#[test]
fn space_is_checked() {
    insta::assert_snapshot!(answers(&[
        "etcd: {quota: 8GiB}",
        "etcd: {quota: 8G}",
        "etcd: {quota: 0}",
        "etcd: {quota: 16GiB}",
        "etcd: {autoCompaction: {mode: periodic, retention: 8h}}",
        "etcd: {autoCompaction: {mode: periodic, retention: 8}}",
        "etcd: {autoCompaction: {mode: revision, retention: 10000}}",
        "etcd: {autoCompaction: {mode: revision, retention: 8h}}",
        "etcd: {autoCompaction: {mode: period}}",
        "etcd: {autoCompaction: {mode: revision}}",
        "etcd: {walDir: wal}",
        "etcd: {walDir: /var/lib/etcd/wal}",
        "etcd: {walDir: /home/etcd}",
        "etcd: {walDir: /tmpfs/etcd}",
        "etcd: {walDir: /var/lib}",
        "etcd: {walDir: /srv/copies/wal, backup: {directory: /srv/copies}}",
        "etcd: {walDir: /srv/etcd, backup: {directory: /srv/etcd/copies}}",
        "etcd: {walDir: /srv/etcd, backup: {directory: /srv/etcd-copies}}",
    ]));
}

#[test]
fn schedules_and_copies_are_checked() {
    insta::assert_snapshot!(answers(&[
        "etcd: {defragmentation: {schedule: Sat *-*-* 03:00:00}, backup: {}}",
        "etcd: {defragmentation: {schedule: nightly}}",
        "etcd: {backup: {directory: /srv/a b, daily: {schedule: 2am, keep: 30d}}}",
        "etcd: {backup: {weekly: {keep: 90s}, offSite: {command: take-away --fast}}}",
        "etcd: {backup: {monthly: {}, ofSite: {}}}",
        "etcd: {backup: {directory: /tmp/x}}",
        "etcd: {backup: {directory: /var/lib/etcd/backup}}",
    ]));
}

#[test]
fn flags_that_the_section_decides_are_not_set_elsewhere() {
    insta::assert_snapshot!(answers(&[
        "components: {etcd: {flags: {wal-dir: /wal}}}",
        "components: {etcd: {flags: {quota-backend-bytes: 1}}}",
    ]));
}
