//! Refusals of addresses that stand for no host, or for another.

use super::{BASE, check, check_text};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex";
const CHOOSE: &str = "choose an address that one host alone can have, for instance 10.0.0.36 or fd00::36";

/// The base in other ranges.
fn check_ranges(ranges: [&str; 3], hosts: [&str; 2], expected: &str) {
    let text = BASE
        .replace("10.0.0.0/24", ranges[0])
        .replace("10.96.0.0/24", ranges[1])
        .replace("10.200.0.0/16", ranges[2])
        .replace(", dns: 10.96.0.10", "")
        .replace("api: {endpoint: 'https://10.0.0.4:6443'}\n", "")
        .replace("10.0.0.4", hosts[0])
        .replace("10.0.0.36", hosts[1]);
    check_text(&text, expected);
}

#[test]
fn ranges_out_of_which_addresses_are_given_meet_no_special_one() {
    check_ranges(
        ["169.254.0.0/16", "127.0.0.0/24", "224.0.0.0/16"],
        ["169.254.0.4", "169.254.0.36"],
        "5:18+14 error: network.hosts 169.254.0.0/16 is in 169.254.0.0/16, where every address is link-local: the kubelet and the API server refuse it | choose a private range, for instance in 10.0.0.0/8 or fd00::/8
         5:44+12 error: network.services 127.0.0.0/24 is in 127.0.0.0/8, where every address is a loopback address: to each host it is that host itself | choose a private range, for instance in 10.0.0.0/8 or fd00::/8
         5:64+12 error: network.pods 224.0.0.0/16 is in 224.0.0.0/4, where every address is a multicast address: it stands for many hosts | choose a private range, for instance in 10.0.0.0/8 or fd00::/8",
    );
    check_ranges(
        ["10.0.0.0/24", "169.240.0.0/12", "240.1.0.0/16"],
        ["10.0.0.4", "10.0.0.36"],
        "5:41+14 error: network.services 169.240.0.0/12 holds 169.254.0.0/16, where every address is link-local: the kubelet and the API server refuse it | choose a private range, for instance in 10.0.0.0/8 or fd00::/8
         5:63+12 warning: network.pods 240.1.0.0/16 is in 240.0.0.0/4, where every address is reserved: Linux routes it, and many routers and other systems do not | choose a private range, for instance in 10.0.0.0/8",
    );
    check_ranges(
        ["'fd00::/64'", "'fe80:1::/112'", "'fd00:2::/48'"],
        ["'fd00::4'", "'fd00::36'"],
        "5:41+14 error: network.services fe80:1::/112 is in fe80::/10, where every address is link-local: the kubelet and the API server refuse it | choose a private range, for instance in 10.0.0.0/8 or fd00::/8",
    );
    check_ranges(["100.64.0.0/24", "198.18.0.0/24", "172.16.0.0/16"], ["100.64.0.4", "100.64.0.36"], "");
}

#[test]
fn a_host_has_an_address_of_its_own_kind() {
    for (address, is) in [
        ("127.0.0.1", "a loopback address: to each host it is that host itself"),
        ("169.254.7.7", "link-local: the kubelet and the API server refuse it"),
        ("239.1.2.3", "a multicast address: it stands for many hosts"),
        ("0.0.0.0", "unspecified: it stands for no host"),
        ("255.255.255.255", "the broadcast address of every network"),
        ("'fe80::7'", "link-local: the kubelet and the API server refuse it"),
        ("'::1'", "a loopback address: to each host it is that host itself"),
    ] {
        let (written, bare) = (address.len(), address.trim_matches('\''));
        check(
            "10.0.0.36",
            address,
            &format!("9:31+{written} error: host worker-1: address {bare} is {is} | {CHOOSE}"),
        );
    }
    check(
        "10.0.0.36",
        "'::ffff:10.0.0.36'",
        "9:31+18 error: host worker-1: address ::ffff:10.0.0.36 is IPv4 written as IPv6 | write 10.0.0.36",
    );
}

