//! What the example of a cluster that people depend on is given besides: copies, alerts, keys of two generations.

#![expect(clippy::disallowed_methods, reason = "tests list their own files")]

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::judge;
use crate::ran::Ran;

const HOSTS: [&str; 4] = ["cp-1", "etcd-1", "worker-1", "worker-2"];

fn production() -> ClusterFolder {
    ClusterFolder::of_example("production")
}

#[test]
fn systemd_reads_every_unit_and_every_timer_without_a_word() {
    let folder = production();
    let mut timers = 0;
    for host in HOSTS {
        let tree = HostTree::of(&folder, host);
        for program in ["/bin/sh", "/usr/bin/systemd-sysusers"] {
            tree.stub(program);
        }
        for target in [
            "sysinit",
            "basic",
            "multi-user",
            "network-online",
            "shutdown",
            "timers",
            "time-sync",
            "time-set",
        ] {
            tree.place(&format!("/usr/lib/systemd/system/{target}.target"), "[Unit]\n");
        }
        for unit in tree.paths(".service").into_iter().chain(tree.paths(".timer")) {
            timers += usize::from(unit.ends_with(".timer"));
            let Some(mut systemd) = judge("systemd-analyze") else { return };
            systemd
                .args(["verify", "--man=no", "--recursive-errors=no", &unit[1..], "--root"])
                .arg(tree.root());
            let Ran { code, stdout, stderr } = Ran::of(systemd.current_dir(tree.root()));
            assert_eq!((code, stdout + &stderr), (Some(0), String::new()), "{host}:{unit}");
        }
    }
    assert_eq!(timers, 1 + 5, "a control plane's archive, and a member's copies and defragmentation");
}

#[test]
fn every_script_is_one_that_a_shell_reads() {
    let folder = production();
    let tree = HostTree::of(&folder, "etcd-1");
    for script in ["/usr/local/sbin/etcd-backup", "/usr/local/sbin/etcd-defragmentation"] {
        assert_eq!(tree.files[script].mode, "0755");
        let Some(mut sh) = judge("dash") else { return };
        Ran::of(sh.arg("-n").arg(tree.at(script))).exits(0);
    }
}

#[test]
fn the_newest_key_encrypts_and_the_one_before_still_decrypts() {
    let folder = production();
    let config = folder.kthw(&["show", "cp-1:/etc/kubernetes/encryption-config.yaml", "--reveal"]).result();
    let keys: Vec<&str> = config.lines().filter_map(|line| line.trim().strip_prefix("- name: ")).collect();
    assert_eq!(keys, ["key2", "key1"]);
}

/// Series in which each of the four alerts on etcd once holds and once does not.
const SERIES: &str = r#"
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="slow",le="0.008"}', values: '0+50x40'}
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="slow",le="0.032"}', values: '0+100x40'}
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="slow",le="+Inf"}', values: '0+100x40'}
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="fast",le="0.008"}', values: '0+100x40'}
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="fast",le="0.032"}', values: '0+100x40'}
      - {series: 'etcd_disk_wal_fsync_duration_seconds_bucket{instance="fast",le="+Inf"}', values: '0+100x40'}
      - {series: 'etcd_server_leader_changes_seen_total{instance="restless"}', values: '0+1x40'}
      - {series: 'etcd_server_leader_changes_seen_total{instance="calm"}', values: '1x20 2x20'}
      - {series: 'etcd_server_has_leader{instance="lost"}', values: '1x20 0x20'}
      - {series: 'etcd_server_has_leader{instance="led"}', values: '1x40'}
      - {series: 'etcd_mvcc_db_total_size_in_bytes{instance="full"}', values: '7000000000x40'}
      - {series: 'etcd_server_quota_backend_bytes{instance="full"}', values: '8589934592x40'}
      - {series: 'etcd_mvcc_db_total_size_in_bytes{instance="roomy"}', values: '5000000000x40'}
      - {series: 'etcd_server_quota_backend_bytes{instance="roomy"}', values: '8589934592x40'}
      - {series: 'up{job="etcd",instance="a"}', values: '1x40'}
      - {series: 'up{job="etcd",instance="b"}', values: '1x20 0x20'}
      - {series: 'up{job="etcd",instance="c"}', values: '1x30 0x10'}
    alert_rule_test:
"#;

/// The alerts that hold at a minute, each with the instance that it holds for.
const EXPECTED: &[(&str, u32, Option<&str>)] = &[
    ("EtcdDiskWriteSlow", 35, Some("slow")),
    ("EtcdHighLeaderChanges", 35, Some("restless")),
    ("EtcdNoLeader", 15, None),
    ("EtcdNoLeader", 35, Some("lost")),
    ("EtcdDatabaseSizeHigh", 35, Some("full")),
    ("EtcdInsufficientMembers", 29, None),
];

#[test]
fn prometheus_takes_the_configuration_and_its_alerts_hold_when_they_should() {
    let folder = production();
    folder.kthw(&["snapshot", "--dir", "golden"]).exits(0);
    let place = folder.path().join("golden/monitoring");
    let ask = |args: &[&str]| Some(Ran::of(judge("promtool")?.args(args).current_dir(&place)));
    let Some(rules) = ask(&["check", "rules", "rules.yaml"]) else { return };
    assert!(rules.exits(0).stdout.contains("SUCCESS: 12 rules found"));
    // The credentials are where Prometheus runs, not here.
    let config = folder.read("golden/monitoring/scrape.yaml");
    for name in ["ca.crt", "client.crt", "client.key"] {
        std::fs::write(place.join(name), "").expect("our own folder");
    }
    folder.write("golden/monitoring/here.yaml", &config.replace("/etc/prometheus/kthw/", ""));
    ask(&["check", "config", "--syntax-only", "here.yaml"]).expect("promtool is there").exits(0);
    let text = folder.read("golden/monitoring/rules.yaml");
    let mut tests = SERIES.to_owned();
    for (alert, minute, instance) in EXPECTED {
        tests += &format!("      - {{eval_time: {minute}m, alertname: {alert}, exp_alerts: [{}]}}\n", {
            instance.map_or(String::new(), |instance| {
                let rule = text.split(&format!("alert: {alert}\n")).nth(1).expect("the alert is there");
                let of = |field: &str| {
                    let line = rule.lines().find_map(|line| line.trim().strip_prefix(field));
                    line.expect("every alert has it").trim().to_owned()
                };
                format!(
                    "{{exp_labels: {{instance: {instance}, severity: {}}}, exp_annotations: {{summary: '{}'}}}}",
                    of("severity:"),
                    of("summary:").trim_matches('"')
                )
            })
        });
    }
    folder.write("golden/monitoring/tests.yaml", &tests);
    let tested = ask(&["test", "rules", "tests.yaml"]).expect("promtool is there");
    assert_eq!(tested.code, Some(0), "{}{}\n{tests}", tested.stdout, tested.stderr);
}
