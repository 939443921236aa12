//! YAML documents that the plan has composed: manifests of Kubernetes objects, and configurations without parts of their own.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde_json::{Map, Value};

use super::patch::each_leaf;
use super::{DecidedBy, Ingredients, Make};
use crate::yaml;

/// One file of one or more documents.
pub struct Documents(pub Vec<Document>);

/// A mapping, and the field of the cluster's file that decides it.
pub struct Document {
    pub members: Map<String, Value>,
    pub decided_by: DecidedBy,
}

impl Documents {
    /// Documents, each with who decides it.
    pub fn of(values: impl IntoIterator<Item = (DecidedBy, Value)>) -> Self {
        let document = |(decided_by, value)| match value {
            Value::Object(members) => Document { members, decided_by },
            other => panic!("the plan composes mappings, not {other}"),
        };
        Self(values.into_iter().map(document).collect())
    }
}

impl Make for Documents {
    const KIND: Kind = Kind {
        name: "documents",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        for Document { members, decided_by } in &self.0 {
            manifest.text("document", "begins", Origin::Program);
            each_leaf(members, "", "", &mut |name, _, value| {
                decided_by.describe(manifest, name, &value.to_string());
            });
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let texts = self.0.iter().map(|document| yaml::document(&Value::Object(document.members.clone())));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        Ok(Content::public(texts.join("---\n").into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn written(values: impl IntoIterator<Item = Value>) -> Documents {
        let decided_by = DecidedBy::Spec("priorityClasses[0]".to_owned());
        Documents::of(values.into_iter().map(|value| (decided_by.clone(), value)))
    }

    #[test]
    fn each_document_begins_with_what_it_is() {
        let documents = || written([json!({"a": 1, "kind": "K"}), json!({"apiVersion": "v1", "list": [1]})]);
        insta::assert_snapshot!(text(documents(), &[]), @r"
        kind: K
        a: 1
        ---
        apiVersion: v1
        list:
        - 1
        ");
        insta::assert_snapshot!(description(&documents().into()), @r#"
        document = begins (kthw)
        a = 1 (priorityClasses[0])
        kind = "K" (priorityClasses[0])
        document = begins (kthw)
        apiVersion = "v1" (priorityClasses[0])
        list = [1] (priorityClasses[0])
        "#);
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            written([json!({"a": 1, "b": 2})]).into(),
            written([json!({"a": 1}), json!({"b": 2})]).into(),
            written([json!({"a": 1, "b": 3})]).into(),
            written([json!({"a": {"b": 2}})]).into(),
            written([json!({"a": {"b": "2"}})]).into(),
            written([json!({"a.b": 2})]).into(),
        ]);
    }
}
