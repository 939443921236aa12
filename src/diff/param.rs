//! The parameters of an action, with who decided each.

use kthw_graph::{Action, Manifest, Origin, Value};

use crate::artifact::Artifact;

/// A parameter as its action names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: String,
    pub value: String,
    pub decided_by: Decider,
    /// What else it follows from.
    pub also: Vec<Decider>,
}

impl Param {
    /// All that it follows from.
    pub fn deciders(&self) -> impl Iterator<Item = &Decider> {
        std::iter::once(&self.decided_by).chain(&self.also)
    }
}

/// Who decided a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decider {
    /// A field of the cluster's file.
    Spec(String),
    /// An entry of the lock.
    Lock(String),
    Program,
}

impl Decider {
    /// Whether a change of one may be a change of the other: they are the same, or one is in the other.
    pub fn concerns(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Spec(one), Self::Spec(other)) => {
                let is_in = |inner: &str, outer: &str| {
                    inner
                        .strip_prefix(outer)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                let (one, other) = (one.replace(".[", "["), other.replace(".[", "["));
                is_in(&one, &other) || is_in(&other, &one)
            }
            (one, other) => one == other,
        }
    }
}

/// Every parameter, in the order in which the action gives them.
pub fn params(action: &Artifact) -> Vec<Param> {
    let mut reader = Reader(Vec::new());
    action.describe(&mut reader);
    reader.0
}

/// Keeps what the hash leaves out.
struct Reader(Vec<Param>);

impl Manifest for Reader {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let mut also = Vec::new();
        let decided_by = match origin {
            Origin::Spec(path) => Decider::Spec(path.to_string()),
            Origin::Derived(paths) => {
                let mut paths = paths.iter().map(|path| Decider::Spec(path.to_string()));
                let first = paths.next().unwrap_or(Decider::Program);
                also.extend(paths);
                first
            }
            Origin::Lock(entry) => Decider::Lock(entry.to_string()),
            Origin::Program => Decider::Program,
        };
        self.0.push(Param { name: name.to_owned(), value: value.to_string(), decided_by, also });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{EXAMPLES, variants};

    /// Names, addresses and ranges that are written in a cluster's file.
    fn written(text: &str) -> Vec<String> {
        let spec: serde_json::Value = serde_saphyr::from_str(text).expect("a mapping");
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let hosts = spec["hosts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let hosts = hosts.iter().flat_map(|host| [text(&host["name"]), text(&host["address"])]);
        let network =
            ["hosts", "services", "pods", "domain", "dns"].map(|field| text(&spec["network"][field]));
        let others =
            [text(&spec["name"]), text(&spec["api"]["endpoint"]), text(&spec["versions"]["kubernetes"])];
        hosts.chain(network).chain(others).flatten().collect()
    }

    #[test]
    fn what_the_program_decides_says_nothing_of_the_cluster() {
        let mut found = Vec::new();
        for name in EXAMPLES {
            let (text, planned) = variants(name);
            let written = written(text);
            let planned = planned(text).expect("a good cluster");
            for id in planned.graph().order() {
                let node = planned.graph().node(*id);
                for Param { name: param, value, decided_by, .. } in params(&node.action) {
                    let is_in = |word: &String| value.contains(word.as_str());
                    // A key goes by the name of its node.
                    let is_name = node.name.as_str().strip_suffix("/key") == Some(&value);
                    if decided_by == Decider::Program && !is_name && written.iter().any(is_in) {
                        found.push(format!("{name} {}: {param}={value}", node.name));
                    }
                }
            }
        }
        assert!(found.is_empty(), "name what decided these:\n{}", found.join("\n"));
    }
}
