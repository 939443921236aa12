//! Add-ons: what is applied to the running cluster once its API answers.

/// Settings of add-ons.
#[derive(Debug, Clone, PartialEq)]
pub struct Addons {
    /// CoreDNS, if it answers for the cluster's domain.
    pub core_dns: Option<CoreDns>,
    /// A JSON merge patch for the values of Cilium's chart; `{}` changes nothing.
    pub cilium_values: serde_json::Map<String, serde_json::Value>,
}

/// What is decided of CoreDNS; the rest may be changed in the running cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoreDns {
    pub replicas: Option<u32>,
    pub corefile: Option<String>,
}
