//! Public keys as ssh's authorized_keys holds them.

use data_encoding::BASE64;

use crate::spec::problem::Problem;

/// Reports what is not a public key, and a private key without repeating it.
pub fn check(path: &str, keys: &[String], problems: &mut Vec<Problem>) {
    if keys.is_empty() {
        let problem =
            Problem::warning(path, format!("{path} is empty, so nobody can log in to the machines"));
        problems.push(problem.fix("write the public keys of those who may, such as ~/.ssh/id_ed25519.pub"));
    }
    for (i, key) in keys.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if key.contains("PRIVATE KEY") {
            let message = format!("{path} is a private key, and this file is no place for one");
            let fix = "take it out, replace the key wherever it is used, and write the line of its .pub file";
            problems.push(Problem::error(path, message).fix(fix).discreet());
        } else if !is_public_key(key) {
            let message = format!("{path} is not a public key of ssh");
            let fix = "write the one line of a .pub file: a type such as ssh-ed25519, the key, a comment";
            problems.push(Problem::error(path, message).fix(fix).discreet());
        }
    }
}

/// Whether this is a type, a key that says it is of that type, and perhaps a comment.
fn is_public_key(line: &str) -> bool {
    let mut words = line.split(' ');
    let (Some(kind), Some(key)) = (words.next(), words.next()) else { return false };
    let is_kind = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start));
    let Ok(bytes) = BASE64.decode(key.as_bytes()) else { return false };
    let length = u32::try_from(kind.len()).unwrap_or(0).to_be_bytes();
    let named = bytes.strip_prefix(&length).and_then(|rest| rest.strip_prefix(kind.as_bytes()));
    is_kind && named.is_some_and(|rest| rest.len() > 16) && !line.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_says_twice_what_it_is() {
        let good = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex";
        assert!(is_public_key(good));
        assert!(is_public_key(&format!("{good} me@example.org")));
        for bad in [
            "",
            "ssh-ed25519",
            "AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex",
            &good.replace("ssh-ed25519", "ssh-rsa"),
            &good[..40],
            &format!("{good}\n"),
        ] {
            assert!(!is_public_key(bad), "{bad}");
        }
    }
}
