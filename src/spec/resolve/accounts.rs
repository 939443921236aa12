//! Users and groups of machines: who is there when cloud-init writes files.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::user_data::items;
use crate::cluster::User;
use crate::field_path::join;
use crate::spec::problem::Problem;

/// Reports owners of files whom cloud-init does not find, which leaves that file and all later ones unwritten. It makes
/// users after it has written files, but for those that are deferred.
pub fn owners(keys: &Map<String, Value>, user: &User, problems: &mut Vec<Problem>) {
    // Whoever says in which order modules run knows better.
    let is_usual = !keys.contains_key("cloud_init_modules");
    let made = made(keys, user);
    for (item, file) in items(keys, "write_files") {
        let Some(owner) = file.get("owner") else { continue };
        let path = join(&item, "owner");
        let Some(owner) = owner.as_str() else {
            let problem = Problem::error(&path, format!("{path} {owner} is not text"));
            problems.push(problem.fix("write it like root:root"));
            continue;
        };
        let is_later = file.get("defer").is_some_and(is_true);
        let names = owner.splitn(2, ':').map(str::trim);
        // These leave things as they are.
        let names = names.filter(|name| !matches!(*name, "" | "-1") && !name.eq_ignore_ascii_case("none"));
        for name in names.collect::<BTreeSet<&str>>() {
            if name.bytes().all(|b| b.is_ascii_digit()) {
                let message =
                    format!("{path} {owner} has the number {name}, and cloud-init looks for a name");
                problems.push(
                    Problem::error(&path, message).fix("write the names of user and group, like root:root"),
                );
            } else if IN_IMAGES.contains(&name) || is_later || !is_usual {
                // There, or made in time.
            } else if made.contains(name) {
                let message = format!("{path} {owner}: cloud-init writes this file before it makes {name}");
                problems.push(Problem::error(&path, message).fix("write `defer: true` beside it"));
            } else {
                let message =
                    format!("{path} {owner}: nothing here makes {name}, whom cloud-init has to find");
                let fix = "write an owner that the image has, or `defer: true` where a package makes it";
                problems.push(Problem::warning(&path, message).fix(fix));
            }
        }
    }
}

/// As cloud-init reads it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(word) => ["true", "1", "on", "yes"].contains(&word.to_lowercase().trim()),
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// Users and groups that cloud-init makes.
fn made(keys: &Map<String, Value>, user: &User) -> BTreeSet<String> {
    let mut names = BTreeSet::from([user.name.clone()]);
    names.extend(user.groups.iter().cloned());
    let mut add = |words: &str| names.extend(words.split(',').map(|word| word.trim().to_owned()));
    for (_, account) in items(keys, "users") {
        match account {
            Value::String(names) => add(names),
            account => {
                for field in ["name", "primary_group"] {
                    account.get(field).and_then(Value::as_str).into_iter().for_each(&mut add);
                }
                account.get("groups").into_iter().for_each(|groups| words(groups, &mut add));
            }
        }
    }
    keys.get("groups").into_iter().for_each(|groups| words(groups, &mut add));
    names
}

/// Names as a text with commas, a list, or the keys of a mapping.
fn words(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::String(names) => add(names),
        Value::Array(items) => items.iter().for_each(|item| words(item, add)),
        Value::Object(members) => members.keys().for_each(|name| add(name)),
        _ => {}
    }
}

/// Users and groups that Debian's and Ubuntu's images have before cloud-init runs.
const IN_IMAGES: &[&str] = &[
    "_apt",
    "_ssh",
    "adm",
    "audio",
    "backup",
    "bin",
    "cdrom",
    "crontab",
    "daemon",
    "dialout",
    "dip",
    "disk",
    "fax",
    "floppy",
    "games",
    "gnats",
    "input",
    "irc",
    "kmem",
    "kvm",
    "landscape",
    "list",
    "lp",
    "mail",
    "man",
    "messagebus",
    "netdev",
    "news",
    "nobody",
    "nogroup",
    "operator",
    "plugdev",
    "polkitd",
    "pollinate",
    "proxy",
    "render",
    "root",
    "sasl",
    "sgx",
    "shadow",
    "src",
    "ssh",
    "sshd",
    "staff",
    "sudo",
    "sync",
    "sys",
    "syslog",
    "systemd-journal",
    "systemd-network",
    "systemd-resolve",
    "systemd-timesync",
    "tape",
    "tcpdump",
    "tss",
    "tty",
    "users",
    "utmp",
    "uucp",
    "uuidd",
    "video",
    "voice",
    "www-data",
];
