//! The inner syntax of texts, as Kubernetes' programs read it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde_json::Value;

use crate::cluster::{Quantity, fields};

/// What is of another kind is told elsewhere.
fn of_text(value: &Value, takes: impl FnOnce(&str) -> bool) -> bool {
    value.as_str().is_none_or(takes)
}

/// Whether nothing is written, which is the program's own value, or what is taken.
fn is_empty_or(value: &Value, takes: impl FnOnce(&str) -> bool) -> bool {
    of_text(value, |text| text.is_empty() || takes(text))
}

pub fn is_ip(value: &Value) -> bool {
    is_empty_or(value, |text| text.parse::<IpAddr>().is_ok())
}

pub fn is_cidr(value: &Value) -> bool {
    of_text(value, |text| text.contains('/') && text.parse::<IpNet>().is_ok())
}

/// An address, or an address with a port.
pub fn is_ip_or_socket(value: &Value) -> bool {
    let is_socket = |text: &str| text.parse::<SocketAddr>().is_ok_and(|socket| socket.port() > 0);
    is_empty_or(value, |text| text.parse::<IpAddr>().is_ok() || is_socket(text))
}

/// An amount that is not negative.
pub fn is_amount(value: &Value) -> bool {
    of_text(value, |text| Quantity::parse(text).is_some_and(|amount| !amount.is_negative()))
}

/// An amount of something that there are only whole ones of.
pub fn is_whole_amount(value: &Value) -> bool {
    is_empty_or(value, |text| Quantity::parse(text).is_some_and(Quantity::is_whole))
}

/// What a threshold of eviction is: a percentage, or an amount above nothing.
pub fn is_threshold(value: &Value) -> bool {
    of_text(value, |text| match percentage(text) {
        Some(percentage) => percentage.is_some_and(|percentage| (0.0..=100.0).contains(&percentage)),
        None => Quantity::parse(text).is_some_and(|amount| amount > Quantity::ZERO),
    })
}

/// A percentage above nothing, or an amount.
pub fn is_reclaim(value: &Value) -> bool {
    of_text(value, |text| match percentage(text) {
        Some(percentage) => percentage.is_some_and(|percentage| percentage > 0.0),
        None => is_amount(value),
    })
}

/// The number of a percentage, if there is one; `None` where it is none.
fn percentage(text: &str) -> Option<Option<f32>> {
    text.ends_with('%').then(|| text.trim_end_matches('%').parse().ok())
}

/// `50%`
pub fn is_whole_percentage(value: &Value) -> bool {
    let number = |text: &str| text.trim_end_matches('%').parse::<i64>().ok();
    of_text(value, |text| {
        text.ends_with('%') && number(text).is_some_and(|number| (0..=100).contains(&number))
    })
}

/// A Go duration that is not negative.
pub fn is_time(value: &Value) -> bool {
    of_text(value, |text| fields::nanoseconds(text).is_some_and(|time| time >= 0))
}

/// The socket of a runtime of containers, by its absolute path.
pub fn is_unix_socket(value: &Value) -> bool {
    is_empty_or(value, |text| {
        let path = text.strip_prefix("unix://").unwrap_or(text);
        path.starts_with('/') && !path.contains(['%', ' ', '?', '#'])
    })
}

/// Numbers and ranges, such as `0-3,8`: how many they are.
pub fn cpus(text: &str) -> Option<usize> {
    let mut known = std::collections::BTreeSet::new();
    for range in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        if first > last {
            return None;
        }
        known.extend(first..=last);
    }
    Some(known.len())
}

pub fn is_cpus(value: &Value) -> bool {
    of_text(value, |text| cpus(text).is_some())
}

/// An absolute path without detours, in ASCII.
pub fn is_clean_path(value: &Value) -> bool {
    let is_plain = |step: &str| !["", ".", ".."].contains(&step);
    is_empty_or(value, |text| {
        let steps = text.strip_prefix('/');
        steps.is_some_and(|steps| steps.is_empty() || steps.split('/').all(is_plain)) && text.is_ascii()
    })
}

/// A sysctl that the kernel keeps for each namespace, or a pattern of them that ends in `*`.
pub fn is_sysctl_pattern(value: &Value) -> bool {
    of_text(value, |text| {
        let (body, is_pattern) = match text.strip_suffix('*') {
            Some(body) => (body, true),
            None => (text, false),
        };
        let segments: Vec<&str> = body.split(['.', '/']).collect();
        let (last, before) = segments.split_last().unwrap_or((&"", &[]));
        let is_sound = before.iter().all(|segment| is_segment(segment))
            && match is_pattern {
                true => last.is_empty() || last.starts_with(is_alphanumeric) && last.chars().all(is_inner),
                false => is_segment(last),
            };
        text.len() <= 253 && is_sound && is_namespaced(&normal(body))
    })
}

