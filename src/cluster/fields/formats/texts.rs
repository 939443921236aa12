//! Texts as programs read them.

use std::net::IpAddr;

use semver::Version;

use crate::cluster::{duration, resources};

/// Whether it is a whole number from and to these, and with them.
pub fn within(text: &str, from: i64, to: i64) -> bool {
    text.parse().is_ok_and(|number: i64| (from..=to).contains(&number))
}

pub fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

pub fn is_above_zero(text: &str) -> bool {
    duration::parse(text).is_some_and(|duration| !duration.is_zero())
}

/// `PATTERN=LEVEL`, parted by commas; empty parts are passed over.
pub fn is_vmodule(text: &str) -> bool {
    let is_pattern = |part: &str| {
        part.split_once('=').is_some_and(|(pattern, level)| {
            let is_level = level.bytes().all(|b| b.is_ascii_digit()) && level.parse::<i32>().is_ok();
            !pattern.is_empty() && is_level
        })
    };
    text.split(',').filter(|part| !part.is_empty()).all(is_pattern)
}

pub fn is_metric(text: &str) -> bool {
    is_name(text, |b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
}

/// A name of such bytes that does not begin with a digit.
fn is_name(text: &str, may: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(may) && !text.as_bytes()[0].is_ascii_digit()
}

/// Pairs within one line of CSV, whose keys are a metric and a label.
pub fn are_metric_labels(text: &str) -> bool {
    let is_label = |label: &str| is_name(label, |b| b.is_ascii_alphanumeric() || b == b'_');
    let is_pair = |pair: &String| {
        pair.split_once('=')
            .and_then(|(key, _)| key.split_once(','))
            .is_some_and(|(metric, label)| is_metric(metric) && is_label(label))
    };
    match text.matches('=').count() {
        0 => false,
        // One pair may go without quotes.
        1 => is_pair(&text.trim_matches('"').to_owned()),
        _ => csv(text).is_some_and(|pairs| pairs.iter().all(is_pair)),
    }
}

/// The fields of one line of CSV.
fn csv(text: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let end = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut field = String::new();
                let mut left = quoted;
                loop {
                    let (part, after) = left.split_once('"')?;
                    field.push_str(part);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            field.push('"');
                            left = more;
                        }
                        None => {
                            left = after;
                            break;
                        }
                    }
                }
                fields.push(field);
                left
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (field, after) = rest.split_at(end);
                if field.contains('"') {
                    return None;
                }
                fields.push(field.to_owned());
                after
            }
        };
        match end.strip_prefix(',') {
            Some(more) => rest = more,
            None => return end.is_empty().then_some(fields),
        }
    }
}

/// An amount of bytes that is no fraction of one.
pub fn is_buffer(text: &str) -> bool {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    digits > 0
        && ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].contains(&&text[digits..])
}

/// A version that this one can pass itself off as: with its component, or without one.
pub fn is_earlier(text: &str, version: &Version) -> bool {
    let number = match text.split_once('=') {
        Some(("kube", number)) => number,
        Some(_) => return false,
        None => text,
    };
    let number = number.strip_prefix('v').unwrap_or(number);
    let parts: Option<Vec<u64>> = number.split('.').map(|part| part.parse().ok()).collect();
    parts.is_some_and(|parts| {
        matches!(parts[..], [major, minor] | [major, minor, _]
            if major == version.major && minor <= version.minor && minor + 3 >= version.minor)
    })
}

/// A certificate and its key, and what they are for.
pub fn is_named_key(text: &str) -> bool {
    let files = text.split_once(':').map_or(text, |(files, _)| files);
    files.split(',').filter(|file| !file.trim().is_empty()).count() == 2 && files.matches(',').count() == 1
}

/// `LOW-HIGH`, `LOW+MORE` or one port.
pub fn is_port_range(text: &str) -> bool {
    text.trim().is_empty() || port_range(text).is_some()
}

/// The first and the last port of a range.
pub fn port_range(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    let (low, high) = match (text.split_once('-'), text.split_once('+')) {
        (Some(_), Some(_)) => return None,
        (Some((low, high)), None) => (low.parse().ok()?, high.parse().ok()?),
        (None, Some((low, more))) => {
            let (low, more): (i64, i64) = (low.parse().ok()?, more.parse().ok()?);
            (low, low.checked_add(more)?)
        }
        (None, None) => {
            let port: i64 = text.parse().ok()?;
            (port, port)
        }
    };
    (low <= high && high <= 65535).then_some((low, high))
}

/// From an hour to 2^32 seconds, or as long as anybody asks for.
pub fn is_token_lifetime(text: &str) -> bool {
    let range = 3600..=1 << 32;
    duration::parse(text).is_some_and(|lifetime| {
        let is_whole_end = lifetime.as_secs() < 1 << 32 || lifetime.subsec_nanos() == 0;
        lifetime.is_zero() || range.contains(&lifetime.as_secs()) && is_whole_end
    })
}

/// The parts of a URL that programs look at.
#[derive(Debug, PartialEq, Eq)]
pub struct Url<'t> {
    pub scheme: String,
    /// Host and port.
    pub host: &'t str,
    pub has_user: bool,
    pub has_query: bool,
    pub has_fragment: bool,
}

