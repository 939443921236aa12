//! Kubernetes objects that a new cluster is given besides its role bindings and its add-ons.

use serde_json::{Value, json};

use super::pki;
use crate::artifact::{DecidedBy, Documents, coredns};
use crate::cluster::{Cluster, PriorityClass};
use crate::field_path::item;

/// The classes of `priorityClasses`, if there are any.
pub fn priority_classes(cluster: &Cluster) -> Option<Documents> {
    let written = |class: &PriorityClass| DecidedBy::Spec(item("priorityClasses", &class.name));
    let documents = cluster.priority_classes.iter().map(|class| (written(class), priority_class(class)));
    (!cluster.priority_classes.is_empty()).then(|| Documents::of(documents))
}

/// The Corefile of a cluster whose file says nothing of it.
pub fn corefile(cluster: &Cluster) -> Option<Documents> {
    let settings = cluster.addons.core_dns.as_ref()?;
    let text = coredns::standard_corefile(&cluster.network.domain);
    let decided_by = DecidedBy::Spec("network.domain".to_owned());
    settings.corefile.is_none().then(|| Documents::of([(decided_by, coredns::corefile(&text))]))
}

/// How many replicas of CoreDNS there are, likewise.
pub fn replicas(cluster: &Cluster) -> Option<Documents> {
    let settings = cluster.addons.core_dns.as_ref()?;
    settings.replicas.is_none().then(|| ours([coredns::replicas(coredns::REPLICAS)]))
}

/// The rights of whoever watches, if somebody does.
pub fn monitoring(cluster: &Cluster) -> Option<Documents> {
    cluster.monitoring.as_ref().map(|_| ours(watching()))
}

/// The rights of a cloud's controllers, if kthw runs them.
pub fn cloud_controllers(cluster: &Cluster) -> Option<Documents> {
    let cloud = cluster.cloud_provider.as_ref();
    let controllers = cloud.and_then(|cloud| cloud.controller_manager.as_ref());
    controllers.map(|_| ours(controlling()))
}

fn ours(values: impl IntoIterator<Item = Value>) -> Documents {
    Documents::of(values.into_iter().map(|value| (DecidedBy::Program, value)))
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
fn watching() -> [Value; 2] {
    let rules = json!([
        {"nonResourceURLs": ["/metrics", "/metrics/slis"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]);
    [role("kthw:monitoring", rules), binding("kthw:monitoring", "ClusterRole", "Group", pki::MONITORING)]
}

/// What controllers of a cloud do: nodes, services and their own lease. A cloud that wants more brings more.
fn controlling() -> [Value; 3] {
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
