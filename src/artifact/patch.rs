//! A user's change to a structured file, described leaf by leaf.

use std::borrow::Cow;

use kthw_graph::{Manifest, Origin};
use serde_json::{Map, Value};

use crate::cluster::{Components, Program};
use crate::field_path;
use crate::merge_patch::merge_object;

/// A JSON merge patch and the field of the cluster's file that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Where the user writes it, such as `components.kubelet.config`.
    pub path: &'static str,
    pub members: Map<String, Value>,
}

impl Patch {
    /// The user's change to the configuration of one program.
    pub fn of(program: Program, components: &Components) -> Self {
        let path = match program {
            Program::KubeApiserver => "components.kube-apiserver.config",
            Program::KubeControllerManager => "components.kube-controller-manager.config",
            Program::KubeScheduler => "components.kube-scheduler.config",
            Program::Kubelet => "components.kubelet.config",
            Program::KubeProxy => "components.kube-proxy.config",
            Program::Etcd => "components.etcd.config",
            Program::Containerd => "components.containerd.config",
        };
        Self { path, members: components.of(program).config.clone() }
    }

    /// Names every leaf: `patch.kubeReserved.cpu`, decided by `components.kubelet.config.kubeReserved.cpu`.
    pub fn describe(&self, manifest: &mut dyn Manifest) {
        describe_members(manifest, "patch", self.path, &self.members);
    }

    /// Changes a document as the user asks.
    pub fn apply(&self, document: &mut Value) {
        merge_object(document, &self.members);
    }
}

/// Names every leaf of a structure by its path, as JSON, so that `"1"` and `1` differ. Lists are leaves.
pub fn describe_members(manifest: &mut dyn Manifest, name: &str, path: &str, members: &Map<String, Value>) {
    each_leaf(members, name, path, &mut |name, path, value| {
        manifest.display(name, value, Origin::Spec(format_args!("{path}")));
    });
}

/// Goes through the leaves of a structure, each with its name as a parameter and its path in the cluster's file.
pub fn each_leaf(
    members: &Map<String, Value>,
    name: &str,
    path: &str,
    visit: &mut dyn FnMut(&str, &str, &Value),
) {
    for (key, value) in members {
        let step = step(key);
        let name = if name.is_empty() { step.into_owned() } else { format!("{name}.{step}") };
        let path = field_path::join(path, key);
        match value {
            Value::Object(members) if !members.is_empty() => each_leaf(members, &name, &path, visit),
            leaf => visit(&name, &path, leaf),
        }
    }
}

/// A key as one step of a parameter's name: quoted where a dot or the like would make it look like two. Names are hashed.
pub fn step(key: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    if !key.is_empty() && key.chars().all(plain) {
        Cow::Borrowed(key)
    } else {
        Cow::Owned(Value::from(key).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{Parameters, patch};
    use proptest::prelude::*;
    use serde_json::json;

    fn parameters(value: Value) -> Vec<String> {
        let mut parameters = Parameters::default();
        patch("components.x.config", value).describe(&mut parameters);
        parameters.0
    }

    #[test]
    fn every_leaf_is_named_with_its_place_in_the_clusters_file() {
        insta::assert_snapshot!(
            parameters(json!({
                "plugins": {"io.containerd.cri": {"a": true}},
                "list": [1, {"a": null}], "none": {}, "gone": null, "one": "1", "": 1,
            }))
            .join("\n"),
            @r#"
        patch."" = 1 (components.x.config[""])
        patch.gone = null (components.x.config.gone)
        patch.list = [1,{"a":null}] (components.x.config.list)
        patch.none = {} (components.x.config.none)
        patch.one = "1" (components.x.config.one)
        patch.plugins."io.containerd.cri".a = true (components.x.config.plugins[io.containerd.cri].a)
        "#
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let key = r#"[ab."]{0,2}"#;
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            (0..2i64).prop_map(Value::from),
            "[01a\"]{0,1}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 8, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn different_patches_are_described_differently(a in any_json(), b in any_json()) {
            let (a, b) = (json!({"a": a}), json!({"a": b}));
            prop_assert_eq!(a == b, parameters(a) == parameters(b));
        }
    }
}