#[test]
fn the_api_is_found_and_named_by_addresses_that_can_be_connected_to() {
    let endpoint = |to: &str, expected: &str| check("https://10.0.0.4:6443", to, expected);
    endpoint(
        "https://[::1]:6443",
        &format!(
            "6:17+20 error: api.endpoint ::1 is a loopback address: to each host it is that host itself | {CHOOSE}"
        ),
    );
    endpoint(
        "https://10.0.0.255:6443",
        "6:17+25 error: api.endpoint 10.0.0.255 is no host's in network.hosts 10.0.0.0/24 | use the address of a control plane or of a load balancer, or a DNS name",
    );
    endpoint(
        "https://localhost:6443",
        "6:17+24 error: api.endpoint localhost leads each host to itself | write an address within network.hosts, or a name that leads to the control planes",
    );
    endpoint(
        "https://10.0.0.400:6443",
        "6:17+25 error: api.endpoint 10.0.0.400 is neither an IP address nor a DNS name | write it like https://10.0.0.4:6443",
    );
    check(
        "api: {",
        "api: {sans: [0.0.0.0, 127.0.0.1, 224.0.0.9, '::ffff:10.0.0.4', 10.0.0.04, 10.0.0.4, 1.example.org], ",
        &format!(
            "6:34+9 error: api.sans[2] 224.0.0.9 is a multicast address: it stands for many hosts | {CHOOSE}
         6:45+17 error: api.sans[3] ::ffff:10.0.0.4 is IPv4 written as IPv6 | write 10.0.0.4
         6:64+9 error: api.sans[4] 10.0.0.04 is neither a DNS name nor an IP address | write it without scheme and port, in lower case"
        ),
    );
    check(
        "api: {endpoint: 'https://10.0.0.4:6443'}",
        "api: {loadBalancer: {kind: keepalived, address: 169.254.0.9, interface: eth0}}",
        &format!(
            "6:49+11 error: api.loadBalancer.address 169.254.0.9 is link-local: the kubelet and the API server refuse it | {CHOOSE}"
        ),
    );
}

#[test]
fn dns_has_an_address_that_a_service_can_have() {
    check(
        "dns: 10.96.0.10",
        "dns: 10.96.0.255",
        "5:81+11 error: network.dns 10.96.0.255 is the last of network.services 10.96.0.0/24, which the API server gives to no service | choose an address within it, for instance 10.96.0.10",
    );
}

#[test]
fn no_host_has_a_name_that_leads_elsewhere() {
    let vouch = "its key would vouch for the API server";
    for name in ["localhost", "ip6-localhost", "localhost.localdomain", "a.localhost"] {
        check(
            "worker-1",
            name,
            &format!(
                "9:12+{} error: hosts[1].name {name} is what each host calls itself | give the host a name of its own",
                name.len()
            ),
        );
    }
    for name in ["kubernetes", "kubernetes.default", "kubernetes.default.svc"] {
        check(
            "worker-1",
            name,
            &format!(
                "9:12+{} error: hosts[1].name {name} is a name of the API server's certificate (every cluster has it) | give the host another name: {vouch}",
                name.len()
            ),
        );
    }
    check(
        "worker-1",
        "kubernetes.default.svc.cluster.local",
        &format!(
            "9:12+36 error: hosts[1].name kubernetes.default.svc.cluster.local is a name of the API server's certificate (network.domain) | give the host another name: {vouch}"
        ),
    );
    check(
        "name: worker-1, address: 10.0.0.36",
        "name: 10.0.0.4, address: 10.0.0.36",
        "9:12+8 error: hosts[1].name 10.0.0.4 is the address of another | give the host a name that is not an address",
    );
    check("name: worker-1, address: 10.0.0.36", "name: 10.0.0.36, address: 10.0.0.36", "");
}

#[test]
fn no_worker_vouches_for_the_api_server() {
    let fix = "give the host another name, or take this one out of api.sans: its key would vouch for the API server";
    let of_sans = |sans: &str, name: &str, expected: &str| {
        let text = BASE.replace("api: {", &format!("api: {{sans: [{sans}], ")).replace("worker-1", name);
        check_text(&text, expected);
    };
    of_sans(
        "w.example.org",
        "w.example.org",
        &format!(
            "9:12+13 error: hosts[1].name w.example.org is a name of the API server's certificate (api.sans) | {fix}"
        ),
    );
    of_sans(
        "'*.example.org'",
        "w.example.org",
        &format!(
            "9:12+13 error: hosts[1].name w.example.org is a name of the API server's certificate (api.sans) | {fix}"
        ),
    );
    of_sans("'*.example.org'", "a.w.example.org", "");
    of_sans("'*.example.org', control-plane-1", "example.org", "");
    of_sans(
        "10.0.0.36",
        "worker-1",
        "9:31+9 warning: host worker-1: the API server's certificate has its address 10.0.0.36 (api.sans), and so has the kubelet's: this host could pose as the API server there | use an address of a control plane, of a load balancer, or of no host",
    );
    check(
        "https://10.0.0.4:6443",
        "https://worker-1:6443",
        "9:12+8 error: hosts[1].name worker-1 is a name of the API server's certificate (api.endpoint) | choose another name for one of the two: the host's key would vouch for the API server",
    );
    check("https://10.0.0.4:6443", "https://control-plane-1:6443", "");
}

#[test]
fn name_servers_of_machines_may_be_those_of_a_cloud() {
    let section = |servers: &str| {
        format!(
            "{BASE}machines: {{network: {{nameservers: [{servers}]}}, user: {{sshAuthorizedKeys: ['{KEY}']}}}}\n"
        )
    };
    check_text(&section("169.254.169.253, '2001:db8::53', 127.0.0.53"), "");
    check_text(
        &section("0.0.0.0"),
        &format!(
            "10:36+7 error: machines.network.nameservers[0] 0.0.0.0 is unspecified: it stands for no host | {CHOOSE}"
        ),
    );
}
