//! Why the pods of a node have to go elsewhere while its host is changed.

use super::facts::KUBELET;
use super::work::Work;
use crate::findings::{self, Decisions, Moved};
use crate::tree::{Stage, Tree};

const KUBELET_PROGRAM: &str = "/usr/local/bin/kubelet";
/// What runs containers, and what runs only while one is started.
const RUNTIME: [(&str, &str); 3] = [
    ("/usr/local/bin/containerd", "containerd"),
    ("/usr/local/bin/containerd-shim-runc-v2", "containerd"),
    ("/usr/local/sbin/runc", "runc"),
];
const NETWORK: [&str; 2] = ["/opt/cni/bin/", "/etc/cni/net.d/"];

/// The reasons that settings give, on a host where the kubelet or what runs containers takes them up.
pub fn of_settings(decisions: &Decisions<'_>, settings: &[Moved<'_>], host: &str) -> Vec<String> {
    let mut reasons = findings::policies(decisions);
    reasons.extend(findings::lost_room(decisions));
    reasons.extend(settings.iter().filter(|moved| moved.drains(host)).map(Moved::name));
    reasons
}

/// The reasons to drain a node that stays a worker; none for most flags and configuration, which a restarted
/// kubelet or containerd takes up while containers go on. `of_settings` are those that settings give.
pub fn reasons(work: &Work<'_>, of_settings: &[String]) -> Vec<String> {
    let (Some(old), Some(new)) = (work.now, work.wanted) else { return Vec::new() };
    if old.service(KUBELET).is_none() || new.service(KUBELET).is_none() {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let version = |tree: &'_ Tree, path: &str| tree.release(path).map(|release| release.version.clone());
    let versions = |path: &str| Some([version(old, path)?, version(new, path)?]);
    if let Some([old, new]) = versions(KUBELET_PROGRAM)
        && (old.major, old.minor) != (new.major, new.minor)
    {
        reasons.push(format!("kubelet {}.{} → {}.{}", old.major, old.minor, new.major, new.minor));
    }
    for (path, name) in RUNTIME {
        if !work.written.iter().any(|written| *written == path) {
            continue;
        }
        let reason = match versions(path) {
            Some([old, new]) if old != new => format!("{name} {old} → {new}"),
            _ => format!("another {name}"),
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let mut paths = work.written.iter().chain(&work.removed);
    if paths.any(|path| is_network(path)) {
        reasons.push("network plugins".to_owned());
    }
    if work.units.iter().any(|unit| unit.stage == Stage::Workers) {
        reasons.extend_from_slice(of_settings);
    }
    reasons
}

/// Whether a pod gets its network from this file when it is made.
pub fn is_network(path: &str) -> bool {
    NETWORK.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;

    #[test]
    fn pods_leave_for_another_minor_another_runtime_and_another_network_alone() {
        let check = |from: &str, to: &str, expected: &[&str]| {
            let rollout = Trial::of("single").after(|text| text.replace(from, to)).rollout();
            let found: Vec<(&str, &[String])> = rollout.drains().collect();
            assert_eq!(found.len(), if expected.is_empty() { 0 } else { 2 }, "{found:?}");
            assert!(found.iter().all(|(_, why)| *why == expected), "{found:?}");
        };
        let version = "kubernetes: 1.35.1";
        check(version, "kubernetes: 1.35.9", &[]);
        check(version, "kubernetes: 1.36.1", &["kubelet 1.35 → 1.36", "containerd 2.2.7 → 2.3.4"]);
        check(version, "kubernetes: 1.35.1\n  containerd: 2.2.8", &["containerd 2.2.7 → 2.2.8"]);
        check(version, "kubernetes: 1.35.1\n  runc: 1.4.4", &["runc 1.4.3 → 1.4.4"]);
        check(version, "kubernetes: 1.35.1\n  cniPlugins: 1.9.2", &["network plugins"]);
        check(version, "kubernetes: 1.35.1\n  crictl: 1.36.0", &[]);
        let components = |section: &str| format!("components: {{{section}}}\nnetwork:\n");
        check("network:\n", &components("kubelet: {config: {maxPods: 150}, flags: {v: 4}}"), &[]);
        check("network:\n", &components("containerd: {flags: {log-level: debug}}"), &[]);
        check("pods: 10.200.0.0/16", "pods: 10.201.0.0/16", &["network plugins"]);
    }
}
