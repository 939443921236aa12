//! What is said of scalars that their consumer reads differently.

use super::{BASE, answers, check_text};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex";

#[test]
fn scalars_that_two_readers_take_for_two_things_are_refused_with_both() {
    let user_data =
        |data: &str| format!("machines: {{user: {{sshAuthorizedKeys: ['{KEY}']}}, userData: {data}}}");
    let data = [
        "{write_files: [{path: /srv/a, content: a, permissions: 0755}]}",
        "{write_files: [{path: /srv/a, content: a, permissions: '0755'}]}",
        "{users: [{name: amy, uid: 01750, lock_passwd: off}]}",
        "{users: [{name: amy, uid: 1750, lock_passwd: false, expiredate: 2031-05-05}]}",
        "{ntp: {enabled: on, config: {poll: 8:20, drift: 2e3}}}",
        "{snap: {commands: {00: [a], 01: [b]}}}",
        "{yum_repos: {no: {name: a}}}",
        "{write_files: [{path: /srv/a, content: a, permissions: 644}, {path: /b, content: a, permissions: rw-r--r--}]}",
    ];
    let sections: Vec<String> = data.into_iter().map(user_data).collect();
    let kubernetes = [
        "components: {kubelet: {config: {maxPods: 0100, registryPullQPS: 1e1, eventBurst: 1_0}}}",
        "components: {kubelet: {config: {evictionHard: {memory.available: y}}}, kube-proxy: {config: {mode: !!str no}}}",
        "components: {kubelet: {flags: {v: 010, node-labels: 0x10, root-dir: /a}}}",
        "components: {kube-apiserver: {flags: {event-ttl: 1:30, api-audiences: [on, 1:30], kube-api-qps: 5}}}",
        "audit: {policy: {rules: [{level: None, users: [no, 0644]}]}}",
    ];
    let all: Vec<&str> = sections.iter().map(String::as_str).chain(kubernetes).collect();
    insta::assert_snapshot!(answers(&all));
}

#[test]
fn what_an_alias_repeats_is_told_once_and_text_fields_are_text() {
    let text = BASE.replace("roles: [worker]", "roles: [worker], labels: {a: 0644, b: no, d: 1.10}");
    check_text(&text, "");
    let section =
        "controlPlane: {admissionConfig: {PodSecurity: {apiVersion: a, kind: A, x: &x 0123, z: *x}}}\n";
    check_text(
        &format!("{BASE}{section}"),
        "10:78+4 error: controlPlane.admissionConfig.PodSecurity.x 0123 is 83 to Kubernetes, which reads YAML 1.1, and 123 in YAML 1.2 | write '0123' in quotes for the text, or 83 or 123",
    );
}
