//! The section `controlPlane`: leases, lost hosts, admission.

use std::time::Duration;

use semver::Version;
use serde_json::{Map, Value};

use super::admission;
use super::documents::Document;
use crate::cluster::duration;
use crate::cluster::{Cluster, ControlPlane, LeaderElection, Program};
use crate::field_path::join;
use crate::meant::{AMONG_MANY, did_you_mean};
use crate::spec::document::{ControlPlaneSpec, LeaderElectionSpec};
use crate::spec::problem::Problem;

/// Admission plugins with the minors of Kubernetes 1 that have them.
const PLUGINS: &[(&str, std::ops::RangeInclusive<u64>)] = &[
    ("AlwaysAdmit", 0..=99),
    ("AlwaysDeny", 0..=99),
    ("AlwaysPullImages", 0..=99),
    ("CertificateApproval", 0..=99),
    ("CertificateSigning", 0..=99),
    ("CertificateSubjectRestriction", 0..=99),
    ("ClusterTrustBundleAttest", 0..=99),
    ("DefaultIngressClass", 0..=99),
    ("DefaultStorageClass", 0..=99),
    ("DefaultTolerationSeconds", 0..=99),
    ("DenyServiceExternalIPs", 0..=99),
    ("EventRateLimit", 0..=99),
    ("ExtendedResourceToleration", 0..=99),
    ("ImagePolicyWebhook", 0..=99),
    ("JobValidation", 36..=36),
    ("LimitPodHardAntiAffinityTopology", 0..=99),
    ("LimitRanger", 0..=99),
    ("MutatingAdmissionPolicy", 32..=99),
    ("MutatingAdmissionWebhook", 0..=99),
    ("NamespaceAutoProvision", 0..=99),
    ("NamespaceExists", 0..=99),
    ("NamespaceLifecycle", 0..=99),
    ("NodeDeclaredFeatureValidator", 35..=99),
    ("NodeRestriction", 0..=99),
    ("OwnerReferencesPermissionEnforcement", 0..=99),
    ("PersistentVolumeClaimResize", 0..=99),
    ("PodGroupProtection", 36..=99),
    ("PodGroupWorkloadExists", 36..=36),
    ("PodNodeSelector", 0..=99),
    ("PodResizeValidator", 36..=99),
    ("PodSecurity", 0..=99),
    ("PodTolerationRestriction", 0..=99),
    ("PodTopologyLabels", 33..=99),
    ("Priority", 0..=99),
    ("ResourceQuota", 0..=99),
    ("RuntimeClass", 0..=99),
    ("SecurityContextDeny", 0..=29),
    ("ServiceAccount", 0..=99),
    ("StorageObjectInUseProtection", 0..=99),
    ("TaintNodesByCondition", 0..=99),
    ("ValidatingAdmissionPolicy", 0..=99),
    ("ValidatingAdmissionWebhook", 0..=99),
];

/// The plugins that read a configuration and are off unless somebody turns them on.
const OFF: [&str; 2] = ["EventRateLimit", "ImagePolicyWebhook"];

