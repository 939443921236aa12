//! Load balancers between clients and real API servers: what clients notice of a restart, a reload, a dead host and a
//! split of the network.

use crate::clients::Clients;
use crate::cluster::{Cluster, MINOR};
use crate::cluster_folder::ClusterFolder;
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::releases::Releases;

#[test]
fn clients_of_haproxy_notice_no_restart_no_reload_and_no_dead_host() {
    let Some(cluster) = three_control_planes(|_| ()) else { return };
    let balancer = cluster.host("lb-0");
    let clients = Clients::of(&cluster);
    clients.notice_nothing("every API server restarts", || {
        for host in cluster.control_planes() {
            restart_api_server(&cluster, host);
        }
    });
    let change = "echo '# changed' >>/etc/haproxy/haproxy.cfg && systemctl reload haproxy";
    clients.notice_nothing("HAProxy reads another configuration", || {
        let before = balancer.run(MAIN_PROCESS);
        balancer.run(change);
        eventually("it has begun anew with it", seconds(20), || {
            let said = balancer.run("journalctl --no-pager --unit=haproxy --output=cat");
            provided(said.matches("New worker").count() > 1, said)
        });
        assert_eq!(balancer.run(MAIN_PROCESS), before, "the same master");
    });
    balancer.run("cp /etc/haproxy/haproxy.cfg /tmp && echo nonsense >>/etc/haproxy/haproxy.cfg");
    clients.notice_nothing("HAProxy is given a configuration that it cannot read", || {
        balancer.ask("systemctl reload haproxy").expect_err("it says so");
        cluster.client("sleep 1").expect("clients go on");
    });
    balancer.run("cp /tmp/haproxy.cfg /etc/haproxy");
    // What stands in no request of etcd: it elects a leader meanwhile.
    clients.notice_nothing("a control plane loses its power", || {
        cluster.host("controller-2").cut_power();
        eventually("HAProxy has left it out", seconds(60), || {
            let servers = balancer.run("curl --silent http://127.0.0.1:8404/metrics");
            let is_down = r#"server="controller-2",state="DOWN"} 1"#;
            provided(servers.contains(is_down), servers)
        });
    });
    clients.notice("HAProxy is stopped", || _ = balancer.run("systemctl stop haproxy && sleep 1"));
}

#[test]
fn clients_of_keepalived_are_led_to_an_api_server_that_is_ready() {
    let Some(cluster) = three_control_planes(|folder| {
        folder.edit("cluster.yaml", "https://10.240.0.40:6443", "https://10.240.0.50:6443");
        let keepalived = "kind: keepalived\n    address: 10.240.0.50\n    interface: host0\n";
        folder.edit("cluster.yaml", "kind: haproxy\n", keepalived);
        let balancer = "  - name: lb-0\n    address: 10.240.0.40\n    roles: [load-balancer]\n";
        folder.edit("cluster.yaml", balancer, "");
    }) else {
        return;
    };
    let clients = Clients::of(&cluster);
    clients.notice_nothing("the API server of the holder restarts, twice", || {
        for _ in 0..2 {
            let holder = holders(&cluster)[0];
            restart_api_server(&cluster, holder);
            assert_ne!(holders(&cluster)[0].name, holder.name, "another has taken the address");
        }
    });
    clients.notice_nothing("keepalived reads another configuration", || {
        let holder = holders(&cluster)[0];
        let before = holder.run("systemctl show --property=MainPID keepalived");
        holder.run("echo '# changed' >>/etc/keepalived/keepalived.conf && systemctl reload keepalived");
        eventually("it has read it", seconds(20), || {
            let said = holder.run("journalctl --no-pager --unit=keepalived --output=cat");
            provided(said.contains("Reloading"), said)
        });
        assert_eq!(holder.run("systemctl show --property=MainPID keepalived"), before);
        assert_eq!(holders(&cluster)[0].name, holder.name);
    });
    clients.notice("nobody holds the address", || {
        cluster.on_all(|host| _ = host.run("systemctl stop keepalived"));
        cluster.client("sleep 1").expect("a client waits");
    });
    returns_after_a_split(&cluster);
}

