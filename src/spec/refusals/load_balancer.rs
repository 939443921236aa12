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
    check(
        "kind: haprxy",
        "",
        ONE,
        "6:24+6 error: api.loadBalancer.kind haprxy is not known | did you mean `haproxy`?",
    );
    check(
        "address: 10.0.0.9",
        "",
        ONE,
        "6:3+12 error: api.loadBalancer.kind is missing | choose one of haproxy, ipvs, keepalived",
    );
}

#[test]
fn the_address_is_a_free_one_of_the_hosts_range() {
    for (address, expected) in [
        (
            "ten",
            "6:39+3 error: api.loadBalancer.address ten is not an IP address | write an address within network.hosts",
        ),
        (
            "10.0.1.9",
            "6:39+8 error: api.loadBalancer.address 10.0.1.9 is outside network.hosts 10.0.0.0/24 | choose an address within it that no host has",
        ),
        (
            "10.96.0.7",
            "6:39+9 error: api.loadBalancer.address 10.96.0.7 is outside network.hosts 10.0.0.0/24 | choose an address within it that no host has",
        ),
        (
            "10.200.0.7",
            "6:39+10 error: api.loadBalancer.address 10.200.0.7 is outside network.hosts 10.0.0.0/24 | choose an address within it that no host has",
        ),
        (
            "10.0.0.0",
            "6:39+8 error: api.loadBalancer.address 10.0.0.0 is no host's in network.hosts 10.0.0.0/24 | choose an address between the first and the last of the range",
        ),
        (
            "10.0.0.255",
            "6:39+10 error: api.loadBalancer.address 10.0.0.255 is no host's in network.hosts 10.0.0.0/24 | choose an address between the first and the last of the range",
        ),
        (
            "10.0.0.4",
            "6:39+8 error: api.loadBalancer.address 10.0.0.4 is that of host cp-1 | choose an address that no host has",
        ),
        (
            "'fd00::9'",
            "6:39+9 error: api.loadBalancer.address fd00::9 is outside network.hosts 10.0.0.0/24 | choose an address within it that no host has",
        ),
    ] {
        check(&format!("kind: ipvs, address: {address}"), "", ONE, expected);
    }
    check(
        "kind: ipvs",
        "",
        ONE,
        "6:3+12 error: api.loadBalancer.address is missing | write an address within network.hosts that no host has",
    );
}

#[test]
fn the_interface_is_for_keepalived() {
    check(
        "kind: keepalived, address: 10.0.0.9",
        "",
        &[CONTROL_PLANE],
        "6:3+12 error: api.loadBalancer.interface is missing | write the name of the interface that is in network.hosts, such as eth0",
    );
    check(
        "kind: keepalived, address: 10.0.0.9, interface: 'eth 0'",
        "",
        &[CONTROL_PLANE],
        "6:66+7 error: api.loadBalancer.interface \"eth 0\" is not the name of a network interface | write a name such as eth0",
    );
    check(
        "kind: haproxy, interface: eth0",
        "",
        ONE,
        "6:44+4 warning: kind: haproxy has no use for api.loadBalancer.interface | remove it",
    );
}

