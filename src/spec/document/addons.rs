//! The section `addons`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What is applied to the running cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct AddonsSpec {
    /// Whether CoreDNS answers for the cluster's domain, or what it is given for that.
    #[serde(rename = "coreDNS")]
    pub core_dns: CoreDnsSpec,
    /// Cilium, where `network.cni` is cilium.
    #[serde(skip_serializing_if = "CiliumSpec::is_default")]
    pub cilium: CiliumSpec,
}

impl Default for AddonsSpec {
    fn default() -> AddonsSpec {
        AddonsSpec { core_dns: CoreDnsSpec::Switch(true), cilium: CiliumSpec::default() }
    }
}

/// `true`, `false`, or settings.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CoreDnsSpec {
    Switch(bool),
    Settings(CoreDnsSettings),
    /// Anything else, which whoever resolves it refuses.
    #[serde(skip)]
    #[schemars(skip)]
    Wrong,
}

/// What is decided of CoreDNS; what is not written may be changed in the running cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct CoreDnsSettings {
    /// How many replicas there are; by default two at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub replicas: Option<u32>,
    /// The whole Corefile; by default one that answers for `network.domain` and forwards the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corefile: Option<String>,
}

/// By hand, so that what is wrong is told with its place.
impl<'de> Deserialize<'de> for CoreDnsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = CoreDnsSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false or a mapping")
            }

            fn visit_bool<E>(self, is_on: bool) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Switch(is_on))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(CoreDnsSpec::Wrong)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                CoreDnsSettings::deserialize(MapAccessDeserializer::new(map)).map(CoreDnsSpec::Settings)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Changes to Cilium.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct CiliumSpec {
    /// A JSON merge patch (RFC 7386) for the values that kthw gives Cilium's chart.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub values: serde_json::Value,
}

impl CiliumSpec {
    fn is_default(&self) -> bool {
        *self == CiliumSpec::default()
    }
}
