//! Refusals of what is no YAML, and of fields that nobody knows.

use super::{BASE, check, check_text, check_with};
use crate::spec::load;

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
