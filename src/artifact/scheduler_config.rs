//! The scheduler's configuration file.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use semver::Version;
use serde_json::{Value, json};

use super::{Ingredients, Make, Patch};
use crate::cluster::{Program, configuration};
use crate::yaml;

/// A KubeSchedulerConfiguration. A scheduler that has one ignores the flags that it replaces, among them
/// `--kubeconfig`, `--leader-elect` and `--profiling`.
pub struct SchedulerConfig {
    pub api: SchedulerApi,
    pub kubeconfig: String,
    /// Durations of leases by field; what is missing is the scheduler's own.
    pub leases: Vec<(&'static str, String)>,
    pub patch: Patch,
}

/// A version of the KubeSchedulerConfiguration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchedulerApi {
    V1Beta3,
    V1,
}

impl SchedulerApi {
    /// The newest that this Kubernetes knows.
    pub fn for_kubernetes(version: &Version) -> Self {
        if (version.major, version.minor) < (1, 25) { Self::V1Beta3 } else { Self::V1 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::V1Beta3 => "kubescheduler.config.k8s.io/v1beta3",
            Self::V1 => "kubescheduler.config.k8s.io/v1",
        }
    }
}

impl SchedulerConfig {
    /// The file as a structure.
    pub fn document(&self) -> Value {
        let mut document = configuration::ours(Program::KubeScheduler);
        document["apiVersion"] = json!(self.api.name());
        document["clientConnection"] = json!({"kubeconfig": self.kubeconfig});
        for (field, duration) in &self.leases {
            document["leaderElection"][*field] = duration.as_str().into();
        }
        self.patch.apply(&mut document);
        document
    }
}

impl Make for SchedulerConfig {
    const KIND: Kind = Kind {
        name: "scheduler-config",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("api-version", self.api.name(), Origin::Spec(format_args!("versions.kubernetes")));
        manifest.text("kubeconfig", &self.kubeconfig, Origin::Program);
        for (field, duration) in &self.leases {
            let origin = Origin::Spec(format_args!("controlPlane.leaderElection.{field}"));
            manifest.text(field, duration, origin);
        }
        self.patch.describe(manifest);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(yaml::document(&self.document())?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, patch, text};

    fn scheduler() -> SchedulerConfig {
        SchedulerConfig {
            api: SchedulerApi::V1,
            kubeconfig: "/etc/kubernetes/scheduler.kubeconfig".to_owned(),
            leases: Vec::new(),
            patch: patch("components.kube-scheduler.config", json!({})),
        }
    }

    #[test]
    fn the_api_follows_kubernetes() {
        let check = |version: (u64, u64, u64), api: SchedulerApi| {
            let (major, minor, patch) = version;
            assert_eq!(SchedulerApi::for_kubernetes(&Version::new(major, minor, patch)), api, "{version:?}");
        };
        check((1, 24, 17), SchedulerApi::V1Beta3);
        check((1, 25, 0), SchedulerApi::V1);
        check((1, 35, 1), SchedulerApi::V1);
        check((2, 0, 0), SchedulerApi::V1);
    }

    #[test]
    fn a_plain_scheduler_is_pinned() {
        insta::assert_snapshot!(text(scheduler(), &[]));
    }

    /// A merge patch replaces lists: a user's profiles are all profiles, which is what the scheduler reads too.
    #[test]
    fn what_a_user_scores_by_is_there() {
        let change = json!({"percentageOfNodesToScore": 30, "profiles": [{"schedulerName": "packing"}]});
        let patch = patch("components.kube-scheduler.config", change);
        let leases = vec![("leaseDuration", "30s".to_owned())];
        insta::assert_snapshot!(text(SchedulerConfig { patch, leases, ..scheduler() }, &[]));
    }

    #[test]
    fn every_parameter_counts() {
        let with = |change: Value| patch("components.kube-scheduler.config", change);
        all_differ([
            scheduler().into(),
            SchedulerConfig { api: SchedulerApi::V1Beta3, ..scheduler() }.into(),
            SchedulerConfig { kubeconfig: "/other".to_owned(), ..scheduler() }.into(),
            SchedulerConfig { leases: vec![("leaseDuration", "30s".to_owned())], ..scheduler() }.into(),
            SchedulerConfig { leases: vec![("leaseDuration", "20s".to_owned())], ..scheduler() }.into(),
            SchedulerConfig { patch: with(json!({"parallelism": 8})), ..scheduler() }.into(),
            SchedulerConfig { patch: with(json!({"leaderElection": null})), ..scheduler() }.into(),
        ]);
    }
}
