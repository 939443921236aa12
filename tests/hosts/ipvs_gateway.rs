//! An IPVS gateway, an emulated machine, between clients and real API servers: what clients notice of restarts and of a dead
//! host.

use crate::balancers::{control_planes_of, restart_api_server};
use crate::clients::Clients;
use crate::eventually::{eventually, provided, seconds};
use crate::vm::{self, Vm};

/// The kernel of a gateway passes packets on, wherever ldirectord says that an API server is ready.
#[test]
fn clients_of_an_ipvs_gateway_are_led_to_api_servers_that_are_ready() {
    let Some(root) = vm::root() else { return };
    let Some(cluster) = control_planes_of("ha-ipvs", |_| ()) else { return };
    let gateway = Vm::started(&cluster, &root, "gateway", |_| ());
    let address = cluster.spec.hosts.iter().find(|host| host.name == "gateway").expect("it is one").address;
    cluster.lead_virtual_address_to(address);
    let servers = |ready: usize| {
        eventually(&format!("{ready} API servers get packets"), seconds(120), || {
            let table = gateway.ask("ipvsadm --list --numeric")?;
            let weights: Vec<&str> = table.lines().filter_map(|line| server_weight(line)).collect();
            let is_so =
                weights.len() == 3 && weights.iter().filter(|weight| **weight == "1").count() == ready;
            provided(is_so, table)
        });
    };
    servers(3);
    let clients = Clients::of(&cluster);
    clients.notice_nothing("every API server restarts", || {
        for host in cluster.control_planes() {
            restart_api_server(&cluster, host);
        }
        servers(3);
    });
    clients.notice_nothing("ldirectord restarts, and the machine is slow", || {
        gateway.run("systemctl restart ldirectord");
        servers(3);
    });
    cluster.host("control2").cut_power();
    servers(2);
    clients.notice_nothing("a control plane is without power", || _ = cluster.client("sleep 5"));
    let sent = gateway.run("ipvsadm --list --numeric --stats");
    assert!(sent.lines().filter(|line| line.contains("192.168.1.1")).count() == 3, "{sent}");

    // It believes the cluster's authority and no other.
    gateway.run(
        "openssl req -quiet -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=another -days 1 \
           -out /etc/ha.d/kubernetes-ca.crt && systemctl restart ldirectord",
    );
    servers(0);
    clients.notice("the gateway leads nowhere", || _ = cluster.client("sleep 5"));
}

/// The weight in a line of the kernel's table that is about a server.
fn server_weight(line: &str) -> Option<&str> {
    line.trim().strip_prefix("-> 192.168.1.1").and_then(|rest| rest.split_whitespace().nth(2))
}
