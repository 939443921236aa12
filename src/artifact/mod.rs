//! The closed set of things that kthw can make.
//!
//! To add a kind: a file beside this one with a struct of parameters that implements [`Make`], its `mod` and
//! its line in the list below, and a line in `plan/` that puts it somewhere.

mod archive_member;
mod audit_policy;
mod bootstrap_program;
mod bootstrap_rbac;
mod bundle;
mod certificate;
mod cilium_values;
mod cluster_index;
mod cni_config;
mod command;
mod containerd_config;
pub mod coredns;
mod crictl_config;
mod decided_by;
mod disk_overlay;
mod dns_records;
mod documents;
mod download;
mod encryption_config;
mod etcd_backup;
mod etcd_defragmentation;
mod etcd_members;
mod haproxy_config;
mod hosts_file;
mod imported_certificate;
mod imported_key;
mod keepalived_config;
mod kernel_modules;
mod kernel_program;
mod kube_proxy_config;
mod kubeconfig;
mod kubelet_config;
mod ldirectord_config;
mod libvirt;
mod libvirt_domain;
mod libvirt_network;
mod machine;
mod meta_data;
mod network_config;
mod patch;
mod pod_masquerade;
mod pod_routes;
mod private_key;
mod public_key;
mod scheduler_config;
mod seed_image;
mod sysctls;
mod timer;
mod unit;
mod user_data;

#[cfg(test)]
mod systemd;
#[cfg(test)]
pub(crate) mod trial;

use kthw_graph::{Action, ActionError, Content, Job, Kind, Manifest};

use crate::imported::ImportedKeys;
use crate::root::RootSecret;

/// What every kind of artifact answers.
pub trait Make {
    const KIND: Kind;

    /// Names every parameter, in a fixed order, with the place that decided it.
    fn describe(&self, manifest: &mut dyn Manifest);

    /// Makes the bytes: a pure function of the parameters, the inputs, the root secret and imported keys.
    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError>;

    /// Values that its bytes cannot hold: said by the planner, in their place, before anything is made.
    fn unfit(&self) -> Vec<Unfit> {
        Vec::new()
    }

    /// The container images that its bytes tell a host to pull.
    fn images(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A value that a kind cannot put into its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    pub decided_by: DecidedBy,
    /// What is wrong, and what to write.
    pub message: String,
}

/// Declares [`Artifact`] and hands each question on to the kind that it holds.
macro_rules! artifacts {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(pub use $module::$name;)*

        /// What a node of a cluster's graph makes.
        pub enum Artifact {
            $($name($name)),*
        }

        $(impl From<$name> for Artifact {
            fn from(kind: $name) -> Self {
                Self::$name(kind)
            }
        })*

        impl Action for Artifact {
            fn kind(&self) -> Kind {
                match self {
                    $(Self::$name(_) => <$name as Make>::KIND),*
                }
            }

            fn describe(&self, manifest: &mut dyn Manifest) {
                match self {
                    $(Self::$name(kind) => kind.describe(manifest)),*
                }
            }
        }

        impl Artifact {
            /// Every kind that there is.
            #[cfg(test)]
            const KINDS: &[Kind] = &[$(<$name as Make>::KIND),*];

            /// Makes the bytes of whatever this is.
            pub fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
                match self {
                    $(Self::$name(kind) => kind.make(from)),*
                }
            }

            /// The values that whatever this is cannot hold.
            pub fn unfit(&self) -> Vec<Unfit> {
                match self {
                    $(Self::$name(kind) => kind.unfit()),*
                }
            }

            /// The container images that whatever this is tells a host to pull.
            pub fn images(&self) -> Vec<String> {
                match self {
                    $(Self::$name(kind) => kind.images()),*
                }
            }
        }
    };
}

artifacts! {
    archive_member::ArchiveMember,
    audit_policy::AuditPolicy,
    bootstrap_program::BootstrapProgram,
    bootstrap_rbac::BootstrapRbac,
    bundle::Bundle,
    certificate::Certificate,
    cilium_values::CiliumValues,
    cluster_index::ClusterIndex,
    cni_config::CniConfig,
    containerd_config::ContainerdConfig,
    coredns::CoreDns,
    crictl_config::CrictlConfig,
    disk_overlay::DiskOverlay,
    dns_records::DnsRecords,
    documents::Documents,
    download::Download,
    encryption_config::EncryptionConfig,
    etcd_backup::EtcdBackup,
    etcd_defragmentation::EtcdDefragmentation,
    etcd_members::EtcdMembers,
    haproxy_config::HaproxyConfig,
    hosts_file::HostsFile,
    imported_certificate::ImportedCertificate,
    imported_key::ImportedKey,
    keepalived_config::KeepalivedConfig,
    kernel_modules::KernelModules,
    kernel_program::KernelProgram,
    kube_proxy_config::KubeProxyConfig,
    kubeconfig::Kubeconfig,
    kubelet_config::KubeletConfig,
    ldirectord_config::LdirectordConfig,
    libvirt_domain::LibvirtDomain,
    libvirt_network::LibvirtNetwork,
    machine::Machine,
    meta_data::MetaData,
    network_config::NetworkConfig,
    pod_masquerade::PodMasquerade,
    pod_routes::PodRoutes,
    private_key::PrivateKey,
    public_key::PublicKey,
    scheduler_config::SchedulerConfig,
    seed_image::SeedImage,
    sysctls::Sysctls,
    timer::Timer,
    unit::Unit,
    user_data::UserData,
}

