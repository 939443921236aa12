//! One of the section `priorityClasses`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::schema::required;
use crate::cluster::PreemptionPolicy;

/// How much pods of this class matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields, transform = required("name value"))]
pub struct PriorityClassSpec {
    /// The name, which does not begin with `system-`.
    pub name: String,
    /// Up to a thousand million; more matters more.
    pub value: Option<i64>,
    /// Whether pods without a class are of this one.
    pub global_default: bool,
    /// Whether pods of this class drive others away.
    #[schemars(with = "PreemptionPolicy")]
    pub preemption_policy: String,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Default for PriorityClassSpec {
    fn default() -> PriorityClassSpec {
        PriorityClassSpec {
            name: String::new(),
            value: None,
            global_default: false,
            preemption_policy: PreemptionPolicy::LowerPriority.to_string(),
            description: String::new(),
        }
    }
}
