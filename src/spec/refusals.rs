//! Every refusal and warning of the cluster file, with its message, its place and its way out.

mod addons;
mod addresses;
mod components;
mod contradictions;
mod control_plane;
mod documents;
mod encryption;
mod etcd;
mod help;
mod hosts;
mod load_balancer;
mod machines;
mod network;
mod pki;
mod pod_network;
mod ports;
mod programs;
mod relations;
mod scalars;
mod text;

use super::{Located, Severity, load};

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
fn the_base_is_without_problems() {
    check_text(BASE, "");
}

#[test]
fn all_problems_come_at_once() {
    check_text(
        "kind: cluster\nname: Hard Way\nnetwork: {services: 10.96.0.0/8}\nhosts: [{name: a, address: b}]\n\
         versions: {kubernetes: 1.35.1}\ncomponents: {kubelet: {flags: {nod-ip: 1}}}\n",
        "1:1+1 error: apiVersion is missing | write apiVersion: kthw.dev/v1alpha1
         1:7+7 error: kind cluster is not known | write kind: Cluster
         2:7+8 error: name Hard Way is not a DNS label (RFC 1123) | write `hard-way`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit
         3:21+11 error: network.services 10.96.0.0/8 has bits set after its prefix | write 10.0.0.0/8
         4:1+5 error: no host has the role control-plane | write roles: [control-plane] for at least one host
         4:9+1 error: host a: roles are missing | write one or more of control-plane, etcd, load-balancer and worker
         4:28+1 error: host a: address b is not an IP address | write the IP address of the machine, not its name
         6:40+1 error: kubelet 1.35.1 has no flag --nod-ip | did you mean `node-ip`?",
    );
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
        "3:7+8 error: name Hard_Way is not a DNS label (RFC 1123) | write `hard-way`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
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
         10:44+7 error: encryption.resources[2] Secrets is not the name of a resource | write it like secrets, deployments.apps, '*.apps' or '*.*'
         10:53+3 error: encryption.resources[3] * is not taken by the API server | write '*.' for all of the core group, or '*.*' for everything",
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
