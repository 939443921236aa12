//! The script that gives free space of one member's database back to the disk.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A script that defragments the member of its own host, while all members are well and no other is at it; or at once
/// where the quota is full, since etcd then grants no lock, calls no member healthy and has nobody to disturb.
pub struct EtcdDefragmentation {
    pub client: EtcdClient,
}

/// How scripts on a member's host reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdClient {
    pub endpoint: String,
    pub ca: &'static str,
    pub cert: &'static str,
    pub key: &'static str,
}

impl EtcdClient {
    pub fn describe(&self, manifest: &mut dyn Manifest) {
        for (name, value) in
            [("endpoint", self.endpoint.as_str()), ("ca", self.ca), ("cert", self.cert), ("key", self.key)]
        {
            manifest.text(name, value, Origin::Program);
        }
    }

    /// What a shell script says before it calls etcdctl.
    pub fn exports(&self) -> String {
        let Self { endpoint, ca, cert, key } = self;
        format!(
            "export ETCDCTL_ENDPOINTS={endpoint}\nexport ETCDCTL_CACERT={ca}\nexport ETCDCTL_CERT={cert}\n\
             export ETCDCTL_KEY={key}\n"
        )
    }
}

const HEAD: &str = "\
#!/bin/sh
# Gives free space of this member's database back to the disk. A member answers nobody meanwhile, so the others
# have to be well, and only one member at a time may do it. Where the quota is full, this is what helps, and neither
# can be asked for: `etcdctl alarm disarm` then lets clients write again.
set -eu

";

const BODY: &str = r#"
if etcdctl alarm list | grep -q NOSPACE; then
    exec etcdctl defrag --command-timeout=10m
fi
# The lock is in etcd itself; its holder calls this script again.
if [ -z "${ETCD_LOCK_KEY:-}" ]; then
    exec etcdctl lock --ttl=600 kthw/defragmentation "$0"
fi
etcdctl endpoint health --cluster
etcdctl defrag --command-timeout=10m
etcdctl endpoint health --cluster
"#;

impl Make for EtcdDefragmentation {
    const KIND: Kind = Kind {
        name: "etcd-defragmentation",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        self.client.describe(manifest);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public([HEAD, &self.client.exports(), BODY].concat().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};
    use crate::judge::{approved, file, judge};

    fn client() -> EtcdClient {
        EtcdClient {
            endpoint: "https://127.0.0.1:2379".to_owned(),
            ca: "/ca.crt",
            cert: "/a.crt",
            key: "/a.key",
        }
    }

    #[test]
    fn the_script_is_pinned() {
        insta::assert_snapshot!(text(EtcdDefragmentation { client: client() }, &[]));
    }

    #[test]
    fn a_shell_reads_it() {
        let script = file(&text(EtcdDefragmentation { client: client() }, &[]));
        let Some(mut sh) = judge("dash") else { return };
        approved(sh.arg("-n").arg(script.path()));
    }

    #[test]
    fn every_parameter_counts() {
        let with = |client| EtcdDefragmentation { client }.into();
        all_differ([
            with(client()),
            with(EtcdClient { endpoint: "https://[::1]:2379".to_owned(), ..client() }),
            with(EtcdClient { ca: "/other.crt", ..client() }),
            with(EtcdClient { cert: "/other.crt", ..client() }),
            with(EtcdClient { key: "/other.key", ..client() }),
        ]);
    }
}
