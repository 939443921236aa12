//! A golden file that is written for people: entries, each about some nodes.

use kthw_graph::NodeId;

/// Entries in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub entries: Vec<Entry>,
    /// What stands between two entries.
    pub separator: &'static str,
}

/// A line or a paragraph, with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub text: String,
    /// What it was made from, nearest first.
    pub about: Vec<NodeId>,
}

impl Text {
    /// A text whose entries are lines.
    pub fn lines(entries: Vec<Entry>) -> Self {
        Self { entries, separator: "" }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let texts: Vec<&str> = self.entries.iter().map(|entry| entry.text.as_str()).collect();
        texts.join(self.separator).into_bytes()
    }
}
