//! Names: what a node is called, and what it calls its inputs.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

/// The label of a node: a path such as `pki/ca/cert`, the same in every build of a cluster. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(Arc<str>);

/// A text that cannot name a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a node: use segments of letters, digits and `-._:@+`, separated by single slashes"
)]
pub struct NodeNameError(String);

impl NodeName {
    pub fn new(name: impl Into<Arc<str>>) -> Result<Self, NodeNameError> {
        let name = name.into();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:@+".contains(&b);
        let segment = |s: &str| !s.is_empty() && s != "." && s != ".." && s.bytes().all(plain);
        if name.split('/').all(segment) { Ok(Self(name)) } else { Err(NodeNameError(name.to_string())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for NodeName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a node calls one of its inputs: `issuer-key`, or the path that a bundle puts it at.
pub type Slot = Cow<'static, str>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_clean_paths() {
        for good in ["cluster", "pki/ca/cert", "host/control-plane-1/etcd.service", "v1.35.1+k"] {
            assert_eq!(NodeName::new(good).map(|n| n.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "/", "a//b", "/a", "a/", "a/../b", "a b", "a\nb", "ü"] {
            assert!(NodeName::new(bad).is_err(), "{bad:?}");
        }
    }
}
