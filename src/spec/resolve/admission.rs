//! What admission plugins check of their configurations beyond fields.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::names;
use crate::spec::problem::Problem;

/// Plugins that do not start without a configuration.
const CONFIGURED: &[(&str, &str)] =
    &[("ImagePolicyWebhook", "imagePolicy: {kubeConfigFile: …, allowTTL: 50, denyTTL: 50}")];

/// Reports plugins that are on and lack what they need.
pub fn unconfigured<'c>(
    plugins: &[String],
    configured: impl Fn(&str) -> bool + 'c,
    problems: &mut Vec<Problem>,
) {
    for (i, plugin) in plugins.iter().enumerate() {
        let Some((name, config)) = CONFIGURED.iter().find(|(name, _)| name == plugin) else { continue };
        if !configured(name) {
            let path = format!("controlPlane.admissionPlugins[{i}]");
            let message = format!("{path} {plugin} does not start without a configuration");
            let fix = format!("add controlPlane.admissionConfig: {{{plugin}: {{{config}}}}}");
            problems.push(Problem::error(path, message).fix(fix));
        }
    }
}

/// Reports what a plugin would refuse of its configuration.
pub fn check(plugin: &str, path: &str, config: &Map<String, Value>, problems: &mut Vec<Problem>) {
    match plugin {
        "PodSecurity" => pod_security(path, config, problems),
        "EventRateLimit" => event_rate_limit(path, config, problems),
        "ImagePolicyWebhook" => image_policy(path, config, problems),
        "ResourceQuota" => {
            for (i, limited) in list(config.get("limitedResources")).iter().enumerate() {
                let is_named =
                    limited.get("resource").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
                if !is_named {
                    let path = format!("{path}.limitedResources[{i}].resource");
                    problems.push(
                        Problem::error(&path, format!("{path} is missing")).fix("name it, such as pods"),
                    );
                }
            }
        }
        "PodTolerationRestriction" => {
            for field in ["default", "whitelist"] {
                for (i, toleration) in list(config.get(field)).iter().enumerate() {
                    tolerated(&format!("{path}.{field}[{i}]"), toleration, problems);
                }
            }
        }
        _ => {}
    }
}

/// What of a taint is tolerated, and for how long.
fn tolerated(path: &str, toleration: &Value, problems: &mut Vec<Problem>) {
    let text = |field: &str| toleration.get(field).and_then(Value::as_str).unwrap_or_default();
    let (key, operator, effect) = (text("key"), text("operator"), text("effect"));
    let is_timed = toleration.get("tolerationSeconds").is_some_and(Value::is_number);
    let wrong = if key.is_empty() && operator != "Exists" {
        "has no key, which only `operator: Exists` goes without"
    } else if operator == "Exists" && !text("value").is_empty() {
        "has a value beside `operator: Exists`"
    } else if !["", "Equal", "Exists"].contains(&operator) {
        "has an operator that is neither Equal nor Exists"
    } else if !["", "NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        "has an effect that is none of NoSchedule, PreferNoSchedule and NoExecute"
    } else if is_timed && effect != "NoExecute" {
        "has tolerationSeconds without `effect: NoExecute`"
    } else if !key.is_empty() && !is_label_key(key) {
        "has a key that no taint has"
    } else {
        return;
    };
    problems.push(
        Problem::error(path, format!("{path} {wrong}"))
            .fix("write it like {key: dedicated, operator: Exists}"),
    );
}

/// A name, perhaps below a domain.
fn is_label_key(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    let is_end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    domain.is_none_or(names::is_subdomain)
        && bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn pod_security(path: &str, config: &Map<String, Value>, problems: &mut Vec<Problem>) {
    for mode in ["enforce", "audit", "warn"] {
        let field = format!("{mode}-version");
        let version =
            config.get("defaults").and_then(|defaults| defaults.get(&field)).and_then(Value::as_str);
        if let Some(version) = version.filter(|version| !is_policy_version(version)) {
            let path = format!("{path}.defaults.{field}");
            problems.push(
                Problem::error(&path, format!("{path} {version} is no version of the policies"))
                    .fix("write latest, or a minor such as v1.36"),
            );
        }
    }
    let is_label = |text: &str| text.len() <= 63 && !text.contains('.') && names::is_subdomain(text);
    exemptions(path, config, "namespaces", "the name of a namespace", is_label, problems);
    exemptions(path, config, "runtimeClasses", "the name of a runtime class", names::is_subdomain, problems);
    exemptions(path, config, "usernames", "the name of a user", |text| !text.is_empty(), problems);
}

fn is_policy_version(text: &str) -> bool {
    let is_number = |digits: &str| {
        let is_plain = digits == "0" || !digits.starts_with('0');
        is_plain && digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<i64>().is_ok()
    };
    // What is empty is latest.
    ["", "latest"].contains(&text) || text.strip_prefix("v1.").is_some_and(is_number)
}

fn exemptions(
    path: &str,
    config: &Map<String, Value>,
    field: &str,
    what: &str,
    fits: impl Fn(&str) -> bool,
    problems: &mut Vec<Problem>,
) {
    let mut seen = HashSet::new();
    let exempt = list(config.get("exemptions").and_then(|exemptions| exemptions.get(field)));
    for (i, name) in exempt.iter().enumerate().filter_map(|(i, name)| Some((i, name.as_str()?))) {
        let path = format!("{path}.exemptions.{field}[{i}]");
        if !fits(name) {
            problems.push(
                Problem::error(&path, format!("{path} {name} is not {what}"))
                    .fix("write a name, or remove it"),
            );
        } else if !seen.insert(name) {
            problems.push(
                Problem::error(&path, format!("{path} {name} is there twice")).fix("remove one of them"),
            );
        }
    }
}

fn event_rate_limit(path: &str, config: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let limits = list(config.get("limits"));
    if limits.is_empty() {
        let path = format!("{path}.limits");
        problems.push(
            Problem::error(&path, format!("{path} is empty"))
                .fix("write [{type: Namespace, qps: 50, burst: 100}]"),
        );
    }
    for (i, limit) in limits.iter().enumerate().filter(|(_, limit)| limit.is_object()) {
        for field in
            ["type", "qps", "burst"].iter().filter(|field| limit.get(**field).is_none_or(Value::is_null))
        {
            let path = format!("{path}.limits[{i}].{field}");
            problems.push(
                Problem::error(&path, format!("{path} is missing"))
                    .fix("write {type: Namespace, qps: 50, burst: 100}"),
            );
        }
    }
}

/// Of its times -1 is never and 0 what is usual.
fn image_policy(path: &str, config: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let Some(policy) = config.get("imagePolicy") else { return };
    let path = format!("{path}.imagePolicy");
    for (field, most) in [("allowTTL", 1800), ("denyTTL", 1800), ("retryBackoff", 300_000)] {
        let number = policy.get(field).and_then(Value::as_i64);
        if let Some(number) = number.filter(|number| !(-1..=most).contains(number)) {
            let path = format!("{path}.{field}");
            problems.push(
                Problem::error(&path, format!("{path} {number} is not taken"))
                    .fix(format!("write a whole number from 1 to {most}, 0 for the usual, or -1 for none")),
            );
        }
    }
    if policy.get("kubeConfigFile").and_then(Value::as_str).is_none_or(str::is_empty) {
        let path = format!("{path}.kubeConfigFile");
        problems.push(
            Problem::error(&path, format!("{path} is missing"))
                .fix("name a kubeconfig that leads to the webhook"),
        );
    }
}
