//! Refusals and warnings of the section `addons`, and of the versions that it is about.

use super::{check, check_text, check_with};

const CILIUM: (&str, &str) = ("dns: 10.96.0.10}", "dns: 10.96.0.10, cni: cilium}");

fn with_cilium(section: &str, expected: &str) {
    let text = super::BASE.replace(CILIUM.0, CILIUM.1);
    check_text(&format!("{text}{section}\n"), expected);
}

#[test]
fn values_without_cilium_are_warned_of() {
    let section = "addons: {cilium: {values: {hubble: {enabled: false}}}}";
    check_with(
        section,
        "10:19+6 warning: addons.cilium.values is of no use without Cilium | set network.cni: cilium, or remove it",
    );
    with_cilium(section, "");
}

#[test]
fn values_are_a_mapping_and_decided_once() {
    with_cilium(
        "addons: {cilium: {values: [1]}}",
        "10:19+6 error: addons.cilium.values is not a mapping | write the values to change, as for Cilium's chart",
    );
    with_cilium("addons: {cilium: {values: {kubeProxyReplacement: false, k8sServiceHost: a}}}", "10:50+5 error: addons.cilium.values.kubeProxyReplacement is decided by network.kubeProxy | remove the value and set network.kubeProxy
         10:73+1 error: addons.cilium.values.k8sServiceHost is decided by api.endpoint | remove the value and set api.endpoint");
}

#[test]
fn core_dns_is_on_or_off_or_has_settings() {
    for (settings, expected) in [
        ("false", ""),
        ("true", ""),
        ("{}", ""),
        ("{replicas: 3, corefile: '. { whoami }'}", ""),
        (
            "{replicas: 0}",
            "10:30+1 error: addons.coreDNS.replicas is 0 | write 1 or more, or `coreDNS: false` for another DNS",
        ),
        (
            "{corefile: ' '}",
            "10:30+3 error: addons.coreDNS.corefile is empty | write the whole Corefile, or remove the field",
        ),
        (
            "{replica: 3}",
            "10:20+7 error: unknown field `replica` in addons.coreDNS | did you mean `replicas`?",
        ),
        (
            "2",
            "10:19+1 error: addons.coreDNS is not true, false or a mapping | write `false`, or `{replicas: 3}`",
        ),
        (
            "[a]",
            "10:10+7 error: addons.coreDNS is not true, false or a mapping | write `false`, or `{replicas: 3}`",
        ),
        (
            "~",
            "10:19+1 error: addons.coreDNS is not true, false or a mapping | write `false`, or `{replicas: 3}`",
        ),
        (
            "{replicas: some}",
            "10:30+4 error: addons.coreDNS.replicas is not a whole number in its range | write digits only",
        ),
    ] {
        check_with(&format!("addons: {{coreDNS: {settings}}}"), expected);
    }
}

#[test]
fn cilium_takes_short_names_alone() {
    let text = super::BASE.replace("name: hard-way", &format!("name: {}", "a".repeat(33)));
    check_text(&text, "");
    check_text(
        &text.replace(CILIUM.0, CILIUM.1),
        "3:7+33 error: name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is longer than the 32 characters that Cilium takes | shorten it",
    );
}

#[test]
fn versions_of_add_ons_are_exact_and_not_too_old() {
    for (versions, expected) in [
        ("coredns: 1.7.0", "4:41+5 error: versions.coredns 1.7.0 is not supported | choose 1.8.0 or newer"),
        ("cilium: 1.13.9", "4:40+6 error: versions.cilium 1.13.9 is not supported | choose 1.14.0 or newer"),
        (
            "ciliumCli: v0.19.7",
            "4:43+7 error: versions.ciliumCli v0.19.7 is not an exact version | write 0.19.7, without the v",
        ),
    ] {
        check("kubernetes: 1.35.1", &format!("kubernetes: 1.35.1, {versions}"), expected);
    }
}
