//! Every refusal and warning of the cluster file, with its message, its place and its way out.

mod addons;
mod control_plane;
mod etcd;
mod load_balancer;
mod machines;
mod pki;
mod pod_network;
mod ports;

use super::{Located, load};

const BASE: &str = "\
apiVersion: kthw.dev/v1alpha1
kind: Cluster
name: hard-way
versions: {kubernetes: 1.35.1}
network: {hosts: 10.0.0.0/24, services: 10.96.0.0/24, pods: 10.200.0.0/16, dns: 10.96.0.10}
api: {endpoint: 'https://10.0.0.4:6443'}
hosts:
  - {name: control-plane-1, address: 10.0.0.4, roles: [control-plane]}
  - {name: worker-1, address: 10.0.0.36, roles: [worker]}
";

/// Loads the base with `from` replaced by `to` and compares the problems, one for each line of `expected`.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(BASE.contains(from), "the base has no {from}");
    check_text(&BASE.replacen(from, to, 1), expected);
}

/// Loads the base with `section` added.
#[track_caller]
fn check_with(section: &str, expected: &str) {
    check_text(&format!("{BASE}{section}\n"), expected);
}

/// What is said to each of these sections, added to the base one at a time.
fn answers(sections: &[&str]) -> String {
    let answer = |section: &&str| {
        let found = match load(&format!("{BASE}{section}\n")) {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        };
        let lines: String = found.iter().map(|located| format!("  {}\n", line(located))).collect();
        format!("{section}\n{lines}")
    };
    sections.iter().map(answer).collect()
}

/// Loads the base with one program's flags added.
#[track_caller]
fn check_flag(program: &str, flags: &str, expected: &str) {
    let section = format!("components: {{{program}: {{flags: {{{flags}}}}}}}");
    check_with(&section, expected);
}