/// Reads a URL as Go does; `None` where Go reads none.
pub fn url(text: &str) -> Option<Url<'_>> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return None;
    }
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let is_scheme = |scheme: &str| {
        scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let (scheme, rest) = match text.split_once(':') {
        Some(("", _)) => return None,
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        // A colon in the first step of a path is taken for the end of a scheme.
        Some((first, _)) if !first.contains('/') => return None,
        _ => (String::new(), text),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let is_user =
        |user: &str| user.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b));
    let good = user.is_none_or(is_user) && is_host(host) && is_escaped(path) && is_escaped(fragment);
    good.then(|| Url {
        scheme,
        host,
        has_user: user.is_some(),
        has_query: !query.is_empty(),
        has_fragment: !fragment.is_empty(),
    })
}

/// A host, perhaps in brackets, and perhaps a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.rsplit_once(']') {
            Some((address, port)) => {
                if address.parse::<std::net::Ipv6Addr>().is_err() && !address.contains("%25") {
                    return false;
                }
                ("", port)
            }
            None => return false,
        },
        None => match host.rsplit_once(':') {
            Some((name, _)) => (name, &host[name.len()..]),
            None => (host, ""),
        },
    };
    let is_port =
        port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let may = |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"-_.~!$&'()*+,;=\"<>%".contains(&b);
    is_port && name.bytes().all(may) && (!name.contains('%') || is_escaped_byte(name))
}

/// Of a host only bytes beyond ASCII may be escaped.
fn is_escaped_byte(name: &str) -> bool {
    is_escaped(name) && name.match_indices('%').all(|(at, _)| name.as_bytes()[at + 1] >= b'8')
}

