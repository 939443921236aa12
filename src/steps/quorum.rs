//! How many members of etcd are left at a step, and how many have to be.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The members of etcd while one of them is restarted, joins, or has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Document")]
pub struct Quorum {
    pub members: usize,
    /// Those that answer meanwhile, if all were well before.
    pub stay: usize,
}

impl Quorum {
    /// One of so many members is away.
    pub fn without_one(members: usize) -> Self {
        Self { members, stay: members.saturating_sub(1) }
    }

    /// How many members have to agree.
    pub fn needed(self) -> usize {
        self.members / 2 + 1
    }

    /// How many more may fail meanwhile; none at all where etcd does not answer.
    pub fn margin(self) -> Option<usize> {
        self.stay.checked_sub(self.needed())
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { members, stay } = self;
        write!(f, "{stay} of {members} stay, quorum {}, ", self.needed())?;
        match self.margin() {
            Some(margin) => write!(f, "margin {margin}"),
            None => f.write_str("so etcd does not answer meanwhile"),
        }
    }
}

/// As programs see it: with what follows from the two numbers.
#[derive(Serialize)]
struct Document {
    members: usize,
    quorum: usize,
    stay: usize,
    margin: Option<usize>,
}

impl From<Quorum> for Document {
    fn from(quorum: Quorum) -> Self {
        let Quorum { members, stay } = quorum;
        Self { members, quorum: quorum.needed(), stay, margin: quorum.margin() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_what_more_than_half_of_the_members_leaves() {
        let check = |members, expected: &str| {
            assert_eq!(Quorum::without_one(members).to_string(), expected);
        };
        check(1, "0 of 1 stay, quorum 1, so etcd does not answer meanwhile");
        check(2, "1 of 2 stay, quorum 2, so etcd does not answer meanwhile");
        check(3, "2 of 3 stay, quorum 2, margin 0");
        check(4, "3 of 4 stay, quorum 3, margin 0");
        check(5, "4 of 5 stay, quorum 3, margin 1");
        let json = serde_json::to_value(Quorum::without_one(1)).expect("JSON");
        assert_eq!(json, serde_json::json!({"members": 1, "quorum": 1, "stay": 0, "margin": null}));
    }
}
