//! The user's own cloud-config: a mapping of known keys that leaves to kthw what is kthw's.

use serde_json::{Map, Value};

use super::cloud_config::{self, Shape};
use super::hosts::is_user;
use super::{accounts, paths};
use crate::cluster::User;
use crate::field_path::join;
use crate::meant::{AMONG_MANY, did_you_mean};
use crate::spec::problem::Problem;

/// What is a secret, and a seed is not.
const SECRET: &[&str] = &["chpasswd", "password", "ssh_keys"];
/// What is a secret wherever it stands: of users, repositories, subscriptions.
const SECRET_WITHIN: &[&str] = &[
    "activation_key",
    "hashed_passwd",
    "passwd",
    "password",
    "plain_text_passwd",
    "private_key",
    "token",
    "trust_password",
    "validation_cert",
];
/// What the cluster's file says elsewhere.
const DECIDED: &[(&str, &str)] = &[
    ("fqdn", "write machines.network.domain"),
    ("hostname", "write the name of the host"),
    ("manage_etc_hosts", "remove it: /etc/hosts is a file of the bundle"),
];
/// Decides the user's own cloud-config.
pub fn resolve(user_data: &Value, user: &User, problems: &mut Vec<Problem>) -> Option<Map<String, Value>> {
    let path = "machines.userData";
    let keys = match user_data {
        Value::Null => return Some(Map::new()),
        Value::Object(keys) => keys,
        _ => {
            let problem = Problem::error(path, format!("{path} is not a mapping"));
            let fix = "write cloud-config as `key: value` lines, without a line #cloud-config";
            problems.push(problem.fix(fix).discreet());
            return None;
        }
    };
    let before = problems.len();
    for (key, value) in keys {
        let path = join(path, key);
        let decided = DECIDED.iter().find(|(decided, _)| decided == key);
        let shapes = cloud_config::shapes(key);
        let problem = if is_secret(key) || holds_secret(value) {
            Some((
                format!("{path} is secret, and a seed is not"),
                "let people in by machines.user".to_owned(),
            ))
        } else if let Some((_, fix)) = decided {
            Some((format!("{path} is kthw's to say"), (*fix).to_owned()))
        } else if let Some(shapes) = shapes {
            misshapen(&path, value, shapes)
        } else {
            Some((format!("unknown key `{key}` in machines.userData"), suggestion(key)))
        };
        // What is beside a mistake may be secret too.
        problems.extend(problem.map(|(message, fix)| Problem::error(&path, message).fix(fix).discreet()));
    }
    if problems.len() == before {
        accounts(keys, user, problems);
        files(keys, problems);
        accounts::owners(keys, user, problems);
        authorities(keys, problems);
    }
    (problems.len() == before).then(|| keys.clone())
}

/// What a value is not that it should be, and what to write instead.
fn misshapen(path: &str, value: &Value, shapes: &[Shape]) -> Option<(String, String)> {
    if shapes.contains(&Shape::of(value)) {
        return None;
    }
    let nouns: Vec<&str> = shapes.iter().map(|shape| shape.noun()).collect();
    let fix = match shapes[0] {
        Shape::List => "write one `- item` for each line",
        Shape::Mapping => "write `key: value` lines below it",
        Shape::Flag => "write true or false",
        _ => "write it in quotes",
    };
    Some((format!("{path} is not {}", nouns.join(" or ")), fix.to_owned()))
}

/// The items of a list, each with its path.
pub fn items<'k>(keys: &'k Map<String, Value>, key: &str) -> impl Iterator<Item = (String, &'k Value)> {
    let path = join("machines.userData", key);
    let items = keys.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
    items.map(move |(i, item)| (format!("{path}[{i}]"), item))
}

