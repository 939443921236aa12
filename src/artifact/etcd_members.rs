//! Who founds etcd: what a member reads at its first start, and never again.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// An environment file. In the unit the same would restart every member whenever one comes or goes.
pub struct EtcdMembers {
    /// Names and the URLs at which other members reach them.
    pub members: Vec<(String, String)>,
}

impl EtcdMembers {
    fn list(&self) -> String {
        self.members.iter().map(|(name, url)| format!("{name}={url}")).collect::<Vec<_>>().join(",")
    }
}

impl Make for EtcdMembers {
    const KIND: Kind = Kind {
        name: "etcd-members",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("members", &self.list(), Origin::Spec(format_args!("hosts")));
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let text = format!(
            "# A member reads this at its first start alone: together with these it founds etcd.\n\
             ETCD_INITIAL_CLUSTER={}\nETCD_INITIAL_CLUSTER_STATE=new\n",
            self.list()
        );
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};

    fn members(of: &[&str]) -> EtcdMembers {
        let member = |name: &&str| ((*name).to_owned(), format!("https://{name}.example:2380"));
        EtcdMembers { members: of.iter().map(member).collect() }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(members(&["a", "b"]), &[]), @r"
        # A member reads this at its first start alone: together with these it founds etcd.
        ETCD_INITIAL_CLUSTER=a=https://a.example:2380,b=https://b.example:2380
        ETCD_INITIAL_CLUSTER_STATE=new
        ");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([members(&["a"]).into(), members(&["b"]).into(), members(&["a", "b"]).into()]);
    }
}
