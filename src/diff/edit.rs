//! Edits of a cluster's file as a person might make them, for tests.

use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// Other values that a scalar might have; most of them make no cluster.
pub fn others(value: &Value) -> Vec<Value> {
    let words = |words: &[&str]| words.iter().map(|word| Value::from(*word)).collect::<Vec<_>>();
    match value {
        Value::Bool(flag) => vec![Value::from(!flag)],
        Value::Number(number) => number.as_u64().map(|n| Value::from(n + 1)).into_iter().collect(),
        Value::String(text) => {
            // Any number in it may be another: of an address, a range, a version, a port, a time.
            let mut others = Vec::new();
            let ends = text.char_indices().filter(|(at, c)| {
                c.is_ascii_digit() && !text[at + 1..].starts_with(|c: char| c.is_ascii_digit())
            });
            for (end, _) in ends {
                let start = text[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
                let Ok(number) = text[start..=end].parse::<u64>() else { continue };
                let near = [number + 1, number + 40, number.saturating_sub(1)];
                others
                    .extend(near.map(|n| Value::from(format!("{}{n}{}", &text[..start], &text[end + 1..]))));
            }
            others.reverse();
            others.extend(words(&[&format!("{text}x"), &format!("x{text}")]));
            others.extend(words(&[
                "haproxy",
                "ipvs",
                "keepalived",
                "amd64",
                "arm64",
                "aescbc",
                "secretbox",
                "aesgcm",
            ]));
            others.extend(words(&[
                "all",
                "none",
                "bridge",
                "cilium",
                "kthw",
                "controller-manager",
                "NoExecute",
            ]));
            others
        }
        _ => Vec::new(),
    }
}

/// Every way to a scalar.
pub fn scalars(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let step = |key: &String| key.replace('~', "~0").replace('/', "~1");
            members.iter().for_each(|(key, value)| scalars(value, &format!("{way}/{}", step(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| scalars(item, &format!("{way}/{at}"), found));
        }
        _ => found.push(way.to_owned()),
    }
}

/// What chooses between the ways of an edit.
pub type Choice = [Index; 4];

/// An edit, unless there is nothing to make it of. `others` are clusters that sections may come from.
pub type Edit = fn(&mut Value, &[Value], &Choice) -> Option<()>;

pub const EDITS: &[Edit] = &[
    scalar,
    scalar,
    scalar,
    host_added,
    host_removed,
    host_renamed,
    hosts_swapped,
    label,
    label,
    taint,
    flag,
    setting,
    item,
    section_added,
    section_removed,
    part_removed,
    all_labelled,
];

fn scalar(spec: &mut Value, _: &[Value], [at, other, ..]: &Choice) -> Option<()> {
    let mut ways = Vec::new();
    scalars(spec, "", &mut ways);
    let value = spec.pointer_mut(some(&ways, at)?)?;
    let others = others(value);
    *value = some(&others, other)?.clone();
    Some(())
}

fn some<'v, T>(values: &'v [T], at: &Index) -> Option<&'v T> {
    (!values.is_empty()).then(|| at.get(values))
}

fn hosts(spec: &mut Value) -> Option<&mut Vec<Value>> {
    spec.get_mut("hosts")?.as_array_mut()
}

fn a_host<'v>(spec: &'v mut Value, at: &Index) -> Option<&'v mut Map<String, Value>> {
    let hosts = hosts(spec)?;
    let at = at.index(hosts.len().max(1));
    hosts.get_mut(at)?.as_object_mut()
}

fn host_added(spec: &mut Value, _: &[Value], [like, place, number, _]: &Choice) -> Option<()> {
    let number = 60 + number.index(40);
    let mut host = a_host(spec, like)?.clone();
    let address = host.get("address")?.as_str()?.rsplit_once('.')?.0.to_owned();
    host.insert("name".to_owned(), format!("new-{number}").into());
    host.insert("address".to_owned(), format!("{address}.{number}").into());
    host.remove("podCIDR");
    let hosts = hosts(spec)?;
    hosts.insert(place.index(hosts.len() + 1), host.into());
    Some(())
}

fn host_removed(spec: &mut Value, _: &[Value], [at, ..]: &Choice) -> Option<()> {
    let hosts = hosts(spec)?;
    let at = at.index(hosts.len().max(1));
    (at < hosts.len()).then(|| _ = hosts.remove(at))
}

fn host_renamed(spec: &mut Value, _: &[Value], [at, ..]: &Choice) -> Option<()> {
    let host = a_host(spec, at)?;
    let name = format!("{}-x", host.get("name")?.as_str()?);
    host.insert("name".to_owned(), name.into());
    Some(())
}

fn hosts_swapped(spec: &mut Value, _: &[Value], [one, other, ..]: &Choice) -> Option<()> {
    let hosts = hosts(spec)?;
    let len = hosts.len().max(1);
    hosts.swap(one.index(len), other.index(len));
    Some(())
}

fn member<'v>(holder: &'v mut Map<String, Value>, name: &str, or: Value) -> &'v mut Value {
    holder.entry(name).or_insert(or)
}

