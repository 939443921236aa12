//! Refusals of ports that two programs of one host would listen on.

use super::{BASE, check_text};

/// The base with this `api.endpoint`, which a balancer may follow, whose hosts have these roles, with these sections.
#[track_caller]
fn check(api: &str, roles: [&str; 2], sections: &str, expected: &str) {
    let text = BASE
        .replace("'https://10.0.0.4:6443'", api)
        .replace("roles: [control-plane]", &format!("roles: [{}]", roles[0]))
        .replace("roles: [worker]", &format!("roles: [{}]", roles[1]));
    check_text(&format!("{text}{sections}"), expected);
}

const APART: [&str; 2] = ["control-plane", "worker"];

/// An endpoint that leads to the API server.
fn at(port: u16) -> String {
    format!("'https://10.0.0.4:{port}'")
}

/// What is said of an endpoint that leads to the API server.
fn taken(port: u16, host: &str, owner: &str) -> String {
    let width = at(port).len();
    format!(
        "6:17+{width} error: api.endpoint has the API server listen on port {port} of host {host}, where {owner} listens | \
         choose another port, or leave one of the two to another host"
    )
}

#[test]
fn an_api_server_has_its_port_for_itself() {
    for (port, owner) in [
        (2379, "etcd"),
        (2380, "etcd"),
        (2381, "etcd"),
        (10257, "the controller manager"),
        (10259, "the scheduler"),
        (22, "sshd"),
    ] {
        check(&at(port), APART, "", &taken(port, "control-plane-1", owner));
    }
    for port in [443, 8404, 10248, 10249, 10250, 10256, 10258] {
        check(&at(port), APART, "", "");
    }
    let together = ["control-plane, worker", "worker"];
    for (port, owner) in
        [(10250, "the kubelet"), (10248, "the kubelet"), (10249, "kube-proxy"), (10256, "kube-proxy")]
    {
        check(&at(port), together, "", &taken(port, "control-plane-1", owner));
    }
}

#[test]
fn a_member_of_etcd_elsewhere_takes_no_port_of_the_api_server() {
    check(&at(2379), ["control-plane", "etcd"], "", "");
}

/// With HAProxy on the second host, or on both.
#[test]
fn a_balancer_has_its_port_for_itself() {
    let balanced = |roles: [&str; 2], port: u16, expected: &str| {
        let address = if roles[0].contains("load-balancer") { "10.0.0.4" } else { "10.0.0.36" };
        let api = format!("'https://{address}:{port}', loadBalancer: {{kind: haproxy}}");
        check(&api, roles, "", expected);
    };
    let beside = ["control-plane", "load-balancer"];
    balanced(beside, 6443, "");
    balanced(beside, 2379, "");
    balanced(
        beside,
        8404,
        "6:17+24 error: api.endpoint has HAProxy listen on port 8404 of host worker-1, where HAProxy with its metrics listens | choose another port, or leave one of the two to another host",
    );
    balanced(
        ["control-plane", "worker, load-balancer"],
        10250,
        "6:17+25 error: api.endpoint has HAProxy listen on port 10250 of host worker-1, where the kubelet listens | choose another port, or leave one of the two to another host",
    );
    balanced(
        ["control-plane, load-balancer", "worker"],
        6443,
        "6:17+23 error: api.endpoint has HAProxy listen on port 6443 of host control-plane-1, where the API server listens | choose another port, or leave one of the two to another host",
    );
    balanced(["control-plane, load-balancer", "worker"], 8443, "");
}

#[test]
fn keepalived_and_ipvs_lead_to_the_endpoints_own_port() {
    let api = "'https://10.0.0.9:2379', loadBalancer: {kind: keepalived, address: 10.0.0.9, interface: eth0}";
    check(
        api,
        APART,
        "",
        "6:17+23 error: api.endpoint has the API server listen on port 2379 of host control-plane-1, where etcd listens | choose another port, or leave one of the two to another host",
    );
    let api = "'https://10.0.0.9:10257', loadBalancer: {kind: ipvs, address: 10.0.0.9}";
    check(
        api,
        ["control-plane", "load-balancer"],
        "",
        "6:17+24 error: api.endpoint has the API server listen on port 10257 of host control-plane-1, where the controller manager listens | choose another port, or leave one of the two to another host",
    );
}

#[test]
fn a_port_that_the_user_chose_counts() {
    let components = |changes: &str| format!("components: {{{changes}}}\n");
    let usual = &at(6443);
    check(
        usual,
        APART,
        &components("kube-scheduler: {flags: {secure-port: 6443}}"),
        "10:52+4 error: components.kube-scheduler.flags.secure-port has the scheduler listen on port 6443 of host control-plane-1, where the API server listens | choose another port, or leave one of the two to another host",
    );
    check(
        usual,
        APART,
        &components("kube-proxy: {config: {metricsBindAddress: '127.0.0.1:10250'}}"),
        "10:56+17 error: components.kube-proxy.config.metricsBindAddress has kube-proxy listen on port 10250 of host worker-1, where the kubelet listens | choose another port, or leave one of the two to another host",
    );
    let moved =
        components("kube-scheduler: {flags: {secure-port: 10359}}, kubelet: {config: {healthzPort: 0}}");
    check(&at(10259), ["control-plane, worker", "worker"], &moved, "");
    check(&at(10248), ["control-plane, worker", "worker"], &moved, "");
}

#[test]
fn what_meets_on_many_hosts_is_said_once() {
    let kubelet = "components: {kubelet: {config: {port: 10256}}}\n";
    check(
        &at(6443),
        ["control-plane, worker", "worker"],
        kubelet,
        "10:39+5 error: components.kubelet.config.port has the kubelet listen on port 10256 of host control-plane-1, where kube-proxy listens | choose another port, or leave one of the two to another host",
    );
}
