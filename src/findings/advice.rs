//! What to do about a finding: in words for people, and as acts for whoever follows it step by step.
//!
//! All advice is made here, so that words and acts cannot say different things, and a test follows every act to its end.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::visible::visible;

/// A text, and what it tells to do before the wanted state is rolled out; no acts where that is up to people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advice {
    text: String,
    acts: Vec<Act>,
}

/// One thing to do. What changes an input is rolled out before the next act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// Leaves all as it is: there is no way to what is wanted.
    Keep,
    /// Sets the list of keys in kthw.lock, and leaves all else as it is.
    SetEncryption { keys: Vec<u32> },
    /// Sets a version in cluster.yaml, and leaves all else as it is.
    SetVersion { of: &'static str, version: String },
    /// Takes a host out of cluster.yaml, and leaves all else as it is.
    RemoveHost { host: String },
    /// Takes a host as it is wanted, and leaves all else as it is.
    AddHost { host: String },
    /// Gives a host an address that nobody has or had, and leaves all else as it is.
    MoveAway { host: String },
    /// All that is wanted, and besides that the role etcd on all of these hosts, which are still there.
    SpreadEtcd { hosts: Vec<String> },
    /// All that is wanted, and this value of a field as well.
    Besides { field: &'static str, values: Vec<String> },
    /// All that is wanted, and this epoch in the place of its own.
    Renew { of: &'static str, moment: String },
    /// Has whatever is encrypted written anew, with the key that encrypts now.
    Rewrite { command: String },
    /// Wipes a machine.
    Wipe { host: String },
}

impl Advice {
    /// Goes on with these words.
    pub fn say(mut self, words: impl AsRef<str>) -> Self {
        self.text += &visible(words.as_ref());
        self
    }

    /// Goes on with an act, in its own words.
    pub fn act(mut self, act: Act) -> Self {
        self.text += &visible(&act.to_string());
        self.acts.push(act);
        self
    }

    /// An act that the words before or after it tell.
    pub fn meaning(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    pub fn acts(&self) -> &[Act] {
        &self.acts
    }
}

/// As it is written in a sentence.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("leave it as it is"),
            Self::SetEncryption { keys } => write!(f, "`encryption = {keys:?}`"),
            Self::SetVersion { of, version } => write!(f, "{of} {version}"),
            Self::RemoveHost { host } => write!(f, "take {host} out of hosts"),
            Self::AddHost { host } => write!(f, "add {host}"),
            Self::MoveAway { host } => write!(f, "{host} goes to an address that nobody had"),
            Self::SpreadEtcd { hosts } => write!(f, "have the role etcd on {}", hosts.join(", ")),
            Self::Besides { field, values } => write!(f, "`{field}: [{}]`", values.join(", ")),
            Self::Renew { of, moment } => write!(f, "`{of} = {moment}`"),
            Self::Rewrite { command } => write!(f, "write all objects anew ({command})"),
            Self::Wipe { .. } => f.write_str("wipe the machine"),
        }
    }
}

impl Deref for Advice {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for Advice {
    fn from(text: &str) -> Self {
        Self::default().say(text)
    }
}

impl From<String> for Advice {
    fn from(text: String) -> Self {
        Self::default().say(text)
    }
}

/// As a text: the acts stand beside it.
impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
