//! Add-ons: what is applied to the running cluster once its API answers.

/// Settings of add-ons.
#[derive(Debug, Clone, PartialEq)]
pub struct Addons {
    /// Whether CoreDNS answers for the cluster's domain.
    pub core_dns: bool,
    /// A JSON merge patch for the values of Cilium's chart; `{}` changes nothing.
    pub cilium_values: serde_json::Map<String, serde_json::Value>,
}
