//! What the API server writes to its audit log.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};
use serde_json::{Map, Value, json};

use super::patch::describe_members;
use super::{Ingredients, Make};
use crate::yaml;

/// An audit Policy: kthw's own, or the user's in its stead.
pub enum AuditPolicy {
    /// Who did what to which object, without the bodies, so that no secret reaches the log. Changes of
    /// permissions are there in full; what the cluster's own parts do all day is not.
    Standard,
    /// All of the policy but its `apiVersion` and `kind`, as in `audit.policy`.
    Custom(Map<String, Value>),
}

impl AuditPolicy {
    fn document(&self) -> Value {
        let mut document = match self {
            Self::Standard => json!({
                "omitManagedFields": true,
                "omitStages": ["RequestReceived"],
                "rules": standard_rules(),
            }),
            Self::Custom(policy) => Value::Object(policy.clone()),
        };
        document["apiVersion"] = "audit.k8s.io/v1".into();
        document["kind"] = "Policy".into();
        document
    }
}

/// The first rule that matches a request decides.
fn standard_rules() -> Value {
    json!([
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/openapi/*", "/readyz*", "/version"]},
        {"level": "None", "resources": [
            {"group": "", "resources": ["events"]},
            {"group": "events.k8s.io", "resources": ["events"]},
        ]},
        {
            "level": "None",
            "users": ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"],
            "verbs": ["get", "update"],
            "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}],
        },
        {
            "level": "None",
            "userGroups": ["system:nodes"],
            "verbs": ["get", "patch", "update"],
            "resources": [
                {"group": "", "resources": ["nodes/status", "pods/status"]},
                {"group": "coordination.k8s.io", "resources": ["leases"]},
            ],
        },
        {
            "level": "None",
            "users": ["system:kube-proxy", "system:serviceaccount:kube-system:kube-proxy"],
            "verbs": ["get", "list", "watch"],
            "resources": [
                {"group": "", "resources": ["endpoints", "nodes", "services"]},
                {"group": "discovery.k8s.io", "resources": ["endpointslices"]},
            ],
        },
        {
            "level": "RequestResponse",
            "verbs": ["create", "delete", "deletecollection", "patch", "update"],
            "resources": [
                {"group": "admissionregistration.k8s.io"},
                {"group": "rbac.authorization.k8s.io"},
            ],
        },
        {"level": "Metadata"},
    ])
}

impl Make for AuditPolicy {
    const KIND: Kind = Kind {
        name: "audit-policy",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        if let Self::Custom(policy) = self {
            describe_members(manifest, "policy", "audit.policy", policy);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(yaml::document(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, members, text};

    fn custom(policy: Value) -> AuditPolicy {
        AuditPolicy::Custom(members(policy))
    }

    #[test]
    fn the_standard_policy_is_pinned() {
        insta::assert_snapshot!(text(AuditPolicy::Standard, &[]));
    }

    #[test]
    fn a_users_policy_stands_alone() {
        insta::assert_snapshot!(text(custom(json!({"rules": [{"level": "Metadata"}]})), &[]), @r"
        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
        - level: Metadata
        ");
    }

    #[test]
    fn no_rule_records_the_body_of_what_may_hold_a_secret() {
        let rules = standard_rules();
        for rule in rules.as_array().expect("a list of rules") {
            let bodies = !["None", "Metadata"].contains(&rule["level"].as_str().unwrap_or_default());
            let groups = rule["resources"].as_array().into_iter().flatten().map(|r| r["group"].as_str());
            let narrow = ["admissionregistration.k8s.io", "rbac.authorization.k8s.io"].map(Some);
            assert!(
                !bodies || groups.clone().count() > 0 && groups.clone().all(|g| narrow.contains(&g)),
                "{rule}"
            );
        }
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            AuditPolicy::Standard.into(),
            custom(json!({"rules": [{"level": "Metadata"}]})).into(),
            custom(json!({"rules": [{"level": "Request"}]})).into(),
            custom(json!({"rules": [{"level": "Request"}], "omitStages": ["Panic"]})).into(),
        ]);
    }
}
