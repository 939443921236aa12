//! The section `downloads`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where release files come from besides their publishers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct DownloadsSpec {
    /// http, https or file URLs that hold the publishers' paths; tried in order, before the publisher.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<String>,
}
