//! What a Prometheus is given: whom to ask, and what to worry about. It runs where the user runs it, so no host holds these.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};

use super::planner::Planner;
use crate::artifact::{DecidedBy, Documents};
use crate::cluster::{Cluster, Host, Monitoring, ports};

impl Planner<'_> {
    pub(super) fn define_monitoring(&mut self) {
        let Some(monitoring) = &self.cluster.monitoring else { return };
        let scrape = scrape(self.cluster, monitoring);
        // Where everything listens follows from the hosts and from whatever sets a port.
        let fields = ["monitoring", "hosts", "api.endpoint", "components"];
        let decided_by = DecidedBy::Derived(fields.map(str::to_owned).to_vec());
        self.define("monitoring/scrape.yaml", Documents::of([(decided_by, scrape)]), []);
        self.define("monitoring/rules.yaml", Documents::of([(DecidedBy::Program, rules())]), []);
    }
}

/// A configuration of Prometheus. Members of etcd tell their metrics without TLS, because every client that their
/// authority vouches for may change everything, and who only watches should not be one.
fn scrape(cluster: &Cluster, monitoring: &Monitoring) -> Value {
    let folder = &monitoring.credentials;
    let job = |name: &str, targets: Vec<String>| {
        json!({
            "job_name": name,
            "scheme": "https",
            "tls_config": {
                "ca_file": format!("{folder}/ca.crt"),
                "cert_file": format!("{folder}/client.crt"),
                "key_file": format!("{folder}/client.key"),
            },
            "static_configs": [{"targets": targets}],
        })
    };
    let mut etcd = job("etcd", targets(cluster.etcd_members(), ports::ETCD_METRICS.usual));
    etcd["scheme"] = "http".into();
    etcd.as_object_mut().expect("a job is a mapping").remove("tls_config");
    let mut jobs = vec![
        etcd,
        job("kube-apiserver", targets(cluster.control_planes(), cluster.apiserver_port())),
        job(
            "kube-controller-manager",
            targets(cluster.control_planes(), cluster.port(&ports::CONTROLLER_MANAGER)),
        ),
        job("kube-scheduler", targets(cluster.control_planes(), cluster.port(&ports::SCHEDULER))),
    ];
    if cluster.workers().next().is_some() {
        jobs.push(job("kubelet", targets(cluster.workers(), cluster.port(&ports::KUBELET))));
    }
    json!({
        "global": {"scrape_interval": monitoring.scrape_interval, "evaluation_interval": monitoring.scrape_interval},
        "rule_files": ["rules.yaml"],
        "scrape_configs": jobs,
    })
}

fn targets<'h>(hosts: impl Iterator<Item = &'h Host>, port: u16) -> Vec<String> {
    let target = |address: IpAddr| SocketAddr::new(address, port).to_string();
    hosts.map(|host| target(host.address)).collect()
}

/// Alerting rules: name, expression, how long it holds before it counts, severity, and what it means.
fn rules() -> Value {
    let etcd = [
        alert(
            "EtcdDiskWriteSlow",
            "histogram_quantile(0.99, sum by (instance, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m]))) > 0.01",
            "10m",
            "warning",
            "The slowest hundredth of writes to the log takes more than 10 ms: give etcd a faster disk, or one of its own.",
        ),
        alert(
            "EtcdHighLeaderChanges",
            "increase(etcd_server_leader_changes_seen_total[10m]) > 3",
            "0s",
            "warning",
            "More than three elections in ten minutes: look at the network, and at etcd.heartbeatInterval and etcd.electionTimeout.",
        ),
        alert(
            "EtcdNoLeader",
            "etcd_server_has_leader == 0",
            "1m",
            "critical",
            "The member knows no leader: without a quorum nothing of the cluster can change.",
        ),
        alert(
            "EtcdDatabaseSizeHigh",
            "etcd_mvcc_db_total_size_in_bytes > 0.75 * etcd_server_quota_backend_bytes",
            "10m",
            "warning",
            "The database is close to its quota, at which etcd takes no more writes: defragment it, or raise etcd.quota.",
        ),
        alert(
            "EtcdMemberDown",
            "up{job=\"etcd\"} == 0",
            "3m",
            "warning",
            "A member of etcd does not answer.",
        ),
        alert(
            "EtcdInsufficientMembers",
            "sum(up{job=\"etcd\"}) < floor(count(up{job=\"etcd\"}) / 2) + 1",
            "1m",
            "critical",
            "Fewer members of etcd answer than are needed for a quorum.",
        ),
    ];
    let control_plane = [
        alert(
            "KubeApiserverDown",
            "up{job=\"kube-apiserver\"} == 0",
            "5m",
            "critical",
            "An API server does not answer.",
        ),
        alert(
            "KubeApiserverErrors",
            "sum(rate(apiserver_request_total{code=~\"5..\"}[5m])) / sum(rate(apiserver_request_total[5m])) > 0.01",
            "10m",
            "critical",
            "More than one in a hundred requests to the API fails.",
        ),
        alert(
            "KubeClientCertificateExpires",
            "histogram_quantile(0.01, sum by (instance, le) (rate(apiserver_client_certificate_expiration_seconds_bucket{job=\"kube-apiserver\"}[5m]))) < 7 * 24 * 3600",
            "5m",
            "warning",
            "Somebody uses a certificate that expires within a week: `kthw build --fail-if-expiring 7d` names those of kthw.",
        ),
        alert(
            "KubeControllerManagerNoLeader",
            "absent(leader_election_master_status{name=\"kube-controller-manager\"} == 1)",
            "5m",
            "critical",
            "No controller manager leads: what pods, nodes and volumes should be is not made so.",
        ),
        alert(
            "KubeSchedulerNoLeader",
            "absent(leader_election_master_status{name=\"kube-scheduler\"} == 1)",
            "5m",
            "critical",
            "No scheduler leads: new pods stay pending.",
        ),
        alert("KubeletDown", "up{job=\"kubelet\"} == 0", "15m", "warning", "A kubelet does not answer."),
    ];
    json!({"groups": [
        {"name": "etcd", "rules": etcd},
        {"name": "control-plane", "rules": control_plane},
    ]})
}

fn alert(name: &str, expr: &str, during: &str, severity: &str, summary: &str) -> Value {
    json!({
        "alert": name,
        "expr": expr,
        "for": during,
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{self, presets};

    #[test]
    fn programs_are_asked_where_they_listen() {
        let targets_of = |text: &str, name: &str| {
            let (cluster, _) = spec::load(text).expect("a good cluster");
            let scrape = scrape(&cluster, cluster.monitoring.as_ref().expect("it is watched"));
            let jobs = scrape["scrape_configs"].as_array().expect("jobs").clone();
            let job = jobs.into_iter().find(|job| job["job_name"] == name).expect("a job of this name");
            job["static_configs"][0]["targets"][0].as_str().expect("a target").to_owned()
        };
        let usual = presets::PRODUCTION;
        assert_eq!(targets_of(usual, "kube-scheduler"), "10.20.0.11:10259");
        let moved =
            usual.replace("  kube-scheduler:\n", "  kube-scheduler:\n    flags: {secure-port: 10359}\n");
        assert_eq!(targets_of(&moved, "kube-scheduler"), "10.20.0.11:10359");
        assert_eq!(targets_of(&moved, "kube-controller-manager"), "10.20.0.11:10257");
    }
}
