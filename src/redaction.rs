//! What people wrote, as messages may repeat it: without passwords, tokens and private keys.

/// What stands for what is left out.
const ELLIPSIS: &str = "…";
/// How secrets begin that are one word, or the next one.
const BEGINNINGS: [&str; 8] = [
    "AGE-SECRET-KEY-",
    "kthw-root-v1 ",
    // PEM in base64, OpenSSH's keys, and keys in DER without PEM around them.
    "LS0tLS1CRUdJTi",
    "b3BlbnNzaC1rZXkt",
    "MIG",
    "MII",
    "MHcCAQEE",
    "MC4CAQAw",
];
/// A shorter word behind such a beginning is no secret.
const SHORTEST: usize = 24;
/// What is part of the names of fields that hold secrets, in lower case and without `-` and `_`.
const NAMES: [&str; 11] = [
    "accesskey",
    "apikey",
    "authorization",
    "credential",
    "passphrase",
    "passw",
    "privatekey",
    "pwd",
    "secret",
    "signature",
    "token",
];

/// The text without its private keys, and its URLs without users, passwords and tokens.
pub fn redacted(text: &str) -> String {
    without_parameters(&without_users(&without_words(&without_pem(text))))
}

/// Whether a line, counted from 1, had better not be quoted: it holds a secret, is part of one, or names one.
pub fn is_delicate(text: &str, line: usize) -> bool {
    // The end of the text is shown as the end of its last line.
    let line = line.min(text.lines().count());
    let mut within_key = false;
    for (number, content) in (1..).zip(text.lines()) {
        within_key |= begins_key(content);
        if number == line {
            return within_key
                || redacted(content) != content
                || names_secret(content)
                || holds_random(content);
        }
        within_key &= !content.contains("-----END ");
    }
    false
}

fn begins_key(line: &str) -> bool {
    line.find("-----BEGIN ").is_some_and(|at| line[at..].contains("PRIVATE KEY"))
}

/// Whether something in the line is called as secrets are.
fn names_secret(line: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_named = |at: usize| {
        let before = line[..at].trim_end_matches([' ', '"', '\'']);
        let name = before.rfind(|c| !is_of_name(c)).map_or(before, |end| &before[end..]);
        is_secret_name(name)
    };
    line.match_indices([':', '=']).any(|(at, _)| is_named(at)) || line.to_lowercase().contains("bearer ")
}

/// Whether some word is long and mixed as only keys and tokens are; digests in hexadecimal are not.
fn holds_random(line: &str) -> bool {
    const LONG: usize = 32;
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"+/_".contains(c));
    words.filter(|word| word.len() >= LONG).any(|word| {
        let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
    })
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    NAMES.iter().any(|secret| plain.contains(secret))
}

fn without_pem(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN ";
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let (before, block) = rest.split_at(at);
        let after = &block[BEGIN.len()..];
        let label = after.find("-----").map_or(after, |end| &after[..end]);
        if label.contains("PRIVATE KEY") {
            // To the end of the last line of the key, or of what there is of it.
            let footer = format!("-----END {label}-----");
            let end = block.find(&footer).map_or(block.len(), |end| end + footer.len());
            kept.extend([before, ELLIPSIS]);
            rest = &block[end..];
        } else {
            kept.extend([before, BEGIN]);
            rest = after;
        }
    }
    kept + rest
}

fn without_words(text: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let mut kept = String::new();
    let mut rest = text;
    while let Some((at, beginning)) =
        BEGINNINGS.iter().filter_map(|beginning| Some((rest.find(beginning)?, *beginning))).min()
    {
        let (before, after) = (&rest[..at], &rest[at + beginning.len()..]);
        let length = after.find(|c| !is_of_word(c)).unwrap_or(after.len());
        // Within a longer word it is no beginning.
        if length < SHORTEST || before.ends_with(is_of_word) {
            kept.extend([before, beginning]);
            rest = after;
        } else {
            kept.extend([before, ELLIPSIS]);
            rest = &after[length..];
        }
    }
    kept + rest
}