fn label(spec: &mut Value, _: &[Value], [at, key, value, _]: &Choice) -> Option<()> {
    let labels = member(a_host(spec, at)?, "labels", json!({})).as_object_mut()?;
    let key = format!("example.org/{}", key.get(&["a", "b"]));
    match value.index(4) {
        0 => _ = labels.remove(&key)?,
        value => _ = labels.insert(key, format!("v{value}").into()),
    }
    Some(())
}

/// What many hosts have alike may be an anchor.
fn all_labelled(spec: &mut Value, _: &[Value], [value, ..]: &Choice) -> Option<()> {
    for host in hosts(spec)? {
        let labels = json!({"shared": format!("s{}", value.index(50)), "also": "x"});
        host.as_object_mut()?.insert("labels".to_owned(), labels);
    }
    Some(())
}

fn taint(spec: &mut Value, _: &[Value], [at, key, ..]: &Choice) -> Option<()> {
    let taints = member(a_host(spec, at)?, "taints", json!([])).as_array_mut()?;
    taints.push(json!({"key": key.get(&["a", "b"]), "value": "x", "effect": "NoExecute"}));
    Some(())
}

fn flag(spec: &mut Value, _: &[Value], [program, name, value, _]: &Choice) -> Option<()> {
    let program = program.get(&["kubelet", "kube-apiserver", "kube-scheduler", "kube-controller-manager"]);
    let components = member(spec.as_object_mut()?, "components", json!({})).as_object_mut()?;
    let flags = member(components, program, json!({})).as_object_mut()?;
    let flags = member(flags, "flags", json!({})).as_object_mut()?;
    let name = name.get(&["v", "profiling"]);
    flags.insert((*name).to_owned(), value.get(&[json!("1"), json!("2"), Value::Null]).clone());
    Some(())
}

fn setting(spec: &mut Value, _: &[Value], [program, value, ..]: &Choice) -> Option<()> {
    let (program, name) = program.get(&[
        ("kubelet", "maxPods"),
        ("kubelet", "imageGCLowThresholdPercent"),
        ("kube-proxy", "nodePortAddresses"),
    ]);
    let components = member(spec.as_object_mut()?, "components", json!({})).as_object_mut()?;
    let config = member(components, program, json!({})).as_object_mut()?;
    let config = member(config, "config", json!({})).as_object_mut()?;
    config.insert((*name).to_owned(), (40 + value.index(5)).into());
    Some(())
}

fn item(spec: &mut Value, _: &[Value], [list, value, ..]: &Choice) -> Option<()> {
    let (section, list) =
        list.get(&[("api", "sans"), ("controlPlane", "admissionPlugins"), ("encryption", "resources")]);
    let section = member(spec.as_object_mut()?, section, json!({})).as_object_mut()?;
    let list = member(section, list, json!([])).as_array_mut()?;
    let number = value.index(3);
    if number == 0 && !list.is_empty() {
        list.pop();
    } else {
        let value = value.get(&[
            "one.example.org",
            "AlwaysPullImages",
            "configmaps",
            "two.example.org",
            "NodeRestriction",
        ]);
        list.push((*value).into());
    }
    Some(())
}

fn section_added(spec: &mut Value, others: &[Value], [from, at, part, _]: &Choice) -> Option<()> {
    let from = some(others, from)?.as_object()?;
    let keys: Vec<&String> = from.keys().filter(|key| *key != "hosts").collect();
    let key = some(&keys, at)?;
    let (spec, section) = (spec.as_object_mut()?, &from[*key]);
    match (spec.get_mut(*key), section) {
        (Some(Value::Object(own)), Value::Object(parts)) => {
            let parts: Vec<&String> = parts.keys().collect();
            let part = some(&parts, part)?;
            own.insert((*part).clone(), section[part.as_str()].clone());
        }
        _ => _ = spec.insert((*key).clone(), section.clone()),
    }
    Some(())
}

fn section_removed(spec: &mut Value, _: &[Value], [at, ..]: &Choice) -> Option<()> {
    let spec = spec.as_object_mut()?;
    let keys: Vec<String> = spec.keys().cloned().collect();
    spec.remove(some(&keys, at)?).map(|_| ())
}

fn part_removed(spec: &mut Value, _: &[Value], [at, part, ..]: &Choice) -> Option<()> {
    let spec = spec.as_object_mut()?;
    let sections: Vec<String> =
        spec.iter().filter(|(_, value)| value.is_object()).map(|(key, _)| key.clone()).collect();
    let section = spec.get_mut(some(&sections, at)?)?.as_object_mut()?;
    let parts: Vec<String> = section.keys().cloned().collect();
    section.remove(some(&parts, part)?).map(|_| ())
}

/// A cluster as a text, in which what many hosts have alike is written once.
pub fn with_anchors(spec: &Value) -> String {
    let mut text = spec.to_string();
    let hosts = spec["hosts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut seen: Vec<String> = Vec::new();
    for labels in hosts.iter().filter_map(|host| host.get("labels")).map(Value::to_string) {
        if !seen.contains(&labels) {
            let (anchor, alias) =
                (format!("\"labels\": &l{} {labels}", seen.len()), format!("\"labels\": *l{} ", seen.len()));
            text = text.replace(&format!("\"labels\":{labels}"), &alias).replacen(&alias, &anchor, 1);
            seen.push(labels);
        }
    }
    text
}
