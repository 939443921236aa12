//! What a host holds: its files by identity, and the services that read them.
//!
//! A bundle renders it, a host keeps it, and a rollout compares it. It knows nothing of how any of it came to be.

mod closure;
mod placed;
mod service;
mod stage;

use std::borrow::Cow;
use std::collections::BTreeMap;

use kthw_store::Digest;
use serde::{Deserialize, Serialize};

pub use closure::Closure;
pub use placed::{Permissions, Placed, Release};
pub use service::{OnChange, Service};
pub use stage::Stage;

/// Where units are, which systemd reads only when it is told to.
pub const UNITS: &str = "/etc/systemd/system/";

/// The absolute path of a file of a host.
pub type HostPath = Cow<'static, str>;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    pub files: BTreeMap<HostPath, Placed>,
    /// In the order in which they are started.
    pub services: Vec<Service>,
}

impl Tree {
    pub fn service(&self, unit: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.unit == unit)
    }

    /// What a service is started with.
    pub fn closure(&self, service: &Service) -> Closure {
        Closure::of(self, service)
    }

    /// The release of the program at a path.
    pub fn release(&self, path: &str) -> Option<&Release> {
        self.files.get(path)?.release.as_ref()
    }

    /// Two trees are the same if their digests are.
    pub fn digest(&self) -> Digest {
        digest(&self.files, &self.services)
    }
}

/// The digest of the tree of these files, in the order of their paths, and these services.
pub fn digest<'t>(
    files: impl IntoIterator<Item = (&'t HostPath, &'t Placed)>,
    services: &[Service],
) -> Digest {
    let mut text = Vec::with_capacity(8192);
    for (path, placed) in files {
        placed.encode(path, &mut text);
    }
    for service in services {
        service.encode(&mut text);
    }
    Digest::of(&text)
}

/// A text that does not run into what follows it.
fn encode(text: &str, into: &mut Vec<u8>) {
    into.extend_from_slice(&(text.len() as u64).to_le_bytes());
    into.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use kthw_store::Output;

    use super::*;

    fn placed(text: &str) -> Placed {
        let permissions = Permissions::of_root(0o644);
        Placed { output: Output::Public(Digest::of(text.as_bytes())), permissions, release: None }
    }

    fn tree() -> Tree {
        let files = [("/etc/a", "one"), ("/etc/b", "two"), ("/etc/systemd/system/a.service", "unit")];
        let service = Service {
            unit: Cow::Borrowed("a.service"),
            stage: Stage::Workers,
            reads: vec![Cow::Borrowed("/etc/a")],
            on_change: OnChange::Reload,
        };
        Tree {
            files: files.into_iter().map(|(path, text)| (Cow::Borrowed(path), placed(text))).collect(),
            services: vec![service],
        }
    }

    #[test]
    fn a_closure_is_the_unit_and_what_it_reads_and_nothing_else() {
        let closure = |tree: &Tree| tree.closure(&tree.services[0]);
        let before = closure(&tree());
        let change = |path: &'static str| {
            let mut tree = tree();
            tree.files.insert(Cow::Borrowed(path), placed("other"));
            closure(&tree)
        };
        assert_eq!(change("/etc/b"), before);
        assert_eq!(change("/etc/a").unit, before.unit);
        assert_ne!(change("/etc/a").reads, before.reads);
        assert_ne!(change("/etc/systemd/system/a.service").unit, before.unit);
        assert_ne!(change("/etc/systemd/system/a.service.d/10-more.conf").unit, before.unit);
        assert_eq!(change("/etc/systemd/system/a.service.draft"), before);
        let mut stricter = tree();
        stricter.files.get_mut("/etc/a").expect("a file").permissions.mode = 0o600;
        assert_ne!(closure(&stricter).reads, before.reads);
        let mut fewer = tree();
        fewer.files.remove("/etc/a");
        assert_ne!(closure(&fewer).reads, before.reads);
    }

    #[test]
    fn a_tree_reads_back_from_its_json() {
        let tree = tree();
        let json = serde_json::to_string(&tree).expect("a tree is JSON");
        let back: Tree = serde_json::from_str(&json).expect("what was written");
        assert_eq!(back, tree);
        assert_eq!(back.digest(), tree.digest());
        assert_ne!(Tree::default().digest(), tree.digest());
    }
}