/// A sysctl's name, however it is parted.
pub fn is_sysctl(name: &str) -> bool {
    name.len() <= 253 && name.split(['.', '/']).all(is_segment) && is_namespaced(&normal(name))
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_inner(c: char) -> bool {
    is_alphanumeric(c) || c == '-' || c == '_'
}

fn is_segment(segment: &str) -> bool {
    segment.starts_with(is_alphanumeric)
        && segment.ends_with(is_alphanumeric)
        && segment.chars().all(is_inner)
}

/// The name with dots between its parts: where slashes part it, dots are slashes.
pub fn normal(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name[at..].starts_with('/') => {
            let swap = |c| match c {
                '.' => '/',
                '/' => '.',
                c => c,
            };
            name.chars().map(swap).collect()
        }
        _ => name.to_owned(),
    }
}

/// `pkg/util/sysctl` of component-helpers.
fn is_namespaced(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "kernel.sem",
        "kernel.shm",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
        "kernel.msg",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
    ];
    NAMES.contains(&name) || name.starts_with("net.") || name.starts_with("fs.mqueue.")
}

/// An image without tag and digest, or a prefix that ends in `/*`.
pub fn is_image_pattern(value: &Value) -> bool {
    of_text(value, |text| match text.strip_suffix("/*") {
        Some(prefix) => !prefix.is_empty() && !prefix.contains('*') && text == text.trim(),
        None => {
            let (host, path) = match text.split_once('/') {
                Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
                _ => ("", text),
            };
            let is_host = host.is_empty()
                || host.split_once(':').map_or(host, |(name, _)| name).split('.').all(|label| {
                    !label.is_empty()
                        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                });
            let is_port = host
                .split_once(':')
                .is_none_or(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
            let is_part = |part: &str| {
                part.starts_with(is_alphanumeric)
                    && part.ends_with(is_alphanumeric)
                    && part.chars().all(|c| is_inner(c) || c == '.')
                    && !["..", "___", "._", "_.", ".-", "-.", "_-", "-_"].iter().any(|odd| part.contains(odd))
            };
            is_host && is_port && path.split('/').all(is_part)
        }
    })
}

/// Where traces are sent: a name with a port, or a URL of these schemes.
pub fn is_tracing_endpoint(value: &Value) -> bool {
    of_text(value, |text| match text.split_once("//") {
        Some((scheme, _)) => ["dns:", "unix:", "unix-abstract:"].contains(&scheme),
        None => {
            let (host, port) =
                text.split_once('/').map_or(text, |(host, _)| host).rsplit_once(':').unwrap_or((text, ""));
            port.bytes().all(|b| b.is_ascii_digit()) && !host.contains([' ', '%'])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_as_programs_take_them() {
        let check = |takes: fn(&Value) -> bool, good: &[&str], bad: &[&str]| {
            for text in good {
                assert!(takes(&Value::from(*text)), "{text}");
            }
            for text in bad {
                assert!(!takes(&Value::from(*text)), "{text}");
            }
        };
        check(
            is_ip_or_socket,
            &["", "10.0.0.1", "10.0.0.1:80", "::", "[::1]:80"],
            &[":80", "a:80", "10.0.0.1:0", "10.0.0.1:65536"],
        );
        check(is_cidr, &["10.0.0.1/8", "fd00::/64"], &["10.0.0.0", "10.0.0.0/33", "primary"]);
        check(
            is_sysctl_pattern,
            &["net.*", "net/core/*", "kernel.shm*", "fs.mqueue.a"],
            &["*", "net*", "kernel.*", "vm.swappiness", "net.*.a", "Net.a"],
        );
        check(is_cpus, &["", "0-3,8"], &["3-1", "0,,1", "a", " 1", "-1"]);
        check(is_clean_path, &["", "/var/log/pods", "/"], &["var/log", "/var/", "/var/../log", "/v\u{e4}r"]);
        check(
            is_image_pattern,
            &["a", "a.example:5000/b/c", "example.org/*"],
            &["a:1", "A", "*/b", "a/**", "/*", "a@sha256:0", " a"],
        );
    }
}