#[test]
fn balancers_have_hosts_that_suit_them() {
    for endpoint in ["10.0.0.4:6443", ""] {
        check(
            "kind: haproxy",
            endpoint,
            &[CONTROL_PLANE],
            "6:24+7 error: no host has the role load-balancer, where kind: haproxy runs | write roles: [load-balancer] for a host, or choose kind: keepalived, which needs none",
        );
    }
    check(
        "kind: keepalived, address: 10.0.0.9, interface: eth0",
        "",
        ONE,
        "9:37+5 error: host lb-1: kind: keepalived runs on the control planes, not on load-balancer | remove the role, or choose kind: haproxy or kind: ipvs",
    );
    check(
        "kind: ipvs, address: 10.0.0.9",
        "",
        TWO,
        "10:37+5 error: host lb-2: api.loadBalancer.address 10.0.0.9 is on host lb-1 already | keep one gateway, or choose kind: keepalived",
    );
    check(
        "kind: haproxy, address: 10.0.0.9",
        "",
        TWO,
        "10:37+5 error: host lb-2: api.loadBalancer.address 10.0.0.9 is on host lb-1 already | keep one, or remove api.loadBalancer.address and let a DNS name lead to both",
    );
    let both = &[("cp-1", "10.0.0.4", "control-plane, load-balancer")];
    check(
        "kind: ipvs, address: 10.0.0.9",
        "",
        both,
        "8:37+5 error: host cp-1: an ipvs gateway cannot be one of the control planes that it leads to | give the role load-balancer to a host of its own, or choose kind: keepalived",
    );
    check_text(
        &cluster("kind: haproxy", "10.0.0.4:6443", ONE).replace("  loadBalancer: {kind: haproxy}\n", ""),
        "9:37+5 error: host lb-1: the role load-balancer has nothing to do without api.loadBalancer | write api: {loadBalancer: {kind: haproxy}}, or remove the role",
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
    check_text(
        &text,
        "6:24+4 error: api.loadBalancer.kind ipvs leads to IPv4 addresses alone, and fd00::9 is IPv6 | choose kind: haproxy or kind: keepalived",
    );
}

#[test]
fn a_gateway_keeps_its_virtual_server() {
    let hosts = &[CONTROL_PLANE, ("lb-1", "10.0.0.2", "load-balancer, worker")];
    let with = |mode: &str, balancer: &str| {
        let text = cluster(balancer, "", hosts);
        format!("{text}components: {{kube-proxy: {{config: {{mode: {mode}}}}}}}\n")
    };
    let ipvs = "kind: ipvs, address: 10.0.0.9";
    for mode in ["ipvs", "nftables"] {
        check_text(
            &with(mode, ipvs),
            &format!(
                "9:37+5 error: host lb-1: kube-proxy in mode {mode} would delete the ipvs gateway's virtual server | \
                 leave the role worker to other hosts, or choose mode iptables in components.kube-proxy.config"
            ),
        );
        check_text(&with(mode, "kind: haproxy"), "");
        let without = with(mode, ipvs).replace("api:\n", "network: {cni: cilium}\napi:\n");
        check_text(&without, "");
    }
    check_text(&with("iptables", ipvs), "");
}

#[test]
fn the_endpoint_leads_to_the_balancer() {
    check(
        "kind: haproxy",
        "10.0.0.4:6443",
        ONE,
        "7:13+21 error: api.endpoint 10.0.0.4 does not lead to the load balancer at 10.0.0.2 | write https://10.0.0.2:6443, or a DNS name",
    );
    check(
        "kind: ipvs, address: 10.0.0.9",
        "10.0.0.2:6443",
        ONE,
        "7:13+21 error: api.endpoint 10.0.0.2 does not lead to the load balancer at 10.0.0.9 | write https://10.0.0.9:6443, or a DNS name",
    );
    check(
        "kind: ipvs, address: 10.0.0.9",
        "lb-1:6443",
        ONE,
        "7:13+17 error: api.endpoint lb-1 is the name of a host and not of the load balancer | choose a name that no host has",
    );
    check(
        "kind: haproxy",
        "10.0.0.2:6443",
        TWO,
        "7:13+21 error: api.endpoint 10.0.0.2 does not lead to each of 2 load balancers | write a DNS name that leads to every one of them",
    );
    check(
        "kind: haproxy",
        "",
        TWO,
        "5:1+3 error: api.endpoint is missing | write a URL with a DNS name that leads to every load balancer",
    );
}

#[test]
fn api_servers_answer_to_the_balancer() {
    let text = cluster("kind: haproxy", "", ONE);
    check_text(
        &format!("{text}components: {{kube-apiserver: {{flags: {{anonymous-auth: false}}}}}}\n"),
        "10:55+5 error: components.kube-apiserver.flags.anonymous-auth false keeps the load balancer from asking who is ready | remove it, or remove api.loadBalancer",
    );
    check_text(
        &format!("{text}components: {{kube-apiserver: {{flags: {{anonymous-auth: 'false'}}}}}}\n"),
        "10:55+7 error: components.kube-apiserver.flags.anonymous-auth false keeps the load balancer from asking who is ready | remove it, or remove api.loadBalancer",
    );
    check_text(
        &format!("{text}authentication: {{anonymous: none}}\n"),
        "10:29+4 error: authentication.anonymous none keeps the load balancer from asking who is ready | remove it, or remove api.loadBalancer",
    );
}
