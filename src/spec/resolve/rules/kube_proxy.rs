//! kube-proxy's rules: `Validate` of pkg/proxy/apis/config/validation.

use serde_json::Value;

use super::kubelet::hidden_metrics;
use super::syntax;
use super::told::{Told, nanoseconds};
use super::{Refusal, Rule, all, each, gated, refusal, together};

const SECOND: i128 = 1_000_000_000;

pub const RULES: &[Rule] = &[
    each("bindAddress", syntax::is_ip, "an IP address"),
    each(
        "healthzBindAddress",
        syntax::is_ip_or_socket,
        "an IP address, or one with a port such as 0.0.0.0:10256",
    ),
    each(
        "metricsBindAddress",
        syntax::is_ip_or_socket,
        "an IP address, or one with a port such as 127.0.0.1:10249",
    ),
    each("iptables.masqueradeBit", is_bit, "0 to 31"),
    all(hidden_metrics),
    all(node_ports).until(36),
    all(node_ports_by_words).since(37),
    all(of_mode),
    together(|told| {
        (told.text("mode") == "ipvs" && !told.gate("KubeProxyIPVS")).then(|| gated("mode", "KubeProxyIPVS"))
    })
    .since(37),
    all(sync_periods),
    together(|told| {
        let (mode, field) = match told.text("detectLocalMode") {
            "BridgeInterface" => ("BridgeInterface", "detectLocal.bridgeInterface"),
            "InterfaceNamePrefix" => ("InterfaceNamePrefix", "detectLocal.interfaceNamePrefix"),
            _ => return None,
        };
        told.text(field)
            .is_empty()
            .then(|| refusal("detectLocalMode", format!("{mode} needs {field}"), format!("set {field} too")))
    }),
];

fn is_bit(value: &Value) -> bool {
    value.as_i64().is_none_or(|bit| (0..=31).contains(&bit))
}

const RANGES: &str = "write ranges such as 10.0.0.0/8";

fn node_ports(told: &Told<'_>) -> Vec<Refusal> {
    let items = told.items("nodePortAddresses");
    let is_primary = |item: &Value| item == "primary";
    items
        .iter()
        .enumerate()
        .filter_map(|(number, item)| {
            let field = format!("nodePortAddresses[{number}]");
            match is_primary(item) {
                true => (items.len() > 1)
                    .then(|| refusal(field, "primary does not go with others", "write it alone, or ranges")),
                false => wrong_range(field, item),
            }
        })
        .collect()
}

fn node_ports_by_words(told: &Told<'_>) -> Vec<Refusal> {
    let items = told.items("nodePortAddresses");
    items
        .iter()
        .enumerate()
        .filter_map(|(number, item)| {
            let field = format!("nodePortAddresses[{number}]");
            match ["primary", "localhost", "all"].iter().any(|word| item == word) {
                true => items[..number]
                    .contains(item)
                    .then(|| refusal(field, "is listed twice", "remove one of them")),
                false => wrong_range(field, item),
            }
        })
        .collect()
}

fn wrong_range(field: String, item: &Value) -> Option<Refusal> {
    (!syntax::is_cidr(item)).then(|| refusal(field, format!("{item} is not a range of addresses"), RANGES))
}

/// What is looked at in one mode alone.
fn of_mode(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    match told.text("mode") {
        "ipvs" => {
            for field in ["ipvs.tcpTimeout", "ipvs.tcpFinTimeout", "ipvs.udpTimeout"] {
                if told.get(field).and_then(nanoseconds).is_some_and(|time| time < 0) {
                    refusals.push(refusal(field, "is below 0s", "write 0s or more"));
                }
            }
            for (number, item) in told.items("ipvs.excludeCIDRs").iter().enumerate() {
                refusals.extend(wrong_range(format!("ipvs.excludeCIDRs[{number}]"), item));
            }
        }
        "nftables" if told.get("nftables.masqueradeBit").is_some_and(|bit| !is_bit(bit)) => {
            refusals.push(refusal("nftables.masqueradeBit", "is not from 0 to 31", "write 0 to 31"));
        }
        _ => {}
    }
    refusals
}

/// Rules are written as often as the mode in use says.
fn sync_periods(told: &Told<'_>) -> Vec<Refusal> {
    let (mode, shortest) = match told.text("mode") {
        "ipvs" => ("ipvs", 0),
        "nftables" => ("nftables", SECOND),
        _ => ("iptables", SECOND),
    };
    let (longest, least) = (format!("{mode}.syncPeriod"), format!("{mode}.minSyncPeriod"));
    let (Some(period), Some(minimum)) =
        (told.filled_duration_or(&longest, 30 * SECOND), told.filled_duration_or(&least, shortest))
    else {
        return Vec::new();
    };
    if period <= 0 {
        return vec![refusal(longest, "is not above 0s", "write a duration above 0s")];
    }
    if minimum < 0 {
        return vec![refusal(least, "is below 0s", "write 0s or more")];
    }
    match minimum > period {
        true => vec![refusal(
            told.written(&[&least, &longest]),
            format!("does not leave {least} within {longest}"),
            "let the least time be the shorter one; without them they are 1s and 30s",
        )],
        false => Vec::new(),
    }
}
