//! The short sections: audit and downloads.

use semver::Version;
use serde_json::{Map, Value};

use super::documents::Document;
use super::names;
use crate::cluster::{Audit, Downloads, fields};
use crate::spec::document::{AuditSpec, DownloadsSpec};
use crate::spec::problem::Problem;

/// Decides the audit log.
pub fn audit(spec: &AuditSpec, kubernetes: Option<&Version>, problems: &mut Vec<Problem>) -> Option<Audit> {
    let policy = match &spec.policy {
        Value::Null => None,
        policy => Some(audit_policy(policy, kubernetes, problems)?),
    };
    Some(Audit { policy, max_age: spec.max_age, max_backup: spec.max_backup, max_size: spec.max_size })
}

fn audit_policy(
    policy: &Value,
    kubernetes: Option<&Version>,
    problems: &mut Vec<Problem>,
) -> Option<Map<String, Value>> {
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
    let policy = policy.as_object()?;
    Document { name: "Policy", program: "Kubernetes", version: &fields::nearest(kubernetes) }
        .mapping(path, policy, problems);
    Some(policy.clone())
}

/// What the API server would refuse of a rule beside its fields.
fn audit_rule(path: &str, rule: &Value, problems: &mut Vec<Problem>) {
    if rule.is_object() && rule.get("level").is_none_or(Value::is_null) {
        let problem = Problem::error(format!("{path}.level"), format!("{path}.level is missing"));
        problems.push(problem.fix("choose one of None, Metadata, Request, RequestResponse"));
    }
    let list = |field: &str| rule.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (urls, resources) = (list("nonResourceURLs"), list("resources"));
    let is_about_resources = !resources.is_empty() || !list("namespaces").is_empty();
    if is_about_resources && !urls.is_empty() {
        problems.push(
            Problem::error(
                path,
                format!("{path} is about resources or namespaces, and about nonResourceURLs"),
            )
            .fix("make two rules of it"),
        );
    }
    for (i, url) in urls.iter().enumerate().filter_map(|(i, url)| Some((i, url.as_str()?))) {
        let path = format!("{path}.nonResourceURLs[{i}]");
        if url != "*" && !url.starts_with('/') {
            let problem = Problem::error(&path, format!("{path} {url} does not begin with a slash"));
            problems.push(problem.fix(format!("write /{url}")));
        } else if url.trim_end_matches('*').contains('*') || url.ends_with("**") {
            let problem = Problem::error(&path, format!("{path} {url} has a `*` before its end"));
            problems.push(problem.fix("write one `*`, as the last character"));
        }
    }
    for (i, resource) in resources.iter().enumerate() {
        let path = format!("{path}.resources[{i}]");
        let group = resource.get("group").and_then(Value::as_str).unwrap_or_default();
        if !["", "*"].contains(&group) && !names::is_subdomain(group) {
            let path = format!("{path}.group");
            let fix = match group.split_once('/') {
                Some((group, _)) => format!("write the group without its version: {group}"),
                None => "write it like apps or rbac.authorization.k8s.io".to_owned(),
            };
            problems
                .push(Problem::error(&path, format!("{path} {group} is not a group of the API")).fix(fix));
        }
        let is_filled =
            |field: &str| resource.get(field).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        if is_filled("resourceNames") && !is_filled("resources") {
            let problem = Problem::error(&path, format!("{path} has resourceNames and no resources"));
            problems.push(problem.fix("add resources: [KIND], in the plural, such as secrets"));
        }
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
