//! Names: DNS names, labels of Kubernetes nodes, and words of a choice.

use crate::meant::{AMONG_MANY, did_you_mean};
use crate::redaction::redacted;
use crate::spec::problem::Problem;

/// Reports a missing or malformed RFC 1123 label.
pub fn label(path: &str, name: &str, problems: &mut Vec<Problem>) {
    if name.is_empty() {
        problems.push(missing(path, "a name such as hard-way"));
    } else if !is_label(name) {
        let dotless = name.replace('.', "-");
        problems.push(malformed(path, name, "label", &dotless));
    }
}

/// Reports a malformed RFC 1123 subdomain: labels joined by dots.
pub fn subdomain(path: &str, name: &str, problems: &mut Vec<Problem>) {
    if !is_subdomain(name) {
        problems.push(malformed(path, name, "name", name));
    }
}

/// What is written is `like` a name that would do.
fn malformed(path: &str, name: &str, what: &str, like: &str) -> Problem {
    Problem::error(path, format!("{path} {name} is not a DNS {what} (RFC 1123)")).fix(format!(
        "write {}: lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
        suggestion(like)
    ))
}

/// A well-formed name that resembles `name`; what is secret resembles none.
fn suggestion(name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.') => c,
        _ => '-',
    };
    let plain: String = name.chars().map(plain).take(63).collect();
    match plain.trim_matches(['-', '.']) {
        trimmed if is_subdomain(trimmed) && redacted(name) == name => format!("`{trimmed}`"),
        _ => "a name such as worker-1".to_owned(),
    }
}

/// A problem of a field that must be written.
pub fn missing(path: &str, example: &str) -> Problem {
    Problem::error(path, format!("{path} is missing")).fix(format!("write {example}"))
}

fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    bytes.len() <= 63 && inner(*first) && inner(*last) && bytes.iter().all(|b| inner(*b) || *b == b'-')
}

/// Whether `digest` is a whole one of the algorithm, in lower case.
pub fn is_digest(algorithm: &str, digest: &str) -> bool {
    let digits = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    digest.len() == digits && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `name` is labels joined by dots.
pub fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether `name` ends as only addresses do, and is none: nobody looks such a name up.
pub fn is_broken_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number =
        |digits: &str, is: fn(&u8) -> bool| !digits.is_empty() && digits.as_bytes().iter().all(is);
    let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| is_number(digits, u8::is_ascii_hexdigit));
    name.parse::<std::net::IpAddr>().is_err() && (is_number(last, u8::is_ascii_digit) || hexadecimal)
}

/// Whether `key` is a label or taint key: a name of at most 63 characters, perhaps after a DNS prefix and a slash.
pub fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_key_name(name),
        None => is_key_name(key),
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && is_label_value(name)
}

/// Whether `value` is the value of a label or taint.
pub fn is_label_value(value: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// The value that `word` stands for, or a problem that lists the words there are.
pub fn choose<T>(
    path: &str,
    word: &str,
    words: &[&'static str],
    from_word: fn(&str) -> Option<T>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = from_word(word);
    if value.is_none() {
        let message = match word {
            "" => format!("{path} is missing"),
            _ => format!("{path} {word} is not known"),
        };
        let fix = did_you_mean(word, words.iter().copied(), AMONG_MANY)
            .unwrap_or_else(|| format!("choose one of {}", words.join(", ")));
        problems.push(Problem::error(path, message).fix(fix));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_follow_rfc_1123() {
        let check = |name: &str, expected| assert_eq!(is_subdomain(name), expected, "{name}");
        check("worker-1", true);
        check("1", true);
        check("a.b.example.org", true);
        check("", false);
        check("Worker", false);
        check("worker_1", false);
        check("-a", false);
        check("a-", false);
        check("a..b", false);
        check(&"a".repeat(64), false);
    }

    #[test]
    fn what_help_says_to_write_is_accepted() {
        let names = ["k8s.example.org", "A.b", "-x-", "a..b", ".", "ä.ö", "under_score", "x\ny", " ", "-.-"];
        let long = ["a.".repeat(40), "b".repeat(70), "-".repeat(64) + "c", "d".repeat(62) + ".e"];
        for check in [label, subdomain] {
            for name in names.iter().copied().chain(long.iter().map(String::as_str)) {
                let told = |name: &str| {
                    let mut problems = Vec::new();
                    check("name", name, &mut problems);
                    problems.pop().and_then(|problem| problem.fix)
                };
                let Some(help) = told(name) else { continue };
                let written =
                    help.strip_prefix("write ").and_then(|rest| rest.split_once(": ")).expect("help").0;
                let written = written.strip_prefix("a name such as ").unwrap_or(written).trim_matches('`');
                assert_ne!(written, name);
                assert_eq!(told(written), None, "{name}: {help}");
            }
        }
    }

    #[test]
    fn keys_and_values_follow_the_rules_of_labels() {
        let check = |key: &str, expected| assert_eq!(is_key(key), expected, "{key}");
        check("zone", true);
        check("example.org/Zone_1", true);
        check("example.org/", false);
        check("Example.org/zone", false);
        check("a/b/c", false);
        check("", false);
        assert!(is_label_value(""));
        assert!(!is_label_value("a b"));
    }
}
