//! The role bindings that a new cluster needs before its own identities may do anything.
//!
//! The administrators' group and the API server's identity towards kubelets are ordinary users of RBAC, where
//! kubeadm's earlier ones were `system:masters` and bypassed it. So somebody who does bypass it has to bind
//! them once: `kubectl apply -f` this file with the kubeconfig of `super-admin`, from a real file, because
//! kubectl reads it more than once.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;

use super::{Ingredients, Make};

/// A manifest of ClusterRoleBindings.
pub struct BootstrapRbac {
    /// The group that may do everything.
    pub administrators: &'static str,
    /// The user as whom API servers reach kubelets.
    pub kubelet_client: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Binding<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    role_ref: Reference<'a>,
    subjects: [Reference<'a>; 1],
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

const GROUP: &str = "rbac.authorization.k8s.io";

fn binding<'a>(name: &'a str, role: &'a str, kind: &'static str, subject: &'a str) -> Binding<'a> {
    let reference = |kind, name| Reference { api_group: GROUP, kind, name };
    Binding {
        api_version: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: Metadata { name },
        role_ref: reference("ClusterRole", role),
        subjects: [reference(kind, subject)],
    }
}

impl Make for BootstrapRbac {
    const KIND: Kind = Kind {
        name: "bootstrap-rbac",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("administrators", self.administrators, Origin::Program);
        manifest.text("kubeletClient", self.kubelet_client, Origin::Program);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let bindings = [
            binding("kthw:cluster-admins", "cluster-admin", "Group", self.administrators),
            binding("kthw:apiserver-to-kubelet", "system:kubelet-api-admin", "User", self.kubelet_client),
        ];
        let documents: Result<Vec<String>, _> = bindings.iter().map(crate::yaml::to_string).collect();
        Ok(Content::public(documents?.join("---\n").into_bytes()))
    }
}
