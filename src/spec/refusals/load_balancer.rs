//! Refusals of the load balancer, with their messages, their places and their ways out.

use super::check_text;

/// The base with a load balancer and hosts of these roles, lb-1 before lb-2.
fn cluster(balancer: &str, endpoint: &str, hosts: &[(&str, &str, &str)]) -> String {
    let host = |(name, address, roles): &(&str, &str, &str)| {
        format!("  - {{name: {name}, address: {address}, roles: [{roles}]}}\n")
    };
    let endpoint = match endpoint {
        "" => String::new(),
        url => format!("  endpoint: https://{url}\n"),
    };
    format!(
        "apiVersion: kthw.dev/v1alpha1\nkind: Cluster\nname: hard-way\nversions: {{kubernetes: 1.35.1}}\napi:\n  \
         loadBalancer: {{{balancer}}}\n{endpoint}hosts:\n{}",
        hosts.iter().map(host).collect::<String>()
    )
}

const CONTROL_PLANE: (&str, &str, &str) = ("cp-1", "10.0.0.4", "control-plane");
const ONE: &[(&str, &str, &str)] = &[CONTROL_PLANE, ("lb-1", "10.0.0.2", "load-balancer")];
const TWO: &[(&str, &str, &str)] =
    &[CONTROL_PLANE, ("lb-1", "10.0.0.2", "load-balancer"), ("lb-2", "10.0.0.3", "load-balancer")];

#[track_caller]
fn check(balancer: &str, endpoint: &str, hosts: &[(&str, &str, &str)], expected: &str) {
    check_text(&cluster(balancer, endpoint, hosts), expected);
}

#[test]
fn each_kind_is_taken_with_what_it_needs() {
    check("kind: haproxy", "", ONE, "");
    check("kind: haproxy", "10.0.0.2:443", ONE, "");
    check("kind: haproxy", "api.example.org:6443", ONE, "");
    check("kind: haproxy", "lb-1:6443", ONE, "");
    check("kind: haproxy, address: 10.0.0.9", "10.0.0.9:6443", ONE, "");
    check("kind: haproxy", "api.example.org:6443", TWO, "");
    check("kind: haproxy", "10.0.0.4:8443", &[("cp-1", "10.0.0.4", "control-plane, load-balancer")], "");
    check("kind: ipvs, address: 10.0.0.9", "", ONE, "");
    check("kind: ipvs, address: 10.0.0.9", "kubernetes:6443", ONE, "");
    check("kind: keepalived, address: 10.0.0.9, interface: eth0.100", "", &[CONTROL_PLANE], "");
}

#[test]
fn the_kind_has_to_be_known() {
    check("kind: haprxy", "", ONE, "");
    check("address: 10.0.0.9", "", ONE, "");
}

#[test]
fn the_address_is_a_free_one_of_the_hosts_range() {
    for address in
        ["ten", "10.0.1.9", "10.96.0.7", "10.200.0.7", "10.0.0.0", "10.0.0.255", "10.0.0.4", "'fd00::9'"]
    {
        check(&format!("kind: ipvs, address: {address}"), "", ONE, "");
    }
    check("kind: ipvs", "", ONE, "");
}

#[test]
fn the_interface_is_for_keepalived() {
    check("kind: keepalived, address: 10.0.0.9", "", &[CONTROL_PLANE], "");
    check("kind: keepalived, address: 10.0.0.9, interface: 'eth 0'", "", &[CONTROL_PLANE], "");
    check("kind: haproxy, interface: eth0", "", ONE, "");
}

#[test]
fn balancers_have_hosts_that_suit_them() {
    check("kind: haproxy", "10.0.0.4:6443", &[CONTROL_PLANE], "");
    check("kind: keepalived, address: 10.0.0.9, interface: eth0", "", ONE, "");
    check("kind: ipvs, address: 10.0.0.9", "", TWO, "");
    check("kind: haproxy, address: 10.0.0.9", "", TWO, "");
    let both = &[("cp-1", "10.0.0.4", "control-plane, load-balancer")];
    check("kind: ipvs, address: 10.0.0.9", "", both, "");
    check("kind: haproxy", "10.0.0.4:6443", both, "");
    check_text(
        &cluster("kind: haproxy", "10.0.0.4:6443", ONE).replace("  loadBalancer: {kind: haproxy}\n", ""),
        "",
    );
}

#[test]
fn ipvs_is_for_ipv4() {
    let text = cluster("kind: ipvs, address: 'fd00::9'", "", ONE)
        .replace("10.0.0.", "fd00::")
        .replace("address: fd00::4", "address: 'fd00::4'")
        .replace("address: fd00::2", "address: 'fd00::2'")
        .replace(
            "hosts:\n",
            "network: {hosts: 'fd00::/64', services: 'fd00:96::/112', pods: 'fd00:200::/48'}\nhosts:\n",
        );
    check_text(&text, "");
}

#[test]
fn the_endpoint_leads_to_the_balancer() {
    check("kind: haproxy", "10.0.0.4:6443", ONE, "");
    check("kind: ipvs, address: 10.0.0.9", "10.0.0.2:6443", ONE, "");
    check("kind: ipvs, address: 10.0.0.9", "lb-1:6443", ONE, "");
    check("kind: haproxy", "10.0.0.2:6443", TWO, "");
    check("kind: haproxy", "", TWO, "");
}

#[test]
fn api_servers_answer_to_the_balancer() {
    let text = cluster("kind: haproxy", "", ONE);
    check_text(&format!("{text}components: {{kube-apiserver: {{flags: {{anonymous-auth: false}}}}}}\n"), "");
}