/// Without what stands before the `@` of URLs, and of what would be one with a scheme before it.
fn without_users(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.rfind('@') {
        kept.insert_str(0, &rest[at..]);
        rest = &rest[..at];
        let word = &rest[rest.rfind(char::is_whitespace).map_or(0, |space| space + 1)..];
        let (has_scheme, user) = match word.rfind("://") {
            Some(scheme) => (true, &word[scheme + 3..]),
            None => (false, word.trim_start_matches(['"', '\'', '`'])),
        };
        if is_user(user, has_scheme) {
            kept.remove(0);
            rest = &rest[..rest.len() - user.len()];
        }
    }
    rest.to_owned() + &kept
}

/// Whether this, before an `@`, is somebody who asks. A password that nobody encoded may hold slashes; what is
/// a host and its path has a number for a port.
fn is_user(text: &str, has_scheme: bool) -> bool {
    let password = text.split_once(':').map(|(_, password)| password);
    match text.contains(['/', '?', '#']) {
        false => has_scheme || password.is_some(),
        true => password.is_some_and(|password| {
            let port = password.split(['/', '?', '#']).next().unwrap_or_default();
            has_scheme && !port.bytes().all(|byte| byte.is_ascii_digit())
        }),
    }
}

/// Without the values of parameters that are called as secrets are.
fn without_parameters(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&']) {
        let (before, parameter) = rest.split_at(at + 1);
        kept.push_str(before);
        rest = parameter;
        let end =
            parameter.find(|c: char| c.is_whitespace() || "&#\"'`".contains(c)).unwrap_or(parameter.len());
        let Some((name, _)) = parameter[..end].split_once('=') else { continue };
        if is_secret_name(name) || ["key", "sig"].contains(&name) {
            kept.extend([name, "=", ELLIPSIS]);
            rest = &parameter[end..];
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\nabc\n-----END EC PRIVATE KEY-----";

    #[test]
    fn what_is_secret_is_left_out_and_nothing_else() {
        let check = |text: &str, expected: &str| assert_eq!(redacted(text), expected, "{text}");
        check("https://me:secret@mirror/x is gone", "https://mirror/x is gone");
        check("https://TOKEN@mirror/x, http://a:b@c", "https://mirror/x, http://c");
        check("`me:secret@mirror/x`", "`mirror/x`");
        check("https://me:p@ss/w@rd@mirror/x", "https://mirror/x");
        check("https://mirror/x?a=b&token=abc&c=d#e", "https://mirror/x?a=b&token=…&c=d#e");
        check("https://mirror/x?X-Amz-Signature=abc'", "https://mirror/x?X-Amz-Signature=…'");
        check(&format!("key {PEM} is"), "key … is");
        check(&format!("{:?}", format!("{PEM}\n{PEM}\n")), r#""…\n…\n""#);
        check("-----BEGIN PRIVATE KEY-----\nabc", "…");
        let word = "A".repeat(SHORTEST);
        for beginning in BEGINNINGS {
            check(&format!("a {beginning}{word}== b"), "a … b");
        }
        for fine in [
            "",
            "https://mirror:8080/a@1.0?x=y",
            "https://[::1]:80/a",
            "me@example.org",
            "getty@tty1.service, a@b, @",
            "it holds no line `kthw-root-v1 <64 hexadecimal digits>`",
            "MII",
            &format!("ssh-rsa AAAAMII{word}"),
            "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
            "?token",
        ] {
            check(fine, fine);
        }
    }

    #[test]
    fn lines_of_secrets_are_delicate() {
        let text = format!("a: b\nkey: |\n{PEM}\nc: d");
        let delicate: Vec<usize> = (1..9).filter(|line| is_delicate(&text, *line)).collect();
        assert_eq!(delicate, [3, 4, 5, 6]);
        for line in [
            "password: x",
            "{a: b, \"client-secret\" : c}",
            "PrivateKey = x",
            "run --token=x",
            "Authorization: y",
            "curl -H 'X: Bearer x'",
            "[https://a:b@c]",
            "a: x0Y1z2A3b4C5d6E7f8G9h0I1j2K3l4M5",
        ] {
            assert!(is_delicate(line, 1), "{line}");
        }
        for line in [
            "",
            "resources: [secrets]",
            "key: .kthw/ca/cluster.key",
            "a: [token]",
            "a: sha256:ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5",
        ] {
            assert!(!is_delicate(line, 1), "{line}");
        }
        assert!(is_delicate("a: b\npassword: x\n", 3));
        assert!(!is_delicate("", 7));
    }
}
