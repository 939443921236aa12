//! One file of a host.

use std::borrow::Cow;
use std::fmt;

use kthw_store::Output;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub output: Output,
    #[serde(flatten)]
    pub permissions: Permissions,
    /// Of a program, the release that it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    #[serde(serialize_with = "as_octal", deserialize_with = "from_octal")]
    pub mode: u32,
    pub owner: Owner,
}

/// `user:group`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    #[serde(rename = "root:root")]
    Root,
}

/// What somebody has released, as kthw.lock names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub name: String,
    pub version: semver::Version,
}

impl Placed {
    /// The release adds nothing: it follows from the output.
    pub(super) fn encode(&self, path: &str, into: &mut Vec<u8>) {
        super::encode(path, into);
        into.extend_from_slice(&self.output.to_bytes());
        into.extend_from_slice(&self.permissions.mode.to_le_bytes());
        super::encode(self.permissions.owner.as_str(), into);
    }
}

impl Permissions {
    pub const fn of_root(mode: u32) -> Self {
        Self { mode, owner: Owner::Root }
    }
}

impl Owner {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root:root",
        }
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o} {}", self.mode, self.owner.as_str())
    }
}

/// `0644`
fn as_octal<S: Serializer>(mode: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{mode:04o}"))
}

fn from_octal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    u32::from_str_radix(&text, 8).map_err(serde::de::Error::custom)
}

fn as_text<S: Serializer>(output: &Output, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(output)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Output, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
