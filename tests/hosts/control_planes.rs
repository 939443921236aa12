//! Every preset's control plane: from bare hosts to an API that is ready, and again after all hosts were without power.

use std::collections::BTreeSet;

use crate::cluster::Cluster;
use crate::cluster_folder::ClusterFolder;
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::journal::complaints;
use crate::releases::Releases;

#[test]
fn one_control_plane() {
    let Some(cluster) = comes_up("single", |_| ()) else { return };
    cluster.on_all(Host::power_off);
    cluster.on_all(Host::power_on);
    is_up(&cluster);
}

#[test]
fn three_control_planes_behind_haproxy() {
    comes_up("ha-haproxy", |_| ());
}

#[test]
fn three_control_planes_with_an_address_that_keepalived_moves() {
    comes_up("ha-haproxy", |folder| {
        folder.edit("cluster.yaml", "https://10.240.0.40:6443", "https://10.240.0.50:6443");
        let keepalived = "kind: keepalived\n    address: 10.240.0.50\n    interface: host0\n";
        folder.edit("cluster.yaml", "kind: haproxy\n", keepalived);
        let balancer = "  - name: lb-0\n    address: 10.240.0.40\n    roles: [load-balancer]\n";
        folder.edit("cluster.yaml", balancer, "");
    });
}

#[test]
fn three_control_planes_with_ipv6_alone() {
    comes_up("ha-haproxy", |folder| {
        let mut text = folder.read("cluster.yaml");
        for (v4, v6) in [
            ("10.32.0.0/24", "fd00:32::/112"),
            ("10.32.0.10", "fd00:32::a"),
            ("10.200.0.0/16", "fd00:200::/48"),
            ("https://10.240.0.40:", "https://[fd00:240::40]:"),
            ("10.240.0.0/24", "fd00:240::/64"),
            ("10.240.0.", "fd00:240::"),
        ] {
            assert!(text.contains(v4), "{v4}");
            text = text.replace(v4, v6);
        }
        folder.write("cluster.yaml", &text);
    });
}

#[test]
fn three_control_planes_behind_ipvs_but_for_the_gateway() {
    comes_up("ha-ipvs", |_| ());
}

#[test]
fn three_control_planes_and_an_etcd_of_its_own() {
    comes_up("production", |_| ());
}

#[test]
fn a_control_plane_with_cilium() {
    comes_up("cilium", |_| ());
}

/// Brings up the control plane of an example with a change, and once more after all hosts lost their power.
fn comes_up(example: &str, change: impl FnOnce(&ClusterFolder)) -> Option<Cluster> {
    let releases = Releases::of("1.36", &["etcd"])?;
    let folder = ClusterFolder::of_example(example);
    change(&folder);
    releases.pin(&folder);
    let cluster = Cluster::started(folder)?;
    is_up(&cluster);
    cluster.on_all(Host::cut_power);
    cluster.on_all(Host::power_on);
    is_up(&cluster);
    Some(cluster)
}

fn is_up(cluster: &Cluster) {
    for host in cluster.control_planes() {
        eventually(&format!("the API server of {} is ready", host.name), seconds(90), || {
            let ready = host.ask(&format!(
                "curl --silent --show-error --fail --cacert /etc/kubernetes/pki/ca.crt {}/readyz",
                host.url(6443)
            ))?;
            provided(ready == "ok", ready)
        });
    }
    for host in &cluster.hosts {
        eventually(&format!("every unit of {} has started", host.name), seconds(60), || {
            let units = cluster.units(host);
            let states = host.ask(&format!("systemctl is-active {} || true", units.join(" ")))?;
            let states: Vec<String> =
                units.iter().zip(states.lines()).map(|(u, s)| format!("{u} {s}")).collect();
            provided(states.iter().all(|state| state.ends_with(" active")), states.join("\n"))
        });
        let failed = host.run("systemctl --no-pager --no-legend --plain --failed");
        assert_eq!(failed, "", "{}", host.name);
    }
    let member = cluster.etcd_members()[0];
    eventually("every member of etcd is healthy", seconds(30), || {
        let health = member.ask(&etcdctl("endpoint health --cluster"))?;
        provided(health.matches("is healthy").count() == cluster.etcd_members().len(), health)
    });
    eventually("clients reach the API", seconds(10), || cluster.client_gets("/readyz"));
    leases_are_held_by_hosts(cluster);
    let complaints: Vec<String> =
        cluster.hosts.iter().flat_map(|host| complaints(host, &cluster.units(host))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What asks etcd on a member.
fn etcdctl(arguments: &str) -> String {
    let pki = "/etc/kubernetes/pki/etcd";
    format!(
        "etcdctl --endpoints=https://127.0.0.1:2379 --cacert={pki}/ca.crt --cert={pki}/healthcheck-client.crt \
           --key={pki}/healthcheck-client.key {arguments} 2>&1"
    )
}

/// Every API server has its lease, and leaders are hosts of the cluster.
fn leases_are_held_by_hosts(cluster: &Cluster) {
    let expected: BTreeSet<&str> = cluster.control_planes().iter().map(|host| host.name.as_str()).collect();
    let leases = "get leases --namespace=kube-system --no-headers --output=custom-columns=";
    eventually("every API server has a lease with its host's name", seconds(30), || {
        let names =
            r"NAME:.metadata.labels.kubernetes\.io/hostname --selector=apiserver.kubernetes.io/identity";
        let names = cluster.kubectl(&format!("{leases}'{names}"))?;
        provided(names.lines().collect::<BTreeSet<_>>() == expected, names)
    });
    eventually("leaders are hosts of the cluster", seconds(30), || {
        let holder = "HOLDER:.spec.holderIdentity kube-controller-manager kube-scheduler";
        let holders = cluster.kubectl(&format!("{leases}{holder}"))?;
        let named = |line: &str| line.split_once('_').is_some_and(|(host, _)| expected.contains(host));
        provided(holders.lines().count() == 2 && holders.lines().all(named), holders)
    });
}
