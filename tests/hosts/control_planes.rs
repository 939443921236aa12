//! Every preset's control plane: from bare hosts to an API that is ready, and again after all hosts were without power.

use std::collections::BTreeSet;

use crate::benchmark::{self, Benchmark};
use crate::cluster::{Cluster, MINOR};
use crate::cluster_folder::ClusterFolder;
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::journal::complaints;
use crate::releases::Releases;

#[test]
fn one_control_plane() {
    let Some(benchmark) = Benchmark::built() else { return };
    let Some(cluster) = comes_up("single", |_| (), |_| ()) else { return };
    cluster.on_all(Host::power_off);
    cluster.on_all(Host::power_on);
    is_up(&cluster);
    let host = &cluster.hosts[0];
    benchmark.put(cluster.site().command(), &host.root());
    benchmark::check(&|script| host.ask(script), "master,etcd,controlplane", benchmark::CONTROL_PLANE);
}

#[test]
fn three_control_planes_behind_a_haproxy_that_ran_before() {
    // Debian starts it when it installs it, with a configuration that answers nobody.
    let before = |cluster: &Cluster| {
        drop(cluster.host("lb-0").run(&format!("{ENABLE_NOW} haproxy && systemctl is-active haproxy")))
    };
    let Some(cluster) = delivered("ha-haproxy", |_| (), before) else { return };
    let listens = || cluster.host("lb-0").run("ss --listening --tcp --numeric").contains(":6443 ");
    leaves_it_running(cluster.host("lb-0"), "haproxy");
    assert!(!listens(), "`enable --now` has started it anew");
    starts(&cluster);
    assert!(listens());
}

/// What starts a service that does not run, and leaves one alone that does, with whatever it has read.
const ENABLE_NOW: &str = "systemctl daemon-reload && systemctl enable --quiet --now";

/// Starts a service as somebody does who thinks that it does not run yet: it is the process that it was.
fn leaves_it_running(host: &Host, unit: &str) {
    let process = || host.run(&format!("systemctl show --property=MainPID {unit}"));
    let before = process();
    host.run(&format!("{ENABLE_NOW} {unit} && systemctl is-active {unit}"));
    assert_eq!(process(), before);
}

#[test]
fn three_control_planes_with_an_address_that_keepalived_moves() {
    let change = |folder: &ClusterFolder| {
        folder.edit("cluster.yaml", "https://10.240.0.40:6443", "https://10.240.0.50:6443");
        let keepalived = "kind: keepalived\n    address: 10.240.0.50\n    interface: host0\n";
        folder.edit("cluster.yaml", "kind: haproxy\n", keepalived);
        let balancer = "  - name: lb-0\n    address: 10.240.0.40\n    roles: [load-balancer]\n";
        folder.edit("cluster.yaml", balancer, "");
    };
    let address = "ip -brief address show dev host0";
    // One of the hosts was of another cluster before.
    let other = |cluster: &Cluster| {
        let host = cluster.host("controller-1");
        host.write("/etc/keepalived/keepalived.conf", OTHER_KEEPALIVED);
        host.run("systemctl start keepalived");
        eventually("the other cluster's address is taken", seconds(30), || {
            let has = host.run(address);
            provided(has.contains("10.240.0.60"), has)
        });
    };
    let Some(cluster) = delivered("ha-haproxy", change, other) else { return };
    let host = cluster.host("controller-1");
    leaves_it_running(host, "keepalived");
    assert!(host.run(address).contains("10.240.0.60"), "`enable --now` has started it anew");
    starts(&cluster);
    cluster.on_all(|host| assert!(!host.run(address).contains("10.240.0.60"), "{} still has it", host.name));
}

const OTHER_KEEPALIVED: &str = "
vrrp_instance other {
    state MASTER
    interface host0
    virtual_router_id 60
    virtual_ipaddress { 10.240.0.60/24 }
}
";

#[test]
fn three_control_planes_with_ipv6_alone() {
    let change = |folder: &ClusterFolder| {
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
    };
    comes_up("ha-haproxy", change, |_| ());
}

