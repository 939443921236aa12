//! What the last build found, so that the next one can see at a glance that there is nothing to do.

use kthw_store::Digest;
use serde::{Deserialize, Serialize};

/// Which record of the store is that of the last build. What it says is only ever a shortcut: whoever reads it looks into
/// the record itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastBuild {
    /// Stands for every source input, for the program itself and for `quiet`.
    pub fingerprint: String,
    /// The files besides the cluster's own that it stands for.
    pub files: Vec<String>,
    /// The root that the build left in the store.
    pub root_name: String,
    pub root: u64,
    pub record: String,
    /// From when to when there is nothing to say of certificates, in seconds since 1970.
    pub quiet: [u64; 2],
}

impl LastBuild {
    /// Reads the record; one of another format or a damaged one is as good as none.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn render(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers serialise")
    }
}

/// The fingerprint of some source inputs: names and contents in order, and what the program is.
pub fn fingerprint<'a>(program: &str, inputs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("kthw.dev 2026-11-20 source fingerprint v1");
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(program);
    for (name, content) in inputs {
        part(name);
        part(content);
    }
    Digest::from_bytes(*hasher.finalize().as_bytes()).to_string()
}

/// The same with the time in which there is nothing to say, so that a note which was damaged there is no shortcut.
pub fn sealed(fingerprint: &str, quiet: [u64; 2]) -> String {
    self::fingerprint(
        fingerprint,
        quiet.map(|second| second.to_string()).iter().map(|second| ("quiet", second.as_str())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_and_the_program_count() {
        let base = fingerprint("p", [("a", "1"), ("b", "2")]);
        assert_eq!(base, fingerprint("p", [("a", "1"), ("b", "2")]));
        for other in [
            fingerprint("q", [("a", "1"), ("b", "2")]),
            fingerprint("p", [("a", "1"), ("b", "3")]),
            fingerprint("p", [("a", "1b"), ("", "2")]),
            fingerprint("p", [("a", "1")]),
        ] {
            assert_ne!(base, other);
        }
    }
}
