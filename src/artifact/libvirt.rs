//! XML as libvirt reads it.

use std::fmt;

use kthw_graph::ActionError;
use serde::Serialize;

/// Writes one document, two spaces deep.
pub fn document(document: &impl Serialize) -> Result<String, ActionError> {
    let mut text = String::new();
    let mut serializer = quick_xml::se::Serializer::new(&mut text);
    serializer.indent(' ', 2);
    document.serialize(serializer)?;
    text.push('\n');
    Ok(text)
}

/// An element that has a name and nothing else.
#[derive(Serialize)]
pub struct Named<'a> {
    #[serde(rename = "@name")]
    pub name: &'a str,
}

/// An element that has a type and nothing else.
#[derive(Serialize)]
pub struct Typed {
    #[serde(rename = "@type")]
    pub is: &'static str,
}

/// What libvirt knows a thing by whatever it is called: the same for the same cluster, so that defining it again
/// changes it.
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Of one thing of a cluster, by the cluster's id; a UUID of version 8.
    pub fn of(cluster: &str, thing: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("kthw.dev 2026-11-21 libvirt uuid v1");
        for part in [cluster, thing] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        bytes[6] = 0x80 | bytes[6] & 0x0f;
        bytes[8] = 0x80 | bytes[8] & 0x3f;
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let hyphen = if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_a_cluster_and_a_thing() {
        insta::assert_snapshot!(Uuid::of("hard-way-0a1b2c3d", "worker-1"), @"3b77b6ed-6872-8c8d-bfca-4e80d25e6543");
        assert_ne!(Uuid::of("a", "b").to_string(), Uuid::of("b", "a").to_string());
    }
}