fn is_escaped(text: &str) -> bool {
    text.match_indices('%').all(|(at, _)| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Where an issuer of tokens is.
pub fn is_issuer(text: &str) -> bool {
    text.is_empty()
        || url(text)
            .is_some_and(|url| url.scheme == "https" && !url.has_user && !url.has_query && !url.has_fragment)
}

/// A regular expression that says where the host of an origin begins and ends.
pub fn is_origin(text: &str) -> bool {
    // Only Go's own spellings of these, which no other reader knows.
    let is_regex = text.contains(r"\Q") || text.contains(r"\C") || regex_syntax::parse(text).is_ok();
    is_regex
        && ["^", "//"].iter().any(|start| text.contains(start))
        && ["$", ":"].iter().any(|end| text.contains(end))
}

pub fn is_cache_size(text: &str) -> bool {
    let parts: Vec<_> = text.split('#').collect();
    matches!(parts[..], [_, size] if size.parse().is_ok_and(|size: i64| size >= 0))
}

pub fn is_override(text: &str) -> bool {
    let parts: Vec<_> = text.split('#').collect();
    matches!(parts[..], [resource, servers]
        if resource.matches('/').count() == 1 && servers.split(';').all(|server| !server.is_empty()))
}

pub fn is_hsts(text: &str) -> bool {
    let parts: Vec<_> = text.split('=').collect();
    ["includeSubDomains", "preload"].contains(&text) || matches!(parts[..], ["max-age", _])
}

/// What `strconv.ParseBool` of Go reads.
const BOOLEANS: &[&str] = &["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

pub fn is_runtime_config(text: &str) -> bool {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    let (key, value) = (key.trim(), value.trim());
    let steps: Vec<_> = key.split('/').collect();
    match key {
        "" => text.is_empty(),
        "api/all" | "api/ga" | "api/beta" | "api/alpha" => ["true", "false"].contains(&value),
        "api/legacy" => true,
        "v1" => value.is_empty() || BOOLEANS.contains(&value),
        _ => {
            let is_resource = |step: &&str| !step.bytes().any(|b| b.is_ascii_uppercase());
            let is_version = |step: &str| {
                step.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            };
            matches!(steps.len(), 2 | 3)
                && (steps[0] == "api" || resources::is_group(steps[0]))
                && is_version(steps[1])
                && steps.get(2).is_none_or(is_resource)
                && (value.is_empty() || BOOLEANS.contains(&value))
        }
    }
}

/// Those of Go that are not of TLS 1.3, where none can be chosen.
pub fn is_suite_of_etcd(text: &str) -> bool {
    const SUITES: &[&str] = &[
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
        "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_RSA_WITH_RC4_128_SHA",
    ];
    SUITES.contains(&text)
}

/// `simple`, or `jwt` with at least the way it is signed.
pub fn is_token_spec(text: &str) -> bool {
    const METHODS: &[&str] = &[
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384",
        "HS512", "EdDSA",
    ];
    let (kind, settings) = text.split_once(',').unwrap_or((text, ""));
    let setting =
        |name: &str| settings.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    match kind {
        "" | "simple" => {
            settings.is_empty() || settings.split(',').all(|pair| pair.matches('=').count() == 1)
        }
        "jwt" => {
            let good = settings.split(',').all(|pair| pair.matches('=').count() == 1);
            let is_method = setting("sign-method").is_some_and(|method| METHODS.contains(&method));
            let has_key = setting("pub-key").or(setting("priv-key")).is_some();
            good && is_method && has_key && setting("ttl").is_none_or(|ttl| duration::parse(ttl).is_some())
        }
        _ => false,
    }
}

/// A gate of this etcd, open or closed.
pub fn is_gate_of_etcd(text: &str, version: &Version) -> bool {
    const GATES: &[(&str, u64)] = &[
        ("AllAlpha", 6),
        ("AllBeta", 6),
        ("CompactHashCheck", 6),
        ("FastLeaseKeepAlive", 7),
        ("InitialCorruptCheck", 6),
        ("LeaseCheckpoint", 6),
        ("LeaseCheckpointPersist", 6),
        ("PriorityRequest", 7),
        ("SetMemberLocalAddr", 6),
        ("StopGRPCServiceOnDefrag", 6),
        ("TxnModeWriteWithSharedBuffer", 6),
    ];
    text.split_once('=').is_some_and(|(name, value)| {
        let is_known = GATES.iter().any(|(gate, since)| *gate == name.trim() && *since <= version.minor);
        is_known && BOOLEANS.contains(&value.trim())
    })
}

/// Where a member of etcd listens: an address of its own, never a name but `localhost`.
pub fn is_listener(text: &str) -> bool {
    text.starts_with("unix://")
        || text.starts_with("unixs://")
        || listener(text).is_some_and(|host| host == "localhost" || is_address(host))
}

/// The same with any name.
pub fn is_listener_of_any_name(text: &str) -> bool {
    listener(text).is_some()
}

/// The host of a URL that is nothing but scheme, host and port.
fn listener(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    let (host, port) = rest.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        .then(|| host.trim_start_matches('[').trim_end_matches(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fits: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(fits(text), "{text}");
        }
        for text in bad {
            assert!(!fits(text), "{text}");
        }
    }

    #[test]
    fn patterns_and_metrics() {
        check(
            is_vmodule,
            &["", "a=1", "a*=0,,b/c=9,"],
            &["a", "a=", "=1", "a=-1", "a=1=2", "a=2147483648", "a=x"],
        );
        check(is_metric, &["a", "_a:b9"], &["", "9a", "a-b", "a b"]);
        check(
            are_metric_labels,
            &["m,l=a", "m,l=a,b", "\"m,l=a,b\",\"n,k=c\""],
            &["", "m", "m=a", "m,l", "m-n,l=a", "m,l=a,n,k=b", "\"m,l=a\",\"n=b\""],
        );
    }

    #[test]
    fn ranges_of_ports() {
        check(
            is_port_range,
            &["", "1-2", "80", "80+5", " 30000-32767 ", "65535"],
            &["2-1", "1-65536", "65530+9", "a-b", "1+2-3"],
        );
        assert_eq!(port_range("30000+10"), Some((30000, 30010)));
    }

    #[test]
    fn urls_are_read_as_go_reads_them() {
        check(
            |text| url(text).is_some(),
            &[
                "https://a",
                "https://a:1/b?c#d",
                "https://[fd00::1]:1",
                "//a",
                "a/b:c",
                "https:",
                "https://u:p@a",
                "https://ä",
            ],
            &[
                ":a",
                "1a:b",
                "https://a:b",
                "https://[fd00",
                "https://a b",
                "https://a/%zz",
                "https://a\u{7f}",
                "https://%41",
            ],
        );
        check(
            is_issuer,
            &["https://a", "HTTPS://a/b"],
            &["http://a", "https://u@a", "https://a?b", "https://a#b", "a"],
        );
    }

    #[test]
    fn origins_have_both_ends() {
        check(is_origin, &["//a\\.b(:|$)", "^https://a$"], &["", "a", "^a", "a$", "^(a$"]);
    }

    #[test]
    fn pairs_and_paths() {
        check(is_cache_size, &["pods#1", "deployments.apps#0"], &["pods", "pods#", "pods#-1", "a#b#1"]);
        check(
            is_override,
            &["/events#https://a;https://b"],
            &["events#a", "/events", "/events#", "/events#a;"],
        );
        check(is_hsts, &["max-age=1", "preload"], &["", "max-age", "Preload", "max-age=1=2"]);
        check(
            is_runtime_config,
            &["", "v1=true", "api/all=false", "apps/v1=T", "apps/v1/deployments=false", "batch/v1"],
            &[
                "api/all=yes",
                "apps=true",
                "apps/v1=maybe",
                "apps/v1/Deployments=true",
                "a/b/c/d=true",
                "=true",
            ],
        );
    }

    #[test]
    fn tokens_of_etcd() {
        check(
            is_token_spec,
            &["simple", "", "jwt,pub-key=/a,sign-method=RS256", "jwt,priv-key=/a,sign-method=HS256,ttl=5m"],
            &[
                "complex",
                "jwt",
                "jwt,sign-method=RS256",
                "jwt,pub-key=/a,sign-method=RS1",
                "jwt,pub-key=/a,sign-method=RS256,ttl=5",
            ],
        );
    }
}