/// The holder of the address and the others do not hear each other for a while; the others' clients follow them, and
/// come back, for the holder announces itself.
fn returns_after_a_split(cluster: &Cluster) {
    let start = |host: &Host| _ = host.run("systemctl start keepalived");
    let first = cluster.host("controller-0");
    start(first);
    eventually("the first holds the address", seconds(30), || {
        let holders = holders(cluster);
        provided(holders.len() == 1 && holders[0].name == first.name, names(&holders))
    });
    // Otherwise whoever comes later would take it at once.
    cluster.on_all(|host| {
        if host.name != first.name {
            start(host)
        }
    });
    // The client believes for an hour what it has heard, unless it hears something else.
    let believe = "echo 3600 >/proc/sys/net/ipv4/neigh/hosts/delay_first_probe_time";
    cluster.client(believe).expect("the interface is its own");
    let at = |host: &Host| {
        let place = host.run("cat /sys/class/net/host0/address");
        let known = cluster.client("ip neighbour show 10.240.0.50")?;
        provided(known.contains(place.trim()), known)?;
        cluster.client_gets("/version").map(|_| ())
    };
    eventually("the client is led to it", seconds(30), || at(first));
    first.run(
        "nft 'table ip split { chain in { type filter hook input priority 0; ip protocol vrrp drop; }; \
           chain out { type filter hook output priority 0; ip protocol vrrp drop; }; }'",
    );
    let second = eventually("another takes it too, and the client follows", seconds(30), || {
        let holders = holders(cluster);
        let second = holders.iter().find(|host| host.name != first.name);
        let second = *second.ok_or_else(|| names(&holders))?;
        at(second).map(|()| second)
    });
    // It is heard again, and does not hear that another had the address: only by itself does it announce itself anew.
    first.run("nft flush chain ip split out");
    eventually("the other gives it up", seconds(30), || {
        let holders = holders(cluster);
        provided(holders.iter().all(|host| host.name != second.name), names(&holders))
    });
    eventually("the client is led to the first again", seconds(60), || at(first));
}

/// Who holds the address.
fn holders(cluster: &Cluster) -> Vec<&Host> {
    let holds = |host: &&Host| host.run("ip -brief address show dev host0").contains("10.240.0.50/");
    cluster.control_planes().into_iter().filter(holds).collect()
}

fn names(hosts: &[&Host]) -> String {
    format!("{:?}", hosts.iter().map(|host| &host.name).collect::<Vec<_>>())
}

/// Restarts one, after which it is ready, and nobody has lost a lease: neither the controllers beside it nor the others.
pub fn restart_api_server(cluster: &Cluster, host: &Host) {
    let controllers = "systemctl show --value --property=NRestarts kube-controller-manager kube-scheduler";
    let before = (host.run(controllers), eventually("the leases are told", seconds(30), || leases(cluster)));
    host.run("systemctl restart kube-apiserver");
    eventually("it is ready", seconds(120), || is_ready(host));
    let after = (host.run(controllers), eventually("the leases are told", seconds(30), || leases(cluster)));
    assert_eq!(after, before, "{}: restarts of controllers, and leases that have gone to others", host.name);
}

fn is_ready(host: &Host) -> Result<String, String> {
    let url = host.url(6443);
    host.ask(&format!("curl --silent --fail --cacert /etc/kubernetes/pki/ca.crt {url}/readyz"))
}

/// How often each lease of the controllers has gone to another.
fn leases(cluster: &Cluster) -> Result<String, String> {
    let transitions = "{range .items[*]}{.metadata.name} {.spec.leaseTransitions} {end}";
    cluster.kubectl(&format!(
        "get lease --namespace=kube-system kube-controller-manager kube-scheduler --output=jsonpath='{transitions}'"
    ))
}

fn three_control_planes(change: impl FnOnce(&ClusterFolder)) -> Option<Cluster> {
    control_planes_of("ha-haproxy", change)
}

/// An example with a change, from bare hosts to an API that is ready. Leases last longer than the slowest machine takes to
/// start an API server, and not as long as one took to stop that waited for its clients.
pub fn control_planes_of(example: &str, change: impl FnOnce(&ClusterFolder)) -> Option<Cluster> {
    let releases = Releases::of(MINOR, &["etcd"])?;
    let folder = ClusterFolder::of_example(example);
    change(&folder);
    let patient =
        "controlPlane: {leaderElection: {leaseDuration: 60s, renewDeadline: 45s, retryPeriod: 2s}}\n";
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + patient));
    releases.pin(&folder);
    let mut cluster = Cluster::bare(folder)?;
    cluster.deliver();
    cluster.start();
    for host in cluster.control_planes() {
        eventually("its API server is ready", seconds(180), || is_ready(host));
    }
    eventually("clients reach the API", seconds(30), || cluster.client_gets("/readyz"));
    eventually("there are leaders", seconds(60), || leases(&cluster));
    Some(cluster)
}

const MAIN_PROCESS: &str = "systemctl show --property=MainPID haproxy";
