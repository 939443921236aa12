//! Refusals of the sections `network` and `api`.

use super::{BASE, check, check_text};

#[test]
fn ranges_are_checked() {
    check(
        "10.200.0.0/16",
        "10.200.0.0/33",
        "5:61+13 error: network.pods 10.200.0.0/33 is not a range of addresses | write it in CIDR notation, for instance 10.200.0.0/16",
    );
    check(
        "10.200.0.0/16",
        "10.200.0.1/16",
        "5:61+13 error: network.pods 10.200.0.1/16 has bits set after its prefix | write 10.200.0.0/16",
    );
    check(
        "10.200.0.0/16",
        "10.96.0.0/16",
        "5:61+12 error: network.pods 10.96.0.0/16 overlaps network.services 10.96.0.0/24 | choose ranges that do not meet, for instance pods: 10.200.0.0/16",
    );
    check("10.96.0.0/24", "10.0.0.0/16", "5:41+11 error: network.services 10.0.0.0/16 overlaps network.hosts 10.0.0.0/24 | choose ranges that do not meet, for instance services: 10.96.0.0/24
         5:80+10 error: network.dns 10.96.0.10 is outside network.services 10.0.0.0/16 | choose an address within it, for instance 10.0.0.10");
    check("10.200.0.0/16", "fd00:200::/48", "5:61+13 error: network.pods fd00:200::/48 is IPv6 but network.hosts 10.0.0.0/24 is IPv4 | use one family for all three ranges
         5:61+13 error: network.pods fd00:200::/48 is IPv6 but network.services 10.96.0.0/24 is IPv4 | use one family for all three ranges");
    check(
        "services: 10.96.0.0/24",
        "services: 11.0.0.0/8",
        "5:79+10 error: network.dns 10.96.0.10 is outside network.services 11.0.0.0/8 | choose an address within it, for instance 11.0.0.10",
    );
    check(
        "dns: 10.96.0.10",
        "podMask: 12",
        "5:85+2 error: network.podMask 12 does not cut network.pods 10.200.0.0/16 | choose a prefix length from 16 to 30",
    );
    check(
        "10.200.0.0/16, dns: 10.96.0.10",
        "11.0.0.0/8, podMask: 28",
        "5:82+2 error: network.podMask 28 cuts network.pods 11.0.0.0/8 into more than 65536 ranges | choose a prefix length from 8 to 24",
    );
    check(
        "services: 10.96.0.0/24, pods: 10.200.0.0/16, dns: 10.96.0.10",
        "services: 10.96.0.0/29",
        "5:41+12 error: network.services 10.96.0.0/29 has no tenth address for DNS | widen it, or set network.dns",
    );
}

#[test]
fn names_and_addresses_of_the_network_are_checked() {
    check(
        "dns: 10.96.0.10",
        "dns: 10.97.0.10",
        "5:81+10 error: network.dns 10.97.0.10 is outside network.services 10.96.0.0/24 | choose an address within it, for instance 10.96.0.10",
    );
    check(
        "dns: 10.96.0.10",
        "dns: 10.96.0.1",
        "5:81+9 error: network.dns 10.96.0.1 is the address of the kubernetes service | choose an address within it, for instance 10.96.0.10",
    );
    check(
        "dns: 10.96.0.10",
        "dns: 10.96.0.0",
        "5:81+9 error: network.dns 10.96.0.0 is network.services 10.96.0.0/24 itself | choose an address within it, for instance 10.96.0.10",
    );
    check(
        "dns: 10.96.0.10",
        "dns: ten",
        "5:81+3 error: network.dns ten is not an IP address | choose an address within it, for instance 10.96.0.10",
    );
    check(
        "dns: 10.96.0.10",
        "domain: Cluster.local",
        "5:84+13 error: network.domain Cluster.local is not a DNS name (RFC 1123) | write `cluster.local`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    );
    check(
        "dns: 10.96.0.10",
        "cni: brigde",
        "5:81+6 error: network.cni brigde is not known | did you mean `bridge`?",
    );
    check(
        "https://10.0.0.4:6443",
        "https://10.0.1.4:6443",
        "6:17+23 error: api.endpoint 10.0.1.4 is outside network.hosts 10.0.0.0/24 | use the address of a control plane or of a load balancer in that range, or a DNS name",
    );
    check(
        "https://10.0.0.4:6443",
        "10.0.0.4:6443",
        "6:17+15 error: api.endpoint 10.0.0.4:6443 is not a URL with a host and a port | write it like https://10.0.0.4:6443",
    );
    check(
        "https://10.0.0.4:6443",
        "https://API.example.org:6443",
        "6:17+30 error: api.endpoint API.example.org is not a DNS name (RFC 1123) | write `api.example.org`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    );
    check(
        "api: {",
        "api: {sans: [a.example.org, 'https://b'], ",
        "6:29+11 error: api.sans[1] https://b is neither a DNS name nor an IP address | write it without scheme and port, in lower case",
    );
}

#[test]
fn pod_ranges_are_checked() {
    check("pods: 10.200.0.0/16", "pods: 10.200.0.0/24", "");
    let two = "roles: [worker]}\n  - {name: worker-2, address: 10.0.0.37, roles: [worker]}";
    check_text(
        &BASE.replace("10.200.0.0/16", "10.200.0.0/24").replace("roles: [worker]}", two),
        "5:61+13 error: network.pods 10.200.0.0/24 holds 1 ranges of /24, too few for 2 workers | widen it to at least /23, or raise network.podMask",
    );
    check(
        "roles: [worker]",
        "roles: [worker], podCIDR: 10.201.0.0/24",
        "9:68+13 error: host worker-1: podCIDR 10.201.0.0/24 is outside network.pods 10.200.0.0/16 | choose a range within it, or remove podCIDR",
    );
    check(
        "roles: [worker]",
        "roles: [worker], podCIDR: 10.200.1.1/24",
        "9:68+13 error: hosts[1].podCIDR 10.200.1.1/24 has bits set after its prefix | write 10.200.1.0/24",
    );
    let twice = "roles: [worker], podCIDR: 10.200.1.0/24}\n  - {name: worker-2, address: 10.0.0.37, roles: [worker], podCIDR: 10.200.0.0/22}";
    check(
        "roles: [worker]}",
        twice,
        "10:68+13 error: host worker-2: podCIDR 10.200.0.0/22 meets that of another host | choose a /24 of network.pods that no other host has",
    );
    let both = "roles: [worker], podCIDR: 10.201.0.0/24}\n  - {name: worker-2, address: 10.0.0.37, roles: [worker], podCIDR: 10.200.1.1/24}";
    check(
        "roles: [worker]}",
        both,
        "9:68+13 error: host worker-1: podCIDR 10.201.0.0/24 is outside network.pods 10.200.0.0/16 | choose a range within it, or remove podCIDR
         10:68+13 error: hosts[2].podCIDR 10.200.1.1/24 has bits set after its prefix | write 10.200.1.0/24",
    );
    let rest =
        "roles: [worker], podCIDR: 10.200.0.0/16}\n  - {name: worker-2, address: 10.0.0.37, roles: [worker]}";
    check(
        "roles: [worker]}",
        rest,
        "5:61+13 error: network.pods 10.200.0.0/16 has no range left for host worker-2 | widen it, or write narrower podCIDRs",
    );
}

#[test]
fn services_are_as_many_as_each_version_takes() {
    let check = |version: &str, range: &str, more: &str, expected: &str| {
        let text =
            BASE.replace("1.35.1", version).replace("10.96.0.0/24", range).replace(", dns: 10.96.0.10", "");
        check_text(&format!("{text}{more}\n"), expected);
    };
    let refused = |version: &str| {
        format!(
            "5:41+10 error: network.services 11.0.0.0/8 is wider than kube-apiserver {version} takes | choose a range of /12 or narrower"
        )
    };
    check("1.32.4", "11.0.0.0/8", "", &refused("1.32.4"));
    check("1.33.1", "11.0.0.0/8", "", &refused("1.33.1"));
    check("1.33.1", "11.16.0.0/12", "", "");
    check("1.34.0", "11.0.0.0/8", "", "");
    check("1.36.3", "11.0.0.0/8", "", "");
    let gate = "components: {kube-apiserver: {flags: {feature-gates: DisableAllocatorDualWrite=true}}}";
    check("1.33.1", "11.0.0.0/8", gate, "");
    let ipv6 = |version: &str, range: &str, expected: &str| {
        let text = BASE
            .replace("1.35.1", version)
            .replace(
                "10.96.0.0/24, pods: 10.200.0.0/16, dns: 10.96.0.10",
                &format!("'{range}', pods: 'fd00:200::/48'"),
            )
            .replace("10.0.0.0/24", "'fd00::/64'")
            .replace("10.0.0.4:6443", "[fd00::4]:6443")
            .replace("10.0.0.4", "'fd00::4'")
            .replace("10.0.0.36", "'fd00::36'");
        check_text(&text, expected);
    };
    ipv6("1.36.3", "fd00:96::/64", "");
    ipv6("1.36.3", "fd00:96::/112", "");
    ipv6(
        "1.33.1",
        "fd00:96::/64",
        "5:41+14 error: network.services fd00:96::/64 is wider than kube-apiserver 1.33.1 takes | choose a range of /108 or narrower",
    );
    let few = "network.services 10.96.0.0/30 has fewer than the 8 addresses that kube-apiserver wants";
    check(
        "1.35.1",
        "10.96.0.0/30, dns: 10.96.0.2",
        "",
        &format!("5:41+12 error: {few} | choose a range of /29 or wider"),
    );
}
