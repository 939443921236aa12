//! What the last build found, so that the next one can see at a glance that there is nothing to do.

use std::collections::BTreeMap;

use kthw_store::Digest;
use serde::{Deserialize, Serialize};

/// The record of a finished build, kept beside the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastBuild {
    /// Stands for every source input and for the program itself.
    pub fingerprint: String,
    /// The files besides the cluster's own that it stands for.
    pub files: Vec<String>,
    /// The root that the build left in the store.
    pub root_name: String,
    pub root: u64,
    pub record: String,
    /// From when to when there is nothing to say of certificates, in seconds since 1970.
    pub quiet: [u64; 2],
    pub summary: Summary,
}

/// What a build yields, as `build --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub nodes: usize,
    pub executed: usize,
    pub reused: usize,
    /// The identity of the whole cluster.
    pub cluster: String,
    /// The identity of each host's bundle.
    pub bundles: BTreeMap<String, String>,
}

impl LastBuild {
    /// Reads the record; one of another format or a damaged one is as good as none.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn render(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers serialise")
    }

    /// The summary of a build of the same sources, which has nothing to do.
    pub fn repeated(mut self) -> Summary {
        self.summary.executed = 0;
        self.summary.reused = self.summary.nodes;
        self.summary
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