/// Decides the settings of the three programs.
pub fn resolve(
    spec: &ControlPlaneSpec,
    kubernetes: Option<&Version>,
    problems: &mut Vec<Problem>,
) -> ControlPlane {
    let path = |field: &str| format!("controlPlane.{field}");
    leases(&spec.leader_election, problems);
    let monitor = &spec.node_monitor;
    let period = positive(&path("nodeMonitor.period"), monitor.period.as_deref(), problems);
    let grace = positive(&path("nodeMonitor.gracePeriod"), monitor.grace_period.as_deref(), problems);
    if let (Some(period), Some(grace)) = (period, grace)
        && period >= grace
    {
        let path = path("nodeMonitor.gracePeriod");
        problems.push(
            Problem::error(&path, format!("{path} is not longer than controlPlane.nodeMonitor.period"))
                .fix("let a host be silent for several periods"),
        );
    }
    for (i, plugin) in spec.admission_plugins.iter().enumerate() {
        let path = path(&format!("admissionPlugins[{i}]"));
        known_plugin(&path, plugin, kubernetes, problems);
        if spec.admission_plugins[..i].contains(plugin) {
            let problem = Problem::error(&path, format!("{path} {plugin} is listed twice"));
            problems.push(problem.fix("remove one of them"));
        }
    }
    let configs = spec.admission_config.iter().filter_map(|(plugin, config)| {
        let config = plugin_config(plugin, config, &spec.admission_plugins, kubernetes, problems)?;
        Some((plugin.clone(), config.clone()))
    });
    let admission_config = configs.collect();
    admission::unconfigured(
        &spec.admission_plugins,
        |plugin| spec.admission_config.contains_key(plugin),
        problems,
    );
    ControlPlane {
        leader_election: LeaderElection {
            lease_duration: spec.leader_election.lease_duration.clone(),
            renew_deadline: spec.leader_election.renew_deadline.clone(),
            retry_period: spec.leader_election.retry_period.clone(),
        },
        node_monitor_period: monitor.period.clone(),
        node_monitor_grace_period: monitor.grace_period.clone(),
        not_ready_toleration: seconds(
            &path("eviction.notReady"),
            spec.eviction.not_ready.as_deref(),
            problems,
        ),
        unreachable_toleration: seconds(
            &path("eviction.unreachable"),
            spec.eviction.unreachable.as_deref(),
            problems,
        ),
        admission_plugins: spec.admission_plugins.clone(),
        admission_config,
    }
}

/// What client-go demands: a lease outlives the attempts to renew it, which outlast the pauses between them.
fn leases(spec: &LeaderElectionSpec, problems: &mut Vec<Problem>) {
    let before = problems.len();
    let mut field = |name: &str, text: &Option<String>, default: u64| {
        let path = format!("controlPlane.leaderElection.{name}");
        let written = positive(&path, text.as_deref(), problems);
        (path, written.unwrap_or(Duration::from_secs(default)))
    };
    let (lease_path, lease) = field("leaseDuration", &spec.lease_duration, 15);
    let (renew_path, renew) = field("renewDeadline", &spec.renew_deadline, 10);
    let (retry_path, retry) = field("retryPeriod", &spec.retry_period, 2);
    if problems.len() > before {
        return;
    }
    if lease <= renew {
        let path = if spec.lease_duration.is_some() { &lease_path } else { &renew_path };
        let message = format!("{lease_path} {lease:?} is not longer than {renew_path} {renew:?}");
        problems.push(
            Problem::error(path, message).fix("let the lease outlive the deadline, for instance 15s and 10s"),
        );
    }
    if renew <= retry.mul_f64(1.2) {
        let path = if spec.renew_deadline.is_some() { &renew_path } else { &retry_path };
        let message = format!("{renew_path} {renew:?} is not more than 1.2 times {retry_path} {retry:?}");
        problems.push(
            Problem::error(path, message).fix("leave time for several attempts, for instance 10s and 2s"),
        );
    }
}

/// A duration longer than nothing.
fn positive(path: &str, text: Option<&str>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let text = text?;
    let parsed = duration::parse(text).filter(|duration| !duration.is_zero());
    if parsed.is_none() {
        let problem = Problem::error(path, format!("{path} {text} is not a duration longer than nothing"));
        problems.push(problem.fix("write it like 5s or 1m30s"));
    }
    parsed
}

/// A duration that a flag takes in whole seconds.
fn seconds(path: &str, text: Option<&str>, problems: &mut Vec<Problem>) -> Option<u64> {
    let text = text?;
    let parsed = duration::parse(text).filter(|duration| duration.subsec_nanos() == 0);
    if parsed.is_none() {
        let problem = Problem::error(path, format!("{path} {text} is not a duration of whole seconds"));
        problems.push(problem.fix("write it like 60s or 5m"));
    }
    parsed.map(|duration| duration.as_secs())
}

