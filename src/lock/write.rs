//! The text of a lock. Between two entries that change apart from each other is a line that does not change, so that git
//! merges both changes.

use std::fmt::{Display, Write};

use super::{FORMAT, Lock, Pin};

const HEADER: &str = "# Written by `kthw lock`. Epochs and generations may be edited, pins may not.\n";

pub(super) fn lock(lock: &Lock) -> String {
    let Lock { cluster, root, epochs, encryption, generations, pins } = lock;
    let mut text = HEADER.to_owned();
    field(&mut text, "format", FORMAT);
    field(&mut text, "cluster", quoted(cluster));
    field(&mut text, "root", quoted(root));
    field(&mut text, "encryption", format_args!("{encryption:?}"));
    text.push_str("\n[epochs]\n");
    field(&mut text, "ca", epochs.ca);
    text.push('\n');
    field(&mut text, "leaf", epochs.leaf);
    if !generations.is_empty() {
        text.push_str("\n[generations]");
        for (label, generation) in generations {
            text.push('\n');
            field(&mut text, &quoted(label), generation);
        }
    }
    for pin in pins {
        block(&mut text, pin);
    }
    text
}

fn block(text: &mut String, pin: &Pin) {
    let Pin { name, version, os, arch, url, checksum, published, measured } = pin;
    text.push_str("\n[[pin]]\n");
    field(text, "name", quoted(name));
    field(text, "version", quoted(&version.to_string()));
    field(text, "os", quoted(os));
    field(text, "arch", quoted(arch));
    field(text, "url", quoted(url));
    field(text, "algorithm", quoted(checksum.algorithm().as_str()));
    field(text, "digest", quoted(checksum.hex()));
    if let Some(published) = published {
        field(text, "published", quoted(published.hex()));
    }
    if *measured {
        field(text, "measured", true);
    }
    field(text, "pin", quoted(&pin.seal().to_string()));
}

fn field(text: &mut String, name: &str, value: impl Display) {
    writeln!(text, "{name} = {value}").expect("a String takes every write");
}

/// A TOML basic string. Written out here, because the bytes of the file must not depend on a library's taste.
fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                write!(text, "\\U{:08x}", u32::from(c)).expect("a String takes every write");
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;

    #[test]
    fn the_text_is_sorted_and_complete() {
        let mut lock = example();
        lock.encryption = vec![2, 1];
        lock.generations.insert("pki/ca".into(), 2);
        insta::assert_snapshot!(lock.render(), @r#"
        # Written by `kthw lock`. Epochs and generations may be edited, pins may not.
        format = 1
        cluster = "hard-way-1f2e"
        root = "root:000102030405060708090a0b0c0d0e0f"
        encryption = [2, 1]

        [epochs]
        ca = 2026-11-20T00:00:00Z

        leaf = 2026-11-20T00:00:00Z

        [generations]
        "pki/ca" = 2

        [[pin]]
        name = "etcd"
        version = "3.6.14"
        os = "linux"
        arch = "amd64"
        url = "https://github.com/etcd-io/etcd/amd64.tar.gz"
        algorithm = "sha256"
        digest = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"
        pin = "b3:53985c7b2e2856b71c452a0ce6c45b5ccca9d6ff35062375a0db66521e9e4ef1"

        [[pin]]
        name = "etcd"
        version = "3.6.14"
        os = "linux"
        arch = "arm64"
        url = "https://github.com/etcd-io/etcd/arm64.tar.gz"
        algorithm = "sha256"
        digest = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"
        pin = "b3:dd8a38faf43846f50482e0420963cb6ee8dca3e21166fa017445cfb34556e858"
        "#);
    }
}
