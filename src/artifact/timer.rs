//! A systemd timer.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{DecidedBy, Ingredients, Make};

/// Starts the service of its own name at its times, on each host a few minutes later that are always the same, so that
/// hosts of one schedule do not all start at once. A time that was slept through is made up for.
pub struct Timer {
    pub description: &'static str,
    /// A calendar event of systemd, on one line.
    pub schedule: String,
    pub decided_by: DecidedBy,
}

impl Make for Timer {
    const KIND: Kind = Kind {
        name: "timer",
        version: 2,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("description", self.description, Origin::Program);
        self.decided_by.describe(manifest, "schedule", &self.schedule);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let Self { description, schedule, .. } = self;
        let text = format!(
            "[Unit]\nDescription={description}\n\n[Timer]\nOnCalendar={schedule}\n\
             RandomizedDelaySec=10m\nFixedRandomDelay=yes\nPersistent=yes\n\n[Install]\nWantedBy=timers.target\n"
        );
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, text};

    fn timer() -> Timer {
        Timer {
            description: "Snapshots",
            schedule: "*:0/30".to_owned(),
            decided_by: DecidedBy::Spec("etcd.backup.frequent.schedule".to_owned()),
        }
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!(text(timer(), &[]));
        insta::assert_snapshot!("description", description(&timer().into()));
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            timer().into(),
            Timer { description: "Copies", ..timer() }.into(),
            Timer { schedule: "daily".to_owned(), ..timer() }.into(),
        ]);
    }
}
