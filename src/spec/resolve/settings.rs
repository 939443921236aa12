//! The short sections: encryption, audit and downloads.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::names;
use crate::cluster::{Audit, Downloads, Encryption, Provider};
use crate::spec::document::{AuditSpec, DownloadsSpec, EncryptionSpec};
use crate::spec::problem::Problem;

/// Decides what is encrypted at rest.
pub fn encryption(spec: &EncryptionSpec, problems: &mut Vec<Problem>) -> Option<Encryption> {
    let path = "encryption.resources";
    if spec.resources.is_empty() {
        let problem = Problem::error(path, format!("{path} is empty"));
        problems.push(problem.fix("name at least secrets, or choose provider: identity"));
    }
    let mut seen = HashSet::new();
    for (i, resource) in spec.resources.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if !is_resource(resource) {
            let message = format!("{path} {resource} is not the name of a resource");
            problems.push(Problem::error(path, message).fix("write it like secrets or deployments.apps"));
        } else if !seen.insert(resource) {
            let message = format!("{path} {resource} is listed twice");
            problems.push(Problem::error(path, message).fix("remove one of them"));
        }
    }
    let provider =
        names::choose("encryption.provider", &spec.provider, Provider::WORDS, Provider::from_word, problems);
    Some(Encryption { provider: provider?, resources: spec.resources.clone() })
}

/// Whether the API server could know the resource: `secrets`, `deployments.apps`, `*.apps`, `*.*`.
fn is_resource(resource: &str) -> bool {
    let (name, group) = resource.split_once('.').unwrap_or((resource, "*"));
    let is = |part: &str| part == "*" || names::is_subdomain(part);
    is(name) && is(group) && resource != "*"
}

/// Decides the audit log.
pub fn audit(spec: &AuditSpec, problems: &mut Vec<Problem>) -> Option<Audit> {
    let policy = match &spec.policy {
        Value::Null => None,
        policy => Some(audit_policy(policy, problems)?),
    };
    Some(Audit { policy, max_age: spec.max_age, max_backup: spec.max_backup, max_size: spec.max_size })
}

fn audit_policy(policy: &Value, problems: &mut Vec<Problem>) -> Option<Map<String, Value>> {
    let path = "audit.policy";
    if !policy.get("rules").is_some_and(Value::is_array) {
        problems.push(
            Problem::error(path, format!("{path} has no list of rules"))
                .fix("write rules: [{level: Metadata}], or remove audit.policy for kthw's own"),
        );
        return None;
    }
    for (field, expected) in [("apiVersion", "audit.k8s.io/v1"), ("kind", "Policy")] {
        if policy.get(field).is_some_and(|value| value != expected) {
            let path = format!("{path}.{field}");
            let message = format!("{path} is not {expected}");
            problems.push(Problem::error(path, message).fix(format!("write {field}: {expected}")));
        }
    }
    for (i, rule) in policy["rules"].as_array().into_iter().flatten().enumerate() {
        audit_rule(&format!("{path}.rules[{i}]"), rule, problems);
    }
    policy.as_object().cloned()
}

/// What the API server would refuse of a rule.
fn audit_rule(path: &str, rule: &Value, problems: &mut Vec<Problem>) {
    const LEVELS: [&str; 4] = ["None", "Metadata", "Request", "RequestResponse"];
    const FIELDS: [&str; 9] = [
        "level",
        "namespaces",
        "nonResourceURLs",
        "omitManagedFields",
        "omitStages",
        "resources",
        "userGroups",
        "users",
        "verbs",
    ];
    let level = rule.get("level").and_then(Value::as_str).unwrap_or_default();
    names::choose(
        &format!("{path}.level"),
        level,
        &LEVELS,
        |word| LEVELS.contains(&word).then_some(()),
        problems,
    );
    if let Some(members) = rule.as_object() {
        names::refuse_unknown(path, members, &FIELDS, problems);
    }
    if rule.get("resources").is_some() && rule.get("nonResourceURLs").is_some() {
        problems.push(
            Problem::error(path, format!("{path} is about resources and about nonResourceURLs"))
                .fix("make two rules of it"),
        );
    }
}

/// Decides the mirrors.
pub fn downloads(spec: &DownloadsSpec, problems: &mut Vec<Problem>) -> Downloads {
    for (i, mirror) in spec.mirrors.iter().enumerate() {
        if !is_mirror(mirror) {
            let path = format!("downloads.mirrors[{i}]");
            let message = format!("{path} {mirror} is not an http, https or file URL");
            problems.push(
                Problem::error(path, message)
                    .fix("write it like https://mirror.example.org or file:///srv/mirror"),
            );
        } else if mirror.contains('#') || (mirror.starts_with("file://") && mirror.contains('?')) {
            let path = format!("downloads.mirrors[{i}]");
            let message = format!("{path} has a part that names no place: files are below a path");
            problems.push(
                Problem::error(path, message)
                    .fix("leave out what follows `#`, and for a folder `?`; a path spells them %23 and %3F"),
            );
        }
    }
    Downloads { mirrors: spec.mirrors.clone() }
}

fn is_mirror(url: &str) -> bool {
    let rest = |scheme: &str| url.strip_prefix(scheme).unwrap_or("");
    let is_web = |rest: &str| !rest.is_empty() && !rest.starts_with('/');
    let is_plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    is_plain && (is_web(rest("http://")) || is_web(rest("https://")) || rest("file://").starts_with('/'))
}
