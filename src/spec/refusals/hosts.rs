//! Refusals of the section `hosts`.

use super::{BASE, check, check_text};

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
        "9:12+8 error: hosts[1].name Worker_1 is not a DNS name (RFC 1123) | write `worker-1`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
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
fn a_control_plane_is_wanted_and_of_an_even_number_is_warned() {
    check(
        "roles: [control-plane]",
        "roles: [worker]",
        "7:1+5 error: no host has the role control-plane | write roles: [control-plane] for at least one host",
    );
    check(
        "roles: [worker]",
        "roles: [control-plane, worker]",
        "7:1+5 warning: 2 members of etcd survive no more failures than 1 would | give 1 or 3 hosts the role control-plane",
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
         6:1+5 warning: 2 members of etcd survive no more failures than 1 would | give 1 or 3 hosts the role control-plane",
    );
}
