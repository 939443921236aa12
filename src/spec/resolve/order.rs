//! What may be written in any order, in the one order that everything follows: exchanged lines are no change.

use std::collections::BTreeMap;

use crate::cluster::{Cluster, FlagValue, Program};
use crate::names;

/// Flags whose lists are sets. What the order of others means is their program's matter.
const SETS: [&str; 6] = [
    "allowed-unsafe-sysctls",
    "cipher-suites",
    "controllers",
    "disable-admission-plugins",
    "enable-admission-plugins",
    "tls-cipher-suites",
];

/// Sorts every list whose order means nothing to those who read it.
pub fn settle(cluster: &mut Cluster) {
    cluster.hosts.sort_by(|one, other| names::order(&one.name, &other.name));
    for host in &mut cluster.hosts {
        host.taints.sort();
    }
    cluster.api.sans.sort();
    cluster.encryption.resources.sort();
    cluster.control_plane.admission_plugins.sort();
    cluster.priority_classes.sort_by(|one, other| one.name.cmp(&other.name));
    cluster.authentication.jwt.sort_by_cached_key(|issuer| serde_json::to_string(issuer).unwrap_or_default());
    if let Some(machines) = &mut cluster.machines {
        machines.user.groups.sort();
        machines.user.authorized_keys.sort();
    }
    for program in Program::ALL {
        sets(&mut cluster.components.of_mut(*program).flags);
    }
}

fn sets(flags: &mut BTreeMap<String, Option<FlagValue>>) {
    for (name, value) in flags {
        if let (true, Some(FlagValue::List(items))) = (SETS.contains(&name.as_str()), value) {
            items.sort();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use crate::spec::{load, presets};

    /// Lists in which the order means something. All others mean the same in any.
    const ORDERED: [&str; 8] = [
        // The first that has a file gives it.
        "downloads.mirrors",
        // The first that answers is believed.
        "machines.network.nameservers",
        // cloud-init goes through them.
        "machines.userData",
        // The first rule that fits decides.
        "audit.policy",
        // What these hold is in the formats of others, who know what order means there.
        "authentication.jwt[].",
        "controlPlane.admissionConfig",
        "addons",
        "components",
    ];

    /// Lists that the examples lack, or have with one item.
    fn more(example: &str) -> Value {
        match example {
            presets::PRODUCTION => json!({
                "api": {"sans": ["b.example.org", "a.example.org", "192.0.2.9", "192.0.2.10"]},
                "encryption": {"resources": ["events", "endpoints"]},
                "authentication": {"jwt": [
                    {"issuer": {"url": "https://b.example", "audiences": ["x"]}, "claimMappings": {"username": {"claim": "sub", "prefix": ""}}},
                    {"issuer": {"url": "https://a.example", "audiences": ["x"]}, "claimMappings": {"username": {"claim": "sub", "prefix": ""}}},
                ]},
                "hosts": [
                    {"name": "w-10", "address": "10.20.0.110", "roles": ["worker"], "taints": [
                        {"key": "b", "value": "x", "effect": "NoSchedule"},
                        {"key": "a", "value": "", "effect": "NoExecute"},
                        {"key": "b", "value": "x", "effect": "NoExecute"},
                    ], "labels": {"z": "1", "y": "2"}},
                    {"name": "w-9", "address": "10.20.0.109", "roles": ["worker"]},
                ],
                "downloads": {"mirrors": ["https://one.example", "https://two.example"]},
            }),
            presets::HA_IPVS => json!({
                "machines": {
                    "user": {"groups": ["kvm"], "sshAuthorizedKeys":
                        ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample1Example1Example1Example1Example1Ex b@c"]},
                    "network": {"nameservers": ["192.168.1.2", "192.168.1.3"]},
                },
            }),
            _ => json!({"components": {"kube-apiserver": {"flags": {"api-audiences": ["b", "a"]}}}}),
        }
    }

    /// Both, with the items of both lists.
    fn merged(into: &mut Value, more: Value) {
        match (into, more) {
            (Value::Object(members), Value::Object(more)) => {
                for (key, value) in more {
                    merged(members.entry(key).or_insert(Value::Null), value);
                }
            }
            (Value::Array(items), Value::Array(more)) => items.extend(more),
            (into, more) => *into = more,
        }
    }

    /// Something in another order, if it has several items.
    fn shuffled<T>(mut items: Vec<T>, seed: &mut u64) -> Vec<T> {
        for last in (1..items.len()).rev() {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(*seed >> 33).expect("31 bits") % (last + 1);
            items.swap(last, other);
        }
        items
    }

    /// The document in YAML's flow style, with all in another order that may be.
    fn written(value: &Value, path: &str, seed: &mut u64) -> String {
        match value {
            Value::Object(members) => {
                let members = shuffled(members.iter().collect(), seed).into_iter().map(|(key, value)| {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    format!("{}: {}", json!(key), written(value, &path, seed))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
            Value::Array(items) => {
                let is_ordered = ORDERED.iter().any(|ordered| path.starts_with(ordered));
                let items: Vec<&Value> = items.iter().collect();
                let items = if is_ordered { items } else { shuffled(items, seed) };
                let path = format!("{path}[]");
                let items = items.into_iter().map(|item| written(item, &path, seed));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            value => value.to_string(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// All else is a pure function of what is decided.
        #[test]
        fn what_is_decided_does_not_follow_from_the_order(seed in any::<u64>()) {
            let mut seed = seed;
            for example in presets::ALL.iter().copied() {
                let mut document: Value = serde_saphyr::from_str(example).expect("an example");
                merged(&mut document, more(example));
                let expected = load(&document.to_string()).map(|(cluster, _)| cluster);
                let expected = expected.map_err(|problems| format!("{problems:?}")).expect("a good cluster");
                let text = written(&document, "", &mut seed);
                let found = load(&text).map(|(cluster, _)| cluster);
                prop_assert!(found.as_ref() == Ok(&expected), "{text}\n{found:#?}");
            }
        }
    }

    #[test]
    fn an_order_that_means_something_is_kept() {
        let mirrors = |list: &str| {
            let text = format!("{}downloads: {{mirrors: [{list}]}}\n", presets::SINGLE);
            load(&text).expect("a good cluster").0
        };
        assert_ne!(
            mirrors("https://a.example, https://b.example"),
            mirrors("https://b.example, https://a.example")
        );
    }
}
