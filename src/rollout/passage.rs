//! What one host holds while a rollout goes on, step by step.

use std::collections::BTreeMap;

use kthw_store::Digest;

use super::work::Work;
use crate::steps::{Action, Gate, Quorum, Step, WayBack};
use crate::tree::{self, Closure, HostPath, Placed, Release, Service};

pub struct Passage<'t> {
    work: &'t Work<'t>,
    files: BTreeMap<&'t HostPath, &'t Placed>,
    services: &'t [Service],
    is_ended: bool,
}

impl<'t> Passage<'t> {
    pub fn of(work: &'t Work<'t>) -> Self {
        Self {
            work,
            files: work.now.into_iter().flat_map(|tree| &tree.files).collect(),
            services: work.now.map_or(&[], |tree| &tree.services),
            is_ended: false,
        }
    }

    /// What the host holds at a path.
    pub fn held(&self, path: &str) -> Option<&'t Placed> {
        self.files.iter().find(|(known, _)| **known == path).map(|(_, placed)| *placed)
    }

    /// What a unit was started with before the rollout.
    pub fn closure(&self, unit: &str) -> Option<Closure> {
        self.work.started_with.get(unit).copied()
    }

    pub fn release(&self, path: &str) -> Option<&'t Release> {
        self.held(path)?.release.as_ref()
    }

    /// Goes on to what the host holds after these actions.
    pub fn step(
        &mut self,
        actions: Vec<Action>,
        quorum: Option<Quorum>,
        gate: Gate,
        way_back: WayBack,
    ) -> Step {
        let expects = self.digest();
        for action in &actions {
            match action {
                Action::Install { files } => {
                    let wanted = self.work.wanted.into_iter().flat_map(|wanted| &wanted.files);
                    self.files.extend(wanted.filter(|(path, _)| files.contains_key(*path)));
                }
                Action::Remove { paths } => self.files.retain(|path, _| !paths.contains(path)),
                _ => {}
            }
        }
        let reaches = self.digest();
        Step {
            host: self.work.host.to_owned(),
            expects,
            reaches,
            services: None,
            actions,
            quorum,
            gate,
            way_back,
        }
    }

    /// With its last step a host has the services that it is to have. Called with each step, the last one first.
    pub fn end(&mut self, step: &mut Step) {
        if std::mem::replace(&mut self.is_ended, true) {
            return;
        }
        if let Some(wanted) = self.work.wanted.filter(|wanted| wanted.services != self.services) {
            step.services = Some(wanted.services.clone());
            self.services = &wanted.services;
            step.reaches = self.digest();
        }
    }

    fn digest(&self) -> Digest {
        tree::digest(self.files.iter().map(|(path, placed)| (*path, *placed)), self.services)
    }
}