fn known_plugin(path: &str, plugin: &str, kubernetes: Option<&Version>, problems: &mut Vec<Problem>) {
    let Some((_, minors)) = PLUGINS.iter().find(|(name, _)| *name == plugin) else {
        let fix = did_you_mean(plugin, PLUGINS.iter().map(|(name, _)| *name), AMONG_MANY)
            .unwrap_or_else(|| "see `kube-apiserver --help` for --enable-admission-plugins".to_owned());
        let message = format!("{path} {plugin} is not an admission plugin");
        return problems.push(Problem::error(path, message).fix(fix).discreet());
    };
    if let Some(version) = kubernetes.filter(|version| !minors.contains(&version.minor)) {
        let message = format!("{path} {plugin} is not an admission plugin of Kubernetes {version}");
        problems.push(Problem::error(path, message).fix("remove it: only other versions have it"));
    }
}

/// Reports plugins that are on and that a flag turns off: the API server refuses to start with both.
pub fn turned_off(cluster: &Cluster, problems: &mut Vec<Problem>) {
    let path = "components.kube-apiserver.flags.disable-admission-plugins";
    let flags = cluster.components.of(Program::KubeApiserver);
    let off = flags.values("disable-admission-plugins");
    for plugin in off.iter().flat_map(|value| value.split(',')) {
        let (what, fix) = match plugin {
            "NodeRestriction" => ("kthw turns on", "remove it: without it a kubelet may change other nodes"),
            _ if cluster.control_plane.admission_plugins.iter().any(|on| on == plugin) => {
                ("controlPlane.admissionPlugins turns on", "remove it from one of the two")
            }
            _ => continue,
        };
        problems.push(Problem::error(path, format!("{path} {plugin} is what {what}")).fix(fix));
    }
}

/// Plugins whose configuration is no document of an API, but everything below this field
/// (plugin/pkg/admission/{imagepolicy,podnodeselector}/admission.go of Kubernetes).
const BARE: &[(&str, &str)] =
    &[("ImagePolicyWebhook", "imagePolicy"), ("PodNodeSelector", "podSelectorPluginConfig")];

/// The configuration of one plugin: a document of its own API.
fn plugin_config<'c>(
    plugin: &str,
    config: &'c Value,
    enabled: &[String],
    kubernetes: Option<&Version>,
    problems: &mut Vec<Problem>,
) -> Option<&'c Map<String, Value>> {
    let path = join("controlPlane.admissionConfig", plugin);
    let before = problems.len();
    known_plugin(&path, plugin, kubernetes, problems);
    if problems.len() > before {
        return None;
    }
    if OFF.contains(&plugin) && !enabled.iter().any(|name| name == plugin) {
        problems.push(
            Problem::error(&path, format!("{path} has no effect: the plugin is off"))
                .fix(format!("add {plugin} to controlPlane.admissionPlugins")),
        );
    }
    let is_document =
        ["apiVersion", "kind"].iter().all(|field| config.get(field).is_some_and(Value::is_string));
    let is_bare =
        BARE.iter().any(|(name, field)| *name == plugin && config.get(field).is_some_and(Value::is_object));
    if !is_document && !is_bare {
        problems.push(
            Problem::error(&path, format!("{path} is not a document with apiVersion and kind"))
                .fix("write the configuration as the plugin's documentation has it"),
        );
    }
    let members = config.as_object()?;
    if let Some(version) = kubernetes.filter(|_| is_document) {
        Document { name: plugin, program: "Kubernetes", version }.mapping(&path, members, problems);
    }
    if is_document || is_bare {
        admission::check(plugin, &path, members, problems);
    }
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Program;
    use crate::cluster::fields::flag_values;

    #[test]
    fn the_plugins_are_those_that_programs_name() {
        for minor in [35, 36, 37] {
            let version = Version::new(1, minor, 0);
            let values = flag_values(Program::KubeApiserver, &version, "enable-admission-plugins");
            let mut named: Vec<_> = values.words().iter().copied().filter(|word| !word.is_empty()).collect();
            named.sort_unstable();
            let ours = PLUGINS.iter().filter(|(_, minors)| minors.contains(&minor)).map(|(name, _)| *name);
            assert_eq!(named, ours.collect::<Vec<_>>(), "1.{minor}");
        }
    }
}
