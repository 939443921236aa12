//! The JSON Schema of the cluster file, for editors and for finding what a misspelt field meant.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::document::ClusterSpec;

/// The schema (draft 2020-12) as indented JSON.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ClusterSpec);
    format!("{:#}\n", schema.as_value())
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