pub use certificate::{Profile, Validity};
pub use command::{Command, Flag};
pub use containerd_config::{ContainerdSchema, sandbox_image};
pub use decided_by::DecidedBy;
pub use etcd_backup::{BackupLayer, SnapshotTool};
pub use etcd_defragmentation::EtcdClient;
pub use haproxy_config::ApiServer;
pub use hosts_file::HostsEntry;
pub use kubelet_config::{Taint, kubelet_reservations};
pub use libvirt::Uuid;
pub use network_config::HostAddressing;
pub use patch::{Patch, step};
pub use pod_routes::PodRoute;
pub use scheduler_config::SchedulerApi;
pub use seed_image::SEED_FILES;
pub use unit::{Readiness, Section};

/// What an artifact is made from: its inputs by slot, its own action digest, the root secret, and the keys of
/// authorities that were made elsewhere.
pub struct Ingredients<'a> {
    job: &'a Job<'a, Artifact>,
    root: &'a RootSecret,
    imported: &'a ImportedKeys,
}

/// An input that is not as the kind needs it: a mistake in the plan, not in the cluster's file.
#[derive(Debug, thiserror::Error)]
#[error("input `{slot}` {problem}")]
pub struct IngredientError {
    slot: String,
    problem: &'static str,
}

impl<'a> Ingredients<'a> {
    pub fn new(job: &'a Job<'a, Artifact>, root: &'a RootSecret, imported: &'a ImportedKeys) -> Self {
        Self { job, root, imported }
    }

    pub fn root(&self) -> &RootSecret {
        self.root
    }

    pub fn imported(&self) -> &ImportedKeys {
        self.imported
    }

    /// The action's own digest, from which serial numbers come.
    pub fn action(&self) -> kthw_store::ActionDigest {
        self.job.digest
    }

    /// Every input in order of slot, for kinds that only name them.
    pub fn inputs(&self) -> &[kthw_graph::JobInput] {
        &self.job.inputs
    }

    /// The bytes of a public input.
    pub fn public(&self, slot: &str) -> Result<&[u8], IngredientError> {
        match self.content(slot)? {
            Content::Public(bytes) => Ok(bytes),
            Content::Secret(_) => Err(wrong(slot, "is secret and this kind wants it public")),
            Content::Stored(_) => Err(wrong(slot, "is a download and this kind wants its bytes")),
        }
    }

    /// The text of a public input.
    pub fn text(&self, slot: &str) -> Result<&str, IngredientError> {
        std::str::from_utf8(self.public(slot)?).map_err(|_| wrong(slot, "is not UTF-8 text"))
    }

    /// The bytes of a secret input.
    pub fn secret(&self, slot: &str) -> Result<&[u8], IngredientError> {
        match self.content(slot)? {
            Content::Secret(bytes) => Ok(bytes.expose()),
            _ => Err(wrong(slot, "is not a secret")),
        }
    }

    fn content(&self, slot: &str) -> Result<&Content, IngredientError> {
        let input = self.job.input(slot).ok_or_else(|| wrong(slot, "is missing"))?;
        input.content.as_ref().ok_or_else(|| wrong(slot, "was not loaded"))
    }
}

fn wrong(slot: &str, problem: &'static str) -> IngredientError {
    IngredientError { slot: slot.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kthw_graph::Yields;

    use super::*;

    #[test]
    fn no_two_kinds_share_a_name() {
        let names: BTreeSet<&str> = Artifact::KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), Artifact::KINDS.len());
    }

    /// Adding to this list is a decision about secrets: whatever stands here may be published.
    #[test]
    fn only_reviewed_kinds_turn_secrets_into_public_bytes() {
        let declassified = Artifact::KINDS.iter().filter(|kind| kind.yields == Yields::Declassified);
        let names: Vec<&str> = declassified.map(|kind| kind.name).collect();
        assert_eq!(names, ["certificate", "public-key"]);
    }
}
