//! The JSON Schema of the cluster file, for editors and for finding what a misspelt field meant.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::document::ClusterSpec;
use crate::field_path::steps;

/// The schema (draft 2020-12) as indented JSON.
pub fn schema() -> String {
    format!("{:#}\n", document())
}

fn document() -> Value {
    schemars::schema_for!(ClusterSpec).to_value()
}

/// Flags: a scalar, a list of scalars, or null under any name.
pub(super) fn flags(_: &mut SchemaGenerator) -> Schema {
    let scalar = ["string", "boolean", "integer", "number"];
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": ["string", "boolean", "integer", "number", "array", "null"],
            "items": { "type": scalar },
        },
    })
}

/// Marks fields, named with spaces between, that must be written; drops the empty defaults that parsing gives them.
pub(super) fn required(names: &'static str) -> impl FnMut(&mut Schema) {
    move |schema| {
        let names: Vec<_> = names.split(' ').collect();
        for name in &names {
            let field = schema.pointer_mut(&format!("/properties/{name}"));
            if let Some(field) = field.and_then(Value::as_object_mut) {
                field.remove("default");
            }
        }
        schema.insert("required".to_owned(), names.into());
    }
}

/// The fields that each part of the cluster file may have.
pub(super) struct Fields {
    schema: Value,
}

impl Fields {
    pub(super) fn new() -> Fields {
        Fields { schema: document() }
    }

    /// The names of the fields at `path`, sorted.
    pub(super) fn of(&self, path: &str) -> Vec<String> {
        let mut part = &self.schema;
        for step in steps(path) {
            part = match self.child(part, &step) {
                Some(child) => child,
                None => return Vec::new(),
            };
        }
        let properties = part.get("properties").and_then(Value::as_object);
        properties.map_or_else(Vec::new, |fields| fields.keys().cloned().collect())
    }

    /// The schema of the field or item `step`; of several that it may have, the one with fields.
    fn child<'s>(&'s self, part: &'s Value, step: &str) -> Option<&'s Value> {
        let child =
            part.get("properties").and_then(|fields| fields.get(step)).or_else(|| part.get("items"))?;
        let child = self.follow(child)?;
        match child.get("anyOf").and_then(Value::as_array) {
            Some(either) => {
                either.iter().filter_map(|one| self.follow(one)).find(|one| one.get("properties").is_some())
            }
            None => Some(child),
        }
    }

    /// What a reference stands for.
    fn follow<'s>(&'s self, part: &'s Value) -> Option<&'s Value> {
        match part.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.schema.pointer(reference.trim_start_matches('#')),
            None => Some(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_pinned() {
        insta::assert_snapshot!(schema());
    }

    #[test]
    fn fields_are_found_by_path() {
        let fields = Fields::new();
        let check = |path, expected: &[&str]| assert_eq!(fields.of(path), expected, "{path}");
        check("api", &["endpoint", "loadBalancer", "sans"]);
        check("hosts[3].taints[0]", &["effect", "key", "value"]);
        check("components.kubelet", &["config", "flags"]);
        check("hosts[0].labels", &[]);
        check("addons.coreDNS", &["corefile", "replicas"]);
        check("nothing", &[]);
    }
}
