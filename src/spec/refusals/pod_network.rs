//! Refusals and warnings of how pods are connected.

use super::{check, check_text};

#[test]
fn the_bridge_plugin_knows_its_range() {
    check(
        "dns: 10.96.0.10}",
        "dns: 10.96.0.10, podCIDRAllocation: controller-manager}",
        "5:112+18 error: network.podCIDRAllocation controller-manager does not go with bridge: the bridge plugin's configuration holds the range, so kthw must know it | remove it, or write static",
    );
}

#[test]
fn cilium_learns_its_range() {
    check(
        "dns: 10.96.0.10}",
        "dns: 10.96.0.10, cni: cilium, podCIDRAllocation: static}",
        "5:125+6 error: network.podCIDRAllocation static does not go with cilium: Cilium takes the range of a node from the API, where kthw cannot write it | remove it, or write controller-manager",
    );
}

#[test]
fn an_unknown_allocation_is_refused() {
    check(
        "dns: 10.96.0.10}",
        "dns: 10.96.0.10, podCIDRAllocation: statik}",
        "5:112+6 error: network.podCIDRAllocation statik is not known | did you mean `static`?",
    );
}

#[test]
fn a_range_is_written_in_one_place() {
    let text = super::BASE
        .replace("dns: 10.96.0.10}", "dns: 10.96.0.10, cni: none}")
        .replace("roles: [worker]", "roles: [worker], podCIDR: 10.200.1.0/24");
    check_text(
        &text,
        "9:68+13 error: host worker-1: podCIDR is written, but network.podCIDRAllocation is controller-manager | remove podCIDR, or write network.podCIDRAllocation: static",
    );
    check_text(&text.replace("cni: none", "cni: none, podCIDRAllocation: static"), "");
}

#[test]
fn bridges_without_a_proxy_are_warned_of() {
    check(
        "dns: 10.96.0.10}",
        "dns: 10.96.0.10, kubeProxy: false}",
        "5:104+5 warning: network.kubeProxy is false, and the bridge plugin leads nobody to services | remove it, or install something that stands in for kube-proxy",
    );
    for good in
        ["cni: cilium, kubeProxy: true", "cni: cilium, kubeProxy: false", "cni: none, kubeProxy: false"]
    {
        check("dns: 10.96.0.10}", &format!("dns: 10.96.0.10, {good}}}"), "");
    }
}

#[test]
fn what_kthw_decides_of_the_proxy_stays() {
    super::check_with(
        "components: {kube-proxy: {config: {clusterCIDR: 10.0.0.0/8, mode: nftables}, flags: {hostname-override: x}}}",
        "10:49+10 error: components.kube-proxy.config.clusterCIDR is decided by network.pods | remove the field and set network.pods
         10:105+1 error: components.kube-proxy.flags.hostname-override is decided by hosts | remove the flag and set hosts",
    );
    super::check_with(
        "components: {kube-proxy: {flags: {ipvs-strict-arp: true, v: 2}}}",
        "10:52+4 error: components.kube-proxy.flags.ipvs-strict-arp is decided by components.kube-proxy.config.ipvs.strictARP | remove the flag and set components.kube-proxy.config.ipvs.strictARP",
    );
}