#[test]
fn three_control_planes_that_a_gateway_would_balance() {
    let Some(cluster) = comes_up("ha-ipvs", |_| (), |_| ()) else { return };
    for host in cluster.control_planes() {
        cluster.lead_virtual_address_to(host.address);
        cluster.client_gets("/readyz").unwrap_or_else(|refusal| panic!("{}: {refusal}", host.name));
    }
}

#[test]
fn a_control_plane_with_cilium() {
    comes_up("cilium", |_| (), |_| ());
}

/// Brings up the control plane of an example with a change, on hosts to which something was done before, and once more
/// after all hosts lost their power.
pub fn comes_up(
    example: &str,
    change: impl FnOnce(&ClusterFolder),
    before: impl FnOnce(&Cluster),
) -> Option<Cluster> {
    let cluster = delivered(example, change, before)?;
    starts(&cluster);
    Some(cluster)
}

/// The control plane of an example with a change, on hosts to which something was done before it was delivered.
fn delivered(
    example: &str,
    change: impl FnOnce(&ClusterFolder),
    before: impl FnOnce(&Cluster),
) -> Option<Cluster> {
    let releases = Releases::of(MINOR, &["etcd"])?;
    let folder = ClusterFolder::of_example(example);
    change(&folder);
    releases.pin(&folder);
    let mut cluster = Cluster::bare(folder)?;
    before(&cluster);
    cluster.deliver();
    // Cilium's installer would fetch its chart. Whether it can is not asked here.
    cluster.on_all(|host| {
        host.run("[ ! -e /usr/local/bin/cilium ] || ln --symbolic --force /bin/true /usr/local/bin/cilium");
    });
    Some(cluster)
}

/// Starts what was delivered, and once more by cutting the power.
fn starts(cluster: &Cluster) {
    cluster.start();
    is_up(cluster);
    cluster.on_all(Host::cut_power);
    cluster.on_all(Host::power_on);
    is_up(cluster);
}

pub fn is_up(cluster: &Cluster) {
    for host in cluster.control_planes() {
        eventually(&format!("the API server of {} is ready", host.name), seconds(120), || {
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
        let health = member.ask(&etcdctl(member, "endpoint health --cluster"))?;
        provided(health.matches("is healthy").count() == cluster.etcd_members().len(), health)
    });
    eventually("clients reach the API", seconds(60), || cluster.client_gets("/readyz"));
    leases_are_held_by_hosts(cluster);
    let complaints: Vec<String> =
        cluster.hosts.iter().flat_map(|host| complaints(host, &cluster.units(host))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What asks etcd on a member.
fn etcdctl(member: &Host, arguments: &str) -> String {
    let pki = "/etc/kubernetes/pki/etcd";
    format!(
        "etcdctl --endpoints={} --cacert={pki}/ca.crt --cert={pki}/healthcheck-client.crt \
           --key={pki}/healthcheck-client.key {arguments} 2>&1",
        member.url(2379)
    )
}

/// Every API server has its lease, and leaders are hosts of the cluster.
fn leases_are_held_by_hosts(cluster: &Cluster) {
    let expected: BTreeSet<&str> = cluster.control_planes().iter().map(|host| host.name.as_str()).collect();
    let leases =
        |who: &str| cluster.kubectl(&format!("get leases --namespace=kube-system --no-headers {who}"));
    eventually("every API server has a lease with its host's name", seconds(30), || {
        let names = leases(
            r"--selector=apiserver.kubernetes.io/identity \
              --output='custom-columns=NAME:.metadata.labels.kubernetes\.io/hostname'",
        )?;
        provided(names.lines().collect::<BTreeSet<_>>() == expected, names)
    });
    eventually("leaders are hosts of the cluster", seconds(60), || {
        let holders = leases(
            "kube-controller-manager kube-scheduler --output=custom-columns=HOLDER:.spec.holderIdentity",
        )?;
        let named = |line: &str| line.split_once('_').is_some_and(|(host, _)| expected.contains(host));
        provided(holders.lines().count() == 2 && holders.lines().all(named), holders)
    });
}
