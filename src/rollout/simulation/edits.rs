//! What people change about a cluster.

use serde_json::{Value, json};

use crate::rollout::trial::{EXAMPLES, Trial};

type Edit = (&'static str, fn(&mut Value));

/// Each makes another cluster of some of the examples, and none of others.
const EDITS: [Edit; 19] = [
    ("an older Kubernetes", |spec| {
        let version = spec["versions"]["kubernetes"].as_str().unwrap_or_default().to_owned();
        let mut parts = version.split('.');
        let minor: u64 = parts.nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(36);
        spec["versions"]["kubernetes"] = json!(format!("1.{}.1", minor - 1));
    }),
    ("another patch", |spec| {
        let version = spec["versions"]["kubernetes"].as_str().unwrap_or_default().to_owned();
        spec["versions"]["kubernetes"] =
            json!(format!("{}.0", version.rsplit_once('.').map_or("1.36", |parts| parts.0)));
    }),
    ("a flag of the API server", |spec| set(spec, "/components/kube-apiserver/flags/v", json!(4))),
    ("a flag of etcd", |spec| set(spec, "/components/etcd/flags/max-request-bytes", json!(2_000_000))),
    ("a flag of the controller manager", |spec| {
        set(spec, "/components/kube-controller-manager/flags/v", json!(3))
    }),
    ("fewer pods", |spec| set(spec, "/components/kubelet/config/maxPods", json!(60))),
    ("no CoreDNS", |spec| set(spec, "/addons/coreDNS", json!(false))),
    ("no network", |spec| spec["network"]["cni"] = json!("none")),
    ("no proxy", |spec| spec["network"]["kubeProxy"] = json!(false)),
    ("another runc", |spec| spec["versions"]["runc"] = json!("1.4.4")),
    ("a worker more", |spec| add(spec, "more-1", 201, &["worker"])),
    ("three workers more", |spec| (1..4).for_each(|n| add(spec, &format!("more-{n}"), 200 + n, &["worker"]))),
    ("a member of etcd more", |spec| add(spec, "store-1", 211, &["etcd"])),
    ("a control plane more", |spec| add(spec, "plane-1", 221, &["control-plane"])),
    ("a worker less", |spec| {
        let hosts = spec["hosts"].as_array_mut().expect("hosts");
        if let Some(at) = hosts.iter().rposition(|host| host["roles"] == json!(["worker"])) {
            hosts.remove(at);
        }
    }),
    ("a member of etcd less", |spec| {
        let hosts = spec["hosts"].as_array_mut().expect("hosts");
        if let Some(at) = hosts.iter().rposition(|host| host["roles"] == json!(["etcd"])) {
            hosts.remove(at);
        }
    }),
    ("a control plane that works", |spec| {
        let hosts = spec["hosts"].as_array_mut().expect("hosts");
        if let Some(host) = hosts.iter_mut().find(|host| host["roles"] == json!(["control-plane"])) {
            host["roles"] = json!(["control-plane", "worker"]);
        }
    }),
    ("watched", |spec| spec["monitoring"] = json!({})),
    ("an older etcd", |spec| {
        let newer =
            spec["versions"]["kubernetes"].as_str().is_some_and(|version| version.starts_with("1.36"));
        spec["versions"]["etcd"] = json!(if newer { "3.6.12" } else { "3.5.26" });
    }),
];

/// Each edit of each example, either way, and some of them together.
pub fn trials() -> Vec<(String, Trial)> {
    let mut trials = Vec::new();
    for example in EXAMPLES {
        let text = Trial::of(example).state(0).0.to_owned();
        let spec: Value = serde_saphyr::from_str(&text).expect("a mapping");
        for (at, (name, edit)) in EDITS.iter().enumerate() {
            let mut one = spec.clone();
            edit(&mut one);
            let other = EDITS[(at * 7 + 5) % EDITS.len()];
            let mut two = one.clone();
            other.1(&mut two);
            for (name, specs) in [
                (format!("{example}: {name}"), [&spec, &one]),
                (format!("{example}: without {name}"), [&one, &spec]),
                (format!("{example}: {name}, {}", other.0), [&spec, &two]),
                (format!("{example}: without {name}, {}", other.0), [&two, &spec]),
            ] {
                let specs = specs.map(ToString::to_string);
                trials.extend(Trial::between(example, [&*specs[0], &*specs[1]]).map(|trial| (name, trial)));
            }
        }
    }
    trials
}

fn set(spec: &mut Value, pointer: &str, value: Value) {
    let mut at = spec;
    for step in pointer.split('/').skip(1) {
        at = &mut at[step];
    }
    *at = value;
}

/// A host at a free address of the range that the others have.
fn add(spec: &mut Value, name: &str, number: u32, roles: &[&str]) {
    let hosts = spec["hosts"].as_array_mut().expect("hosts");
    let known = hosts[0]["address"].as_str().expect("an address");
    let stem = known.rsplit_once('.').expect("four numbers").0;
    hosts.push(json!({"name": name, "address": format!("{stem}.{number}"), "roles": roles}));
}
