//! A systemd unit that kthw starts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{HostPath, Stage, UNITS};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub unit: Cow<'static, str>,
    /// When its turn comes in a rollout.
    pub stage: Stage,
    /// The files that it opens, besides its own.
    pub reads: Vec<HostPath>,
    pub on_change: OnChange,
}

/// What a unit that runs wants when a file that it reads has changed. Another unit file is always a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnChange {
    Restart,
    /// `systemctl reload`: it reads all of these files anew, and goes on meanwhile.
    Reload,
    /// It sees for itself that they have changed.
    Nothing,
}

impl Service {
    /// Whether systemd reads this file as part of the unit.
    pub fn owns(&self, path: &str) -> bool {
        let Some(name) = path.strip_prefix(UNITS) else { return false };
        name.strip_prefix(&*self.unit).is_some_and(|rest| rest.is_empty() || rest.starts_with(".d/"))
    }

    /// Whether the service opens this file, or systemd does for it.
    pub fn opens(&self, path: &str) -> bool {
        self.owns(path) || self.reads.iter().any(|read| read == path)
    }

    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        super::encode(&self.unit, into);
        super::encode(self.on_change.as_str(), into);
        into.extend_from_slice(&(self.reads.len() as u64).to_le_bytes());
        self.reads.iter().for_each(|path| super::encode(path, into));
    }
}

impl OnChange {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Nothing => "nothing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_its_file_and_its_drop_ins_and_no_others() {
        let service = Service {
            unit: Cow::Borrowed("etcd.service"),
            stage: Stage::Etcd,
            reads: Vec::new(),
            on_change: OnChange::Restart,
        };
        let check = |path: &str, expected: bool| assert_eq!(service.owns(path), expected, "{path}");
        check("/etc/systemd/system/etcd.service", true);
        check("/etc/systemd/system/etcd.service.d/10-limits.conf", true);
        check("/etc/systemd/system/etcd.service.draft", false);
        check("/etc/systemd/system/etcd-backup.service", false);
        check("/etc/etcd.service", false);
    }
}