/// Whoever logs in has one account: cloud-init would make the first that is said, and pass over the rest of the others.
fn accounts(keys: &Map<String, Value>, user: &User, problems: &mut Vec<Problem>) {
    let mut known = vec![(user.name.clone(), "machines.user".to_owned())];
    for (item, account) in items(keys, "users") {
        let mut refuse =
            |path: &str, message: String, fix: &str| problems.push(Problem::error(path, message).fix(fix));
        let (path, names) = match account {
            Value::String(names) => (item.clone(), names.split(',').map(str::trim).collect()),
            Value::Object(members) if members.contains_key("snapuser") => continue,
            Value::Object(members) => match members.get("name") {
                Some(Value::String(name)) => (join(&item, "name"), vec![name.as_str()]),
                _ => {
                    refuse(&item, format!("{item} has no name"), "write name: and what the user is called");
                    continue;
                }
            },
            _ => {
                refuse(&item, format!("{item} is no user"), "write {name: …}");
                continue;
            }
        };
        for name in names {
            match known.iter().find(|(other, _)| other == name) {
                _ if !is_user(name) => {
                    let message = format!("{path} {name:?} is not a name that a system knows");
                    refuse(&path, message, "write letters, digits, `.`, `_` and `-`");
                }
                Some((_, other)) => {
                    let message = format!("{path} {name} is the user of {other} already");
                    refuse(&path, message, "say all of a user in one place");
                }
                None => known.push((name.to_owned(), item.clone())),
            }
        }
    }
}

/// What the bundles of hosts hold, the planner compares with these paths.
fn files(keys: &Map<String, Value>, problems: &mut Vec<Problem>) {
    for (path, file) in items(keys, "write_files") {
        problems
            .extend(file.get("permissions").and_then(|mode| permissions(&join(&path, "permissions"), mode)));
        let problem = match file.get("path") {
            Some(Value::String(file)) if paths::is_absolute(file) => continue,
            Some(file) => {
                let path = join(&path, "path");
                let message = format!("{path} {file} is not the absolute path of a file");
                Problem::error(path, message)
            }
            None => Problem::error(&path, format!("{path} has no path")),
        };
        problems.push(problem.fix("write it like {path: /etc/motd, content: …}"));
    }
}

/// cloud-init takes text for octal digits and a number for itself: 644 would be the mode 1204. What it cannot read is 0644
/// to it.
fn permissions(path: &str, mode: &Value) -> Option<Problem> {
    let message = match mode {
        Value::String(text)
            if !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| matches!(b, b'0'..=b'7')) =>
        {
            return None;
        }
        Value::String(text) => match text.strip_prefix("0o") {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7')) => {
                return None;
            }
            _ => format!("{path} {text} is not a mode of octal digits"),
        },
        Value::Number(number) => match number.as_u64() {
            Some(number) => {
                format!("{path} {number} is the number, which to cloud-init is the mode {number:o}")
            }
            None => format!("{path} {number} is not a mode of octal digits"),
        },
        // As if it were not there.
        Value::Null => return None,
        _ => format!("{path} is not a mode of octal digits"),
    };
    Some(Problem::error(path, message).fix("write octal digits in quotes, such as '0644'"))
}

/// These are added to the authority that kthw has a machine trust.
fn authorities(keys: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let trusted = keys.get("ca_certs").and_then(|authorities| authorities.get("trusted"));
    let path = "machines.userData.ca_certs.trusted";
    let problem = trusted.and_then(|trusted| misshapen(path, trusted, &[Shape::List]));
    problems.extend(problem.map(|(message, fix)| Problem::error(path, message).fix(fix)));
}

/// Whether what stands below this key is a secret, and a seed is not.
pub fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// Whether something that only its owner should know is anywhere in it.
fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => ["PRIVATE KEY-----", "PrivateKey ="].iter().any(|mark| text.contains(mark)),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => {
            members.iter().any(|(key, value)| SECRET_WITHIN.contains(&&**key) || holds_secret(value))
        }
        _ => false,
    }
}

fn suggestion(key: &str) -> String {
    did_you_mean(&key.replace('-', "_"), cloud_config::names(), AMONG_MANY)
        .unwrap_or_else(|| "see cloud-init's list of modules for the keys there are".to_owned())
}
