//! The versions of everything that runs on hosts.

use semver::Version;

use super::Program;

/// One exact version of each upstream project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet and kubectl alike.
    pub kubernetes: Version,
    pub etcd: Version,
    pub containerd: Version,
    pub runc: Version,
    pub cni_plugins: Version,
    pub crictl: Version,
}

impl Versions {
    /// The version of `program`.
    pub fn of(&self, program: Program) -> &Version {
        match program {
            Program::Etcd => &self.etcd,
            Program::Containerd => &self.containerd,
            _ => &self.kubernetes,
        }
    }
}