#[track_caller]
fn check_text(text: &str, expected: &str) {
    let found = match load(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    let found: Vec<_> = found.iter().map(line).collect();
    let expected: Vec<_> = expected.lines().map(str::trim).collect();
    assert_eq!(found, expected, "\n{}\n", found.join("\n"));
}

/// `LINE:COLUMN+LENGTH severity: message | fix`
fn line(located: &Located) -> String {
    let Located { problem, line, column, len } = located;
    let fix = problem.fix.as_deref().unwrap_or("");
    format!("{line}:{column}+{len} {}: {} | {fix}", problem.severity, problem.message)
}

#[test]
fn what_is_wrong_with_an_anchors_value_is_said_where_it_is_written() {
    let check = |fields: &str, expected: &str| {
        let shared = format!("{{name: worker-1, roles: &roles [worker], {fields}address: 10.0.0.36}}");
        let other = "  - {<<: *worker, name: worker-2, address: 10.0.0.37}\n";
        let base = BASE
            .replace("{name: worker-1, address: 10.0.0.36, roles: [worker]}", &format!("&worker {shared}"));
        check_text(&(base + other), expected);
    };
    check("", "");
    check(
        "arch: amd65, ",
        "9:60+5 error: hosts[1].arch amd65 is not known | did you mean `amd64`?
         9:60+5 error: hosts[2].arch amd65 is not known | did you mean `amd64`?",
    );
    check("labels: *roles, ", "9:62+6 error: hosts[1].labels is not a mapping | write `field: value` lines");
    check(
        "taints: *roles, ",
        "9:62+6 error: hosts[1].taints[0] is not a mapping | write `field: value` lines",
    );
    check(
        "arhc: amd64, ",
        "9:54+4 error: unknown field `arhc` in hosts[1] | did you mean `arch`?
         9:54+4 error: unknown field `arhc` in hosts[2] | did you mean `arch`?",
    );
}

#[test]
fn one_anchor_is_enough_for_all_hosts() {
    let hosts: String = (2..200)
        .map(|n| format!("  - {{<<: *worker, name: worker-{n}, address: 10.0.0.{}}}\n", 36 + n))
        .collect();
    let text = BASE.replace("{name: worker-1", "&worker {name: worker-1") + &hosts;
    assert!(load(&text).is_ok(), "{:?}", load(&text).err());
}

#[test]
fn the_base_is_without_problems() {
    check_text(BASE, "");
}

#[test]
fn a_host_name_leaves_room_in_a_common_name() {
    let name = "w".repeat(52);
    check("worker-1", &name, "");
    let longer = format!("{name}w");
    check(
        "worker-1",
        &longer,
        &format!(
            "9:12+53 error: hosts[1].name {longer} is longer than 52 characters | shorten it: a certificate's common name holds 64, and the host's is system:node:NAME"
        ),
    );
}

#[test]
fn all_problems_come_at_once() {
    check_text(
        "kind: cluster\nname: Hard Way\nnetwork: {services: 10.96.0.0/8}\nhosts: [{name: a, address: b}]\n\
         versions: {kubernetes: 1.35.1}\ncomponents: {kubelet: {flags: {nod-ip: 1}}}\n",
        "1:1+1 error: apiVersion is missing | write apiVersion: kthw.dev/v1alpha1
         1:7+7 error: kind cluster is not known | write kind: Cluster
         2:7+8 error: name Hard Way is not a DNS label (RFC 1123) | write hard-way: lower-case letters, digits and hyphens, beginning and ending with a letter or digit
         3:21+11 error: network.services 10.96.0.0/8 has bits set after its prefix | write 10.0.0.0/8
         4:1+5 error: no host has the role control-plane | write roles: [control-plane] for at least one host
         4:9+1 error: host a: roles are missing | write one or more of control-plane, etcd, load-balancer and worker
         4:28+1 error: host a: address b is not an IP address | write the IP address of the machine, not its name
         6:40+1 error: kubelet 1.35.1 has no flag --nod-ip | did you mean `node-ip`?",
    );
}

#[test]
fn unknown_fields_are_refused_together() {
    check("network:", "netwrok:", "5:1+7 error: unknown field `netwrok` | did you mean `network`?");
    check(
        "name: worker-1",
        "name: worker-1, adress: 1, role: x",
        "9:22+6 error: unknown field `adress` in hosts[1] | did you mean `address`?
         9:33+4 error: unknown field `role` in hosts[1] | did you mean `roles`?",
    );
    check_with(
        "components: {kubelets: {}, etcd: {flag: 1}}",
        "10:14+8 error: unknown field `kubelets` in components | did you mean `kubelet`?
         10:35+4 error: unknown field `flag` in components.etcd | did you mean `flags`?",
    );
    check_with("zebra: 1\n? a.b\n: 1", "10:1+5 error: unknown field `zebra` | the fields here are addons, api, apiVersion, audit, authentication, cloudProvider, components, controlPlane, downloads, encryption, etcd, hosts, kind, machines, monitoring, name, network, pki, priorityClasses, versions
         11:3+3 error: unknown field `a.b` | the fields here are addons, api, apiVersion, audit, authentication, cloudProvider, components, controlPlane, downloads, encryption, etcd, hosts, kind, machines, monitoring, name, network, pki, priorityClasses, versions");
}

#[test]
fn what_is_no_yaml_is_refused() {
    check_text(
        "",
        "1:1+1 error: apiVersion is missing | write apiVersion: kthw.dev/v1alpha1
         1:1+1 error: kind is missing | write kind: Cluster
         1:1+1 error: name is missing | write a name such as hard-way
         1:1+1 error: versions.kubernetes is missing | write an exact version, for instance 1.35.1
         1:1+1 error: hosts is missing | write at least one host with roles: [control-plane]",
    );
    check_text(
        "name: [",
        "1:7+1 error: name is not a string | write one word, in quotes if it has special characters",
    );
    check_text("- a", "1:1+1 error: the file is not a mapping | write `field: value` lines");
    check_text("name: a\nname: b", "2:1+4 error: the field `name` is written twice | keep one of them");
    check_text(
        "name: a\n---\nname: b",
        "3:1+1 error: there is more than one document | keep one cluster in a file",
    );
    check(
        "hosts: 10.0.0.0/24",
        "hosts: {a: b}",
        "5:18+1 error: network.hosts is not a string | write one word, in quotes if it has special characters",
    );
    check(
        "kubernetes: 1.35.1",
        "kubernetes: [1.35.1]",
        "4:24+1 error: versions.kubernetes is not a string | write one word, in quotes if it has special characters",
    );
    check(
        "name: hard-way",
        "name: ~",
        "3:7+1 error: name has no value | write the value, or remove the field",
    );
    check_with(
        "audit: {maxAge: thirty}",
        "10:17+6 error: audit.maxAge is not a whole number in its range | write digits only",
    );
    check_with("name: &a [*a]", "10:1+4 error: the field `name` is written twice | keep one of them");
}

#[test]
fn the_header_is_checked() {
    check(
        "kthw.dev/v1alpha1",
        "kthw.dev/v2",
        "1:13+11 error: apiVersion kthw.dev/v2 is not known | write apiVersion: kthw.dev/v1alpha1",
    );
    check("kind: Cluster\n", "", "1:1+1 error: kind is missing | write kind: Cluster");
    check(
        "name: hard-way",
        "name: Hard_Way",
        "3:7+8 error: name Hard_Way is not a DNS label (RFC 1123) | write hard-way: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    );
}

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
    check("services: 10.96.0.0/24", "services: 11.0.0.0/8", "5:41+10 error: network.services 11.0.0.0/8 is wider than kube-apiserver takes | choose a range of /12 or narrower
         5:79+10 error: network.dns 10.96.0.10 is outside network.services 11.0.0.0/8 | choose an address within it, for instance 11.0.0.10");
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
        "5:84+13 error: network.domain Cluster.local is not a DNS name (RFC 1123) | write cluster.local: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
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
        "6:17+30 error: api.endpoint API.example.org is not a DNS name (RFC 1123) | write api.example.org: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    );
    check(
        "api: {",
        "api: {sans: [a.example.org, 'https://b'], ",
        "6:29+11 error: api.sans[1] https://b is neither a DNS name nor an IP address | write it without scheme and port, in lower case",
    );
}

#[test]
fn hosts_are_checked() {
    check(
        "address: 10.0.0.36",
        "address: 10.0.1.36",
        "9:31+9 error: host worker-1: address 10.0.1.36 is outside network.hosts 10.0.0.0/24 | correct the address, or widen network.hosts",
    );
    check(
        "address: 10.0.0.36",
        "address: 10.0.0.255",
        "9:31+10 error: host worker-1: address 10.0.0.255 is no host's in network.hosts 10.0.0.0/24 | choose an address between the first and the last of the range",
    );
    check(
        "address: 10.0.0.36",
        "address: 10.0.0.4",
        "9:31+8 error: host worker-1: address 10.0.0.4 is that of host control-plane-1 too | give every host its own address",
    );
    check(
        "address: 10.0.0.36",
        "address: worker",
        "9:31+6 error: host worker-1: address worker is not an IP address | write the IP address of the machine, not its name",
    );
    check(
        "address: 10.0.0.36, ",
        "",
        "9:5+1 error: host worker-1: address is missing | write the IP address of the machine, for instance address: 10.0.0.36",
    );
    check(
        "name: worker-1",
        "name: control-plane-1",
        "9:12+15 error: hosts[1].name control-plane-1 is the name of another host too | give every host its own name",
    );
    check(
        "name: worker-1",
        "name: Worker_1",
        "9:12+8 error: hosts[1].name Worker_1 is not a DNS name (RFC 1123) | write worker-1: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    );
    check("{name: worker-1, ", "{", "9:5+1 error: hosts[1].name is missing | write a name such as worker-1");
    check(
        "roles: [worker]",
        "roles: [wroker]",
        "9:50+6 error: hosts[1].roles[0] wroker is not known | did you mean `worker`?",
    );
    check(
        "roles: [worker]",
        "arch: arm64",
        "9:5+1 error: host worker-1: roles are missing | write one or more of control-plane, etcd, load-balancer and worker",
    );
    check(
        "roles: [worker]",
        "roles: [worker], arch: x86",
        "9:65+3 error: hosts[1].arch x86 is not known | choose one of amd64, arm64",
    );
    check(
        "roles: [worker]",
        "roles: [worker], ssh: {user: ''}",
        "9:65+4 error: host worker-1: ssh.user \"\" is not a user name | write a name such as root",
    );
    check(
        "roles: [worker]",
        "roles: [worker], ssh: {port: 0}",
        "9:71+1 error: host worker-1: ssh.port 0 is not a port | write a port from 1 to 65535",
    );
    check(
        "roles: [worker]",
        "roles: [worker], labels: {a b: c, d: e f, node-role.kubernetes.io/worker: ''}",
        "9:73+1 error: host worker-1: label a b is not a label key | write it like zone or example.org/zone
         9:79+3 error: host worker-1: label d: e f is not a label value | use letters, digits, hyphens, underscores and dots, at most 63
         9:84+30 error: host worker-1: a kubelet may not set the label node-role.kubernetes.io/worker | use a prefix of your own, or node.kubernetes.io/, or set it with kubectl",
    );
    check(
        "roles: [worker]",
        "roles: [worker], taints: [{key: a, effect: NoSchedul}, {key: '', effect: NoExecute}]",
        "9:85+9 error: hosts[1].taints[0].effect NoSchedul is not known | did you mean `NoSchedule`?
         9:97+1 error: hosts[1].taints[1] = is not a taint | write key and value as in a label",
    );
    check(
        "roles: [control-plane]",
        "roles: [control-plane], labels: {a: b}, podCIDR: 10.200.1.0/24",
        "8:72+6 warning: host control-plane-1 runs no pods and has no use for labels | add the role worker, or remove the field
         8:97+13 warning: host control-plane-1 runs no pods and has no use for podCIDR | add the role worker, or remove the field",
    );
}

#[test]
fn a_control_plane_is_wanted_and_an_odd_number_of_them() {
    check(
        "roles: [control-plane]",
        "roles: [worker]",
        "7:1+5 error: no host has the role control-plane | write roles: [control-plane] for at least one host",
    );
    check(
        "roles: [worker]",
        "roles: [control-plane, worker]",
        "7:1+5 error: 2 members of etcd survive no more failures than 1 would | give 1 or 3 hosts the role control-plane",
    );
    check("roles: [worker]", "roles: [etcd]", "");
    let hosts = &BASE[BASE.find("hosts:\n").unwrap()..];
    check(
        hosts,
        "hosts: []\n",
        "7:1+5 error: hosts is missing | write at least one host with roles: [control-plane]",
    );
    check("api: {endpoint: 'https://10.0.0.4:6443'}\n", "", "");
    check_text(
        &BASE
            .replace("api: {endpoint: 'https://10.0.0.4:6443'}\n", "")
            .replace("[worker]", "[control-plane]"),
        "1:1+1 warning: api.endpoint is not set, so every client depends on control-plane-1 | set it to an address or name that leads to all control planes
         6:1+5 error: 2 members of etcd survive no more failures than 1 would | give 1 or 3 hosts the role control-plane",
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
fn versions_are_checked() {
    check(
        "{kubernetes: 1.35.1}",
        "{}",
        "4:1+8 error: versions.kubernetes is missing | write an exact version, for instance 1.35.1",
    );
    check(
        "1.35.1",
        "1.35",
        "4:24+4 error: versions.kubernetes 1.35 is not an exact version | write major, minor and patch, for instance 1.35.1",
    );
    check(
        "1.35.1",
        "v1.35.1",
        "4:24+7 error: versions.kubernetes v1.35.1 is not an exact version | write 1.35.1, without the v",
    );
    check(
        "1.35.1",
        "1.27.16",
        "4:24+7 error: versions.kubernetes 1.27.16 is not supported | choose a version from 1.28 to 1.36",
    );
    check(
        "1.35.1",
        "1.35.1, etcd: 3.4.23",
        "4:38+6 warning: versions.etcd 3.4.23 is of a series that is no longer maintained | choose etcd 3.5 or 3.6",
    );
    check(
        "1.35.1",
        "1.35.1, etcd: 3.4.1, containerd: 1.6.0, runc: 1.0.3, cniPlugins: 0.9.1",
        "4:38+5 error: versions.etcd 3.4.1 is not supported | choose etcd 3.5 or 3.6
         4:57+5 error: versions.containerd 1.6.0 is not supported | choose containerd 1.7, or 2.0 to 2.3
         4:70+5 error: versions.runc 1.0.3 is not supported | choose 1.1.0 or newer
         4:89+5 error: versions.cniPlugins 0.9.1 is not supported | choose 1.0.0 or newer",
    );
    check(
        "1.35.1",
        "1.36.1, containerd: 1.7.34",
        "4:44+6 error: versions.containerd 1.7.34 does not go with Kubernetes 1.36.1 | choose containerd 2.0 or newer",
    );
    check(
        "1.35.1",
        "1.35.1, crictl: 1.36.0",
        "4:40+6 warning: versions.crictl 1.36.0 is not of the minor of Kubernetes 1.35.1 | choose crictl 1.35",
    );
}

#[test]
fn flags_are_checked() {
    check_flag("kube-apiserver", "event-ttl: 2h, profiling: ~, v: 2, goaway-chance: 0.01", "");
    check_flag(
        "kube-apiserver",
        "evnet-ttl: 2h",
        "10:50+2 error: kube-apiserver 1.35.1 has no flag --evnet-ttl | did you mean `event-ttl`?",
    );
    check_flag(
        "kube-apiserver",
        "--event-ttl: 2h",
        "10:52+2 error: kube-apiserver 1.35.1 has no flag --event-ttl | did you mean `event-ttl`?",
    );
    check_flag(
        "kube-apiserver",
        "cloud-provider: external",
        "10:55+8 error: kube-apiserver 1.35.1 has no flag --cloud-provider | remove it: only other versions of kube-apiserver have it",
    );
    check_flag(
        "kube-apiserver",
        "zebra: 1",
        "10:46+1 error: kube-apiserver 1.35.1 has no flag --zebra | see `kube-apiserver --help` of that version",
    );
    check_flag(
        "kube-apiserver",
        "event-ttl: 2",
        "10:50+1 error: components.kube-apiserver.flags.event-ttl 2 is not a duration such as 1h30m | write a duration such as 1h30m",
    );
    check_flag(
        "kube-apiserver",
        "profiling: 1",
        "10:50+1 error: components.kube-apiserver.flags.profiling 1 is not true or false | write true or false",
    );
    check_flag(
        "kube-apiserver",
        "max-requests-inflight: many",
        "10:62+4 error: components.kube-apiserver.flags.max-requests-inflight \"many\" is not a whole number | write a whole number",
    );
    check_flag(
        "kube-apiserver",
        "emulated-version: 1.30",
        "10:57+4 error: components.kube-apiserver.flags.emulated-version 1.3 is not a list | write it in quotes",
    );
    check_flag(
        "kube-apiserver",
        "feature-gates: {A: true}",
        "10:39+13 error: components.kube-apiserver.flags.feature-gates {\"A\":true} is not a list | write a list of name=value",
    );
    check_flag(
        "kube-apiserver",
        "tls-min-version: [VersionTLS13]",
        "10:39+15 error: components.kube-apiserver.flags.tls-min-version [\"VersionTLS13\"] is not a string | write a string",
    );
    check_flag("kube-apiserver", "service-cluster-ip-range: 10.96.0.0/24", "");
    check_flag(
        "kube-apiserver",
        "service-cluster-ip-range: 10.97.0.0/24",
        "10:65+12 error: components.kube-apiserver.flags.service-cluster-ip-range is decided by network.services, which is 10.96.0.0/24 | remove the flag and set network.services",
    );
    check_flag(
        "kube-apiserver",
        "etcd-servers: ['https://10.0.0.9:2379']",
        "10:39+12 error: components.kube-apiserver.flags.etcd-servers is decided by hosts | remove the flag and set hosts",
    );
    check_flag(
        "kube-apiserver",
        "client-ca-file: /etc/ca.pem",
        "10:55+11 error: components.kube-apiserver.flags.client-ca-file is kthw's own: the cluster it builds depends on it | remove the flag",
    );
    check_flag(
        "kube-apiserver",
        "client-ca-file: ~",
        "10:55+1 error: components.kube-apiserver.flags.client-ca-file is kthw's own: the cluster it builds depends on it | remove the flag",
    );
    check_flag(
        "kube-controller-manager",
        "cluster-cidr: ~",
        "10:62+1 error: components.kube-controller-manager.flags.cluster-cidr is decided by network.pods, which is 10.200.0.0/16 | remove the flag and set network.pods",
    );
    check_flag(
        "kubelet",
        "node-ip: 10.0.0.9",
        "10:41+8 error: components.kubelet.flags.node-ip is decided by hosts | remove the flag and set hosts",
    );
    check_flag(
        "kubelet",
        "max-pods: 50",
        "10:42+2 warning: components.kubelet.flags.max-pods is deprecated in kubelet 1.35.1 | set the field in components.kubelet.config",
    );
    check_flag(
        "etcd",
        "initial-corrupt-check: true",
        "10:52+4 error: etcd 3.6.14 has no flag --initial-corrupt-check | see `etcd --help` of that version",
    );
    check_flag(
        "etcd",
        "name: a",
        "10:35+1 error: components.etcd.flags.name is decided by hosts | remove the flag and set hosts",
    );
}

#[test]
fn configuration_patches_are_checked() {
    check_with("components: {kubelet: {config: {maxPods: 50}}}", "");
    check_with("components: {kubelet: {config: {authentication: {anonymous: {enabled: true}}}}}", "");
    check_with(
        "components: {kubelet: {config: {clusterDNS: [10.96.0.11]}}}",
        "10:33+10 error: components.kubelet.config.clusterDNS is decided by network.dns | remove the field and set network.dns",
    );
    check_with(
        "components: {kubelet: {config: {authentication: null}}}",
        "10:49+4 error: components.kubelet.config.authentication is kthw's own | remove the field: kthw lays out the files and connections that it names",
    );
    check_with(
        "components: {containerd: {config: {version: 2}}}",
        "10:45+1 error: components.containerd.config.version is kthw's own | remove the field: kthw lays out the files and connections that it names",
    );
    check_with(
        "components: {kubelet: {config: [maxPods]}}",
        "10:24+6 error: components.kubelet.config is not a mapping | write the fields to change, as in the configuration file",
    );
    check_with(
        "components: {etcd: {config: {a: b}}}",
        "10:21+6 error: components.etcd.config is of no use: kthw gives etcd no configuration file | use components.etcd.flags",
    );
}

#[test]
fn the_short_sections_are_checked() {
    check_with(
        "pki: {certificateValidityPeriod: 1y}",
        "10:34+2 error: pki.certificateValidityPeriod 1y is not a duration | write hours, for instance 8760h for a year",
    );
    check_with(
        "pki: {certificateValidityPeriod: 1s, caCertificateValidityPeriod: 9000000h}",
        "10:34+2 error: pki.certificateValidityPeriod 1s is not between an hour and a hundred years | write hours, for instance 8760h for a year
         10:67+8 error: pki.caCertificateValidityPeriod 9000000h is not a duration | write hours, for instance 8760h for a year",
    );
    check_with(
        "pki: {certificateValidityPeriod: 87600h}",
        "10:34+6 error: pki.certificateValidityPeriod 87600h is not shorter than pki.caCertificateValidityPeriod 87600h | let certificates expire before the authority that signed them",
    );
    check_with(
        "encryption: {provider: secretbx, resources: []}",
        "10:24+8 error: encryption.provider secretbx is not known | did you mean `secretbox`?
         10:34+9 error: encryption.resources is empty | name at least secrets, or choose provider: identity",
    );
    check_with(
        "encryption: {resources: [secrets, secrets, Secrets, '*']}",
        "10:35+7 error: encryption.resources[1] secrets is listed twice | remove one of them
         10:44+7 error: encryption.resources[2] Secrets is not the name of a resource | write it like secrets or deployments.apps
         10:53+3 error: encryption.resources[3] * is not the name of a resource | write it like secrets or deployments.apps",
    );
    check_with("audit: {policy: {rules: [{level: Metadata}]}}", "");
    check_with(
        "audit: {policy: {kind: Policies, rules: []}}",
        "10:24+8 error: audit.policy.kind is not Policy | write kind: Policy",
    );
    check_with(
        "audit: {policy: {level: Metadata}}",
        "10:9+6 error: audit.policy has no list of rules | write rules: [{level: Metadata}], or remove audit.policy for kthw's own",
    );
    check_with(
        "downloads: {mirrors: ['https://m', 'file:///srv', 'ftp://m', 'https:///m']}",
        "10:51+9 error: downloads.mirrors[2] ftp://m is not an http, https or file URL | write it like https://mirror.example.org or file:///srv/mirror
         10:62+12 error: downloads.mirrors[3] https:///m is not an http, https or file URL | write it like https://mirror.example.org or file:///srv/mirror",
    );
}
