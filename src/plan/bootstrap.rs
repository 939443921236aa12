//! Kubernetes objects that a new cluster is given besides its role bindings.

use serde_json::{Value, json};

use super::flags::path;
use super::pki;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, Documents};
use crate::cluster::PriorityClass;

const PRIORITY_CLASSES: &str = "config/bootstrap-priority-classes";
const MONITORING: &str = "config/bootstrap-monitoring";
const CLOUD: &str = "config/bootstrap-cloud-controller-manager";

impl Planner<'_> {
    pub(super) fn define_bootstrap(&mut self) {
        let cluster = self.cluster;
        if !cluster.priority_classes.is_empty() {
            let classes = cluster.priority_classes.iter().map(priority_class);
            let documents = Documents::of(&DecidedBy::Spec("priorityClasses".to_owned()), classes);
            self.define(PRIORITY_CLASSES, documents, []);
        }
        if cluster.monitoring.is_some() {
            self.define(MONITORING, Documents::of(&DecidedBy::Program, monitoring()), []);
        }
        if self.runs_cloud_controllers() {
            self.define(CLOUD, Documents::of(&DecidedBy::Program, cloud_controllers()), []);
        }
    }

    pub(super) fn place_bootstrap(&mut self, files: &mut HostFiles<'_>) {
        let cluster = self.cluster;
        for (is_there, name, path) in [
            (!cluster.priority_classes.is_empty(), PRIORITY_CLASSES, path::BOOTSTRAP_PRIORITY_CLASSES),
            (cluster.monitoring.is_some(), MONITORING, path::BOOTSTRAP_MONITORING),
            (self.runs_cloud_controllers(), CLOUD, path::BOOTSTRAP_CLOUD),
        ] {
            if is_there {
                let id = self.name(name);
                files.public(path, id);
            }
        }
    }
}

fn priority_class(class: &PriorityClass) -> Value {
    let mut document = json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": class.name},
        "value": class.value,
        "globalDefault": class.global_default,
        "preemptionPolicy": class.preemption_policy.as_str(),
    });
    if !class.description.is_empty() {
        document["description"] = class.description.as_str().into();
    }
    document
}

/// The group of whoever watches may read metrics, and nothing else.
fn monitoring() -> [Value; 2] {
    let rules = json!([
        {"nonResourceURLs": ["/metrics", "/metrics/slis"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]);
    [role("kthw:monitoring", rules), binding("kthw:monitoring", "ClusterRole", "Group", pki::MONITORING)]
}

/// What controllers of a cloud do: nodes, services and their own lease. A cloud that wants more brings more.
fn cloud_controllers() -> [Value; 3] {
    let rules = json!([
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "list", "update", "watch"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["delete", "get", "list", "patch", "update", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "patch", "update", "watch"]},
        {"apiGroups": [""], "resources": ["services/status"], "verbs": ["patch", "update"]},
        {"apiGroups": [""], "resources": ["configmaps", "endpoints", "persistentvolumes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["create", "get"]},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    ]);
    let user = pki::CLOUD_CONTROLLER_MANAGER;
    let mut reader = binding("kthw:cloud-controller-manager:authentication-reader", "Role", "User", user);
    reader["kind"] = "RoleBinding".into();
    reader["metadata"]["namespace"] = "kube-system".into();
    reader["roleRef"]["name"] = "extension-apiserver-authentication-reader".into();
    [
        role("kthw:cloud-controller-manager", rules),
        binding("kthw:cloud-controller-manager", "ClusterRole", "User", user),
        reader,
    ]
}

const RBAC: &str = "rbac.authorization.k8s.io";

fn role(name: &str, rules: Value) -> Value {
    json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules})
}

fn binding(name: &str, role: &str, kind: &str, subject: &str) -> Value {
    json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": role, "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": kind, "name": subject}],
    })
}
