//! What a kubelet cannot just be restarted for: policies whose state it keeps on its host, and less room for pods.
//!
//! <https://kubernetes.io/docs/tasks/administer-cluster/cpu-management-policies/#changing-the-cpu-manager-policy>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Decisions;
use super::finding::{Finding, Kind, fields};
use crate::artifact::kubelet_reservations;
use crate::cluster::{Cluster, FlagValue, duration};
use crate::diff::Inputs;

/// A policy by its key and its flag, what it is unless somebody says so, and where its state is.
struct Policy {
    key: &'static str,
    flag: &'static str,
    default: &'static str,
    state: &'static str,
    /// What else is in the state of any policy but the default: keys and flags.
    kept: &'static [(&'static str, &'static str)],
}

const POLICIES: [Policy; 2] = [
    Policy {
        key: "cpuManagerPolicy",
        flag: "cpu-manager-policy",
        default: "none",
        state: "/var/lib/kubelet/cpu_manager_state",
        kept: &[
            ("cpuManagerPolicyOptions", "cpu-manager-policy-options"),
            ("reservedSystemCPUs", "reserved-cpus"),
            ("kubeReserved.cpu", "kube-reserved"),
            ("systemReserved.cpu", "system-reserved"),
        ],
    },
    Policy {
        key: "memoryManagerPolicy",
        flag: "memory-manager-policy",
        default: "None",
        state: "/var/lib/kubelet/memory_manager_state",
        kept: &[
            ("reservedMemory", "reserved-memory"),
            ("kubeReserved.memory", "kube-reserved"),
            ("systemReserved.memory", "system-reserved"),
            ("evictionHard", "eviction-hard"),
        ],
    },
];

impl Policy {
    /// What the kubelets are told.
    fn of(&self, cluster: &Cluster) -> String {
        let told = told(cluster);
        told.get(self.key).and_then(Value::as_str).unwrap_or(self.default).to_owned()
    }

    /// `key old → new`, if it is another.
    fn moved(&self, decisions: &Decisions<'_>) -> Option<String> {
        let [old, new] = decisions.clusters.map(|cluster| self.of(cluster));
        if old != new {
            return Some(format!("{} {old} → {new}", self.key));
        }
        let is_other = |(key, _): &&(&'static str, &'static str)| {
            let [old, new] = decisions.clusters.map(|cluster| kept(cluster, key));
            old != new
        };
        let (key, _) = self.kept.iter().find(is_other).filter(|_| new != self.default)?;
        Some(format!("{key} under {} {new}", self.key))
    }
}

/// A flag and the field of the configuration that it stands for, with the sign between name and value of what is a mapping.
struct Twin {
    flag: &'static str,
    key: &'static str,
    sign: Option<char>,
}

const fn twin(flag: &'static str, key: &'static str, sign: Option<char>) -> Twin {
    Twin { flag, key, sign }
}

const TWINS: [Twin; 12] = [
    twin("cpu-manager-policy", "cpuManagerPolicy", None),
    twin("cpu-manager-policy-options", "cpuManagerPolicyOptions", Some('=')),
    twin("eviction-hard", "evictionHard", Some('<')),
    twin("eviction-soft", "evictionSoft", Some('<')),
    twin("eviction-soft-grace-period", "evictionSoftGracePeriod", Some('=')),
    twin("kube-reserved", "kubeReserved", Some('=')),
    twin("max-pods", "maxPods", None),
    twin("memory-manager-policy", "memoryManagerPolicy", None),
    twin("pods-per-core", "podsPerCore", None),
    twin("reserved-cpus", "reservedSystemCPUs", None),
    twin("reserved-memory", "reservedMemory", None),
    twin("system-reserved", "systemReserved", Some('=')),
];

impl Twin {
    /// The flag's value as the configuration would say it.
    fn field(&self, value: &FlagValue) -> Value {
        let text = match value {
            FlagValue::Bool(value) => return Value::from(*value),
            FlagValue::Text(text) => text.clone(),
            FlagValue::List(items) => items.join(","),
        };
        let Some(sign) = self.sign else {
            return text.parse::<u64>().map_or(Value::from(text), Value::from);
        };
        let pairs = text.split(',').filter_map(|item| item.split_once(sign));
        Value::Object(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().into())).collect())
    }
}

/// What the kubelets are told: kthw's reservations, the configuration, and the flags, each of which stands for the whole
/// of its field.
fn told(cluster: &Cluster) -> Map<String, Value> {
    let kubelet = &cluster.components.kubelet;
    let mut told = kubelet.config.clone();
    if let Value::Object(reservations) = kubelet_reservations(&kubelet.config) {
        told.extend(reservations);
    }
    for twin in &TWINS {
        if let Some(Some(value)) = kubelet.flags.get(twin.flag) {
            told.insert(twin.key.to_owned(), twin.field(value));
        }
    }
    told
}

/// A setting that is in the state of a policy.
fn kept(cluster: &Cluster, key: &str) -> String {
    let told = told(cluster);
    let value = match key.split_once('.') {
        Some((section, resource)) => told.get(section).and_then(|section| section.get(resource)),
        None => told.get(key),
    };
    value.map(Value::to_string).unwrap_or_default()
}

/// The policies that change.
pub fn policies(decisions: &Decisions<'_>) -> Vec<String> {
    POLICIES.iter().filter_map(|policy| policy.moved(decisions)).collect()
}

/// What leaves less room for pods: `maxPods` and what is reserved. A kubelet that starts anew stops those that fit no more.
pub fn lost_room(decisions: &Decisions<'_>) -> Vec<String> {
    let [before, after] = decisions.clusters;
    let mut lost = Vec::new();
    let [old, new] = [max_pods(before), max_pods(after)];
    if new < old {
        lost.push(format!("maxPods {old} → {new}"));
    }
    let [old, new] = [pods_per_core(before), pods_per_core(after)];
    if new > 0 && (old == 0 || new < old) {
        lost.push(format!("podsPerCore {old} → {new}"));
    }
    for (signal, usual) in EVICTION {
        let [old, new] = [before, after].map(|cluster| eviction(cluster, signal, usual));
        if is_more(&old, &new) {
            lost.push(format!("evictionHard.{signal} {old} → {new}"));
        }
    }
    let [old, new] = [reservations(before), reservations(after)];
    for ((name, resource), is) in &new {
        let was = old.get(&(name.clone(), resource.clone())).map_or("0", String::as_str);
        if is != was && total(&new, resource) > total(&old, resource) {
            lost.push(format!("{name}.{resource} {was} → {is}"));
        }
    }
    lost
}

/// Whether more has to stay free than before.
fn is_more(old: &str, new: &str) -> bool {
    let [was, is] = [old, new].map(|threshold| match threshold.strip_suffix('%') {
        Some(percent) => (true, percent.parse().unwrap_or(0.0)),
        None => (false, quantity(threshold)),
    });
    match is.1 {
        0.0 => false,
        // Of two kinds only the host knows which is more.
        _ => old != new && (was.0 != is.0 || is.1 > was.1),
    }
}

/// Kubernetes' own number, unless somebody says another.
fn max_pods(cluster: &Cluster) -> u64 {
    told(cluster).get("maxPods").and_then(Value::as_u64).unwrap_or(110)
}

/// What has to stay free, which no pod is given, and how much that is unless somebody says so.
const EVICTION: [(&str, &str); 6] = [
    ("memory.available", "100Mi"),
    ("nodefs.available", "10%"),
    ("nodefs.inodesFree", "5%"),
    ("imagefs.available", "15%"),
    ("imagefs.inodesFree", "5%"),
    ("pid.available", "0"),
];

/// Whoever writes some of these leaves out the others, unless they are merged.
fn eviction(cluster: &Cluster, signal: &str, usual: &str) -> String {
    let told = told(cluster);
    let are_merged = told.get("mergeDefaultEvictionSettings").and_then(Value::as_bool).unwrap_or(false);
    let left_out = if are_merged { usual } else { "0" };
    match told.get("evictionHard") {
        Some(Value::Object(signals)) => {
            signals.get(signal).and_then(Value::as_str).unwrap_or(left_out).to_owned()
        }
        _ => usual.to_owned(),
    }
}

/// What is evicted earlier than until now, once less is free for a while: thresholds that rise, and times that fall.
fn softened(decisions: &Decisions<'_>) -> Vec<String> {
    type Earlier = fn(&str, &str) -> bool;
    const SOFT: [(&str, Earlier); 2] = [("evictionSoft", is_more), ("evictionSoftGracePeriod", is_shorter)];
    let mut earlier = Vec::new();
    for (key, is_earlier) in SOFT {
        let [old, new] = decisions.clusters.map(|cluster| match told(cluster).remove(key) {
            Some(Value::Object(signals)) => signals,
            _ => Map::new(),
        });
        for (signal, value) in &new {
            let [was, is] = [old.get(signal), Some(value)].map(|value| value.and_then(Value::as_str));
            let (was, is) = (was.unwrap_or("0"), is.unwrap_or("0"));
            if is_earlier(was, is) {
                earlier.push(format!("{key}.{signal} {was} → {is}"));
            }
        }
    }
    earlier
}

/// Whether a time that was there is shorter. One that is new belongs to a threshold that is.
fn is_shorter(old: &str, new: &str) -> bool {
    matches!((duration::parse(old), duration::parse(new)), (Some(old), Some(new)) if new < old && !old.is_zero())
}

fn soft_finding(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let earlier = softened(decisions);
    if earlier.is_empty() {
        return None;
    }
    let what = format!(
        "{}: where less is free than that, pods are evicted that stayed until now, and none is scheduled there",
        earlier.join(", ")
    );
    let advice =
        "see with `kubectl top nodes`, and `df` on the workers, that more is free than these thresholds";
    let names =
        [("evictionSoft", "eviction-soft"), ("evictionSoftGracePeriod", "eviction-soft-grace-period")];
    let paths = names.into_iter().flat_map(|(key, flag)| {
        [format!("components.kubelet.config.{key}"), format!("components.kubelet.flags.{flag}")]
    });
    Some(Finding::new(Kind::Breaking, what, advice).because(fields(inputs, paths)))
}

/// As many as there is room for, if nobody says another number.
fn pods_per_core(cluster: &Cluster) -> u64 {
    told(cluster).get("podsPerCore").and_then(Value::as_u64).unwrap_or(0)
}

/// Each amount by its field and its resource.
fn reservations(cluster: &Cluster) -> BTreeMap<(String, String), String> {
    let fields = told(cluster);
    let of_field = |(name, resources): (&String, &Value)| {
        let amount = |amount: &Value| amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
        let resources = resources.as_object().into_iter().flatten();
        resources
            .map(|(resource, value)| ((name.clone(), resource.clone()), amount(value)))
            .collect::<Vec<_>>()
    };
    let is_reserved =
        |(name, _): &(&String, &Value)| matches!(name.as_str(), "kubeReserved" | "systemReserved");
    fields.iter().filter(is_reserved).flat_map(of_field).collect()
}

/// How much of a resource is reserved in all.
fn total(reservations: &BTreeMap<(String, String), String>, resource: &str) -> f64 {
    let of_resource = reservations.iter().filter(|((_, of), _)| of == resource);
    of_resource.map(|(_, amount)| quantity(amount)).sum()
}

/// A quantity of Kubernetes; nothing if it is none, which the kubelet refuses.
fn quantity(text: &str) -> f64 {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => 1.0,
    };
    number.parse().unwrap_or(0.0) * factor
}

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let mut findings = policy_findings(decisions, inputs);
    findings.extend(room_finding(decisions, inputs));
    findings.extend(soft_finding(decisions, inputs));
    findings
}

fn room_finding(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let lost = lost_room(decisions);
    if lost.is_empty() {
        return None;
    }
    let what = format!(
        "{}: pods that no longer fit on their node have to run elsewhere, and those without a controller are gone for good",
        lost.join(", ")
    );
    let advice = "see with `kubectl describe nodes` that the others have room for them, and note the pods that `kubectl drain` \
                  refuses to move: make these anew afterwards";
    let settings = ["maxPods", "podsPerCore", "evictionHard", "kubeReserved", "systemReserved"];
    let settings = settings.map(|key| format!("components.kubelet.config.{key}"));
    let flags = ["max-pods", "pods-per-core", "eviction-hard", "kube-reserved", "system-reserved"];
    let flags = flags.map(|flag| format!("components.kubelet.flags.{flag}"));
    let paths = settings.into_iter().chain(flags);
    Some(Finding::new(Kind::Breaking, what, advice).because(fields(inputs, paths)))
}

fn policy_findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let finding = |policy: &Policy| {
        let moved = policy.moved(decisions)?;
        let what = format!("{moved}: no kubelet starts with the state that it kept of the earlier ones");
        let advice = format!(
            "on each worker, once it is drained: `systemctl stop kubelet`, `rm {}`, and then its step",
            policy.state
        );
        let names = policy.kept.iter().copied().chain([(policy.key, policy.flag)]);
        let paths = names.flat_map(|(key, flag)| {
            [format!("components.kubelet.flags.{flag}"), format!("components.kubelet.config.{key}")]
        });
        Some(Finding::new(Kind::ByHand, what, advice).because(fields(inputs, paths)))
    };
    POLICIES.iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn another_policy_wants_an_empty_node_without_state() {
        let check = |kubelet: &str, why: &str, state: &str| {
            let rollout = Trial::of("single")
                .after(|text| text + &format!("components: {{kubelet: {{{kubelet}}}}}\n"))
                .rollout();
            let drains: Vec<_> = rollout.drains().collect();
            assert_eq!(drains.len(), 2, "{drains:?}");
            assert!(drains.iter().all(|(_, reasons)| *reasons == [why]), "{drains:?}");
            let found = rollout.findings.iter().find(|finding| finding.what.starts_with(why));
            let found = found.unwrap_or_else(|| panic!("{:?}", rollout.findings));
            assert!(found.kind == Kind::ByHand && found.advice.contains(state), "{found:?}");
            assert!(!found.causes.is_empty());
        };
        let (cpu, memory) = ("cpuManagerPolicy none → static", "memoryManagerPolicy None → Static");
        check("config: {cpuManagerPolicy: static}", cpu, "`rm /var/lib/kubelet/cpu_manager_state`");
        check("flags: {cpu-manager-policy: static}", cpu, "`rm /var/lib/kubelet/cpu_manager_state`");
        let memory_of = |amount: &str| {
            format!(
                "config: {{memoryManagerPolicy: Static, reservedMemory: [{{numaNode: 0, limits: {{memory: {amount}}}}}]}}"
            )
        };
        check(&memory_of("612Mi"), memory, "`rm /var/lib/kubelet/memory_manager_state`");
        let under = "config: {cpuManagerPolicy: static}";
        let more = "config: {cpuManagerPolicy: static, reservedSystemCPUs: '0,1'}";
        let with = |kubelet: &str| {
            let line = format!("components: {{kubelet: {{{kubelet}}}}}\n");
            move |text: String| text + &line
        };
        let rollout = Trial::of("single").before(with(under)).after(with(more)).rollout();
        let drains: Vec<_> = rollout.drains().map(|(_, why)| why.join(", ")).collect();
        assert_eq!(drains, ["reservedSystemCPUs under cpuManagerPolicy static"; 2]);
        // As much as before in all, of which another part is the kubelet's.
        let flag = memory_of("612Mi").replace("Static,", "Static, systemReserved: {memory: 356Mi},")
            + ", flags: {kube-reserved: 'memory=156Mi'}";
        let before = memory_of("612Mi");
        let rollout = Trial::of("single").before(with(&before)).after(with(&flag)).rollout();
        let is_of_memory = |why: &String| why == "kubeReserved.memory under memoryManagerPolicy Static";
        assert!(rollout.drains().all(|(_, why)| why.iter().any(is_of_memory)));
        assert_eq!(rollout.drains().count(), 2);
        let same = Trial::of("single")
            .after(|text| text + "components: {kubelet: {config: {cpuManagerPolicy: none}}}\n")
            .rollout();
        assert_eq!(same.drains().count(), 0);
    }

    #[test]
    fn pods_that_are_evicted_earlier_are_told() {
        let check = |before: &str, after: &str, expected: Option<&str>| {
            let with = |kubelet: &str| {
                let components = format!("components: {{kubelet: {{{kubelet}}}}}\n");
                move |text: String| text + &components
            };
            let rollout = Trial::of("single").before(with(before)).after(with(after)).rollout();
            let found: Vec<_> =
                rollout.findings.iter().filter(|finding| finding.what.contains("evictionSoft")).collect();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{after}: {found:?}");
            for (finding, expected) in found.iter().zip(expected) {
                assert!(finding.what.starts_with(expected) && !finding.causes.is_empty(), "{finding:?}");
            }
        };
        let soft = |memory: &str, time: &str| {
            format!(
                "config: {{evictionSoft: {{memory.available: {memory}}}, evictionSoftGracePeriod: {{memory.available: {time}}}}}"
            )
        };
        let flags = "flags: {eviction-soft: 'memory.available<1Gi', eviction-soft-grace-period: 'memory.available=90s'}";
        let usual = soft("1Gi", "90s");
        check("config: {}", &usual, Some("evictionSoft.memory.available 0 → 1Gi: "));
        check("config: {}", flags, Some("evictionSoft.memory.available 0 → 1Gi: "));
        check(&usual, flags, None);
        check(&usual, "config: {}", None);
        check(&usual, &soft("2Gi", "90s"), Some("evictionSoft.memory.available 1Gi → 2Gi: "));
        check(&usual, &soft("512Mi", "90s"), None);
        check(&usual, &soft("10%", "90s"), Some("evictionSoft.memory.available 1Gi → 10%: "));
        check(&usual, &soft("1Gi", "30s"), Some("evictionSoftGracePeriod.memory.available 90s → 30s: "));
        check(&usual, &soft("1Gi", "2m"), None);
    }

    #[test]
    fn pods_leave_a_node_that_has_less_room_for_them() {
        let check = |before: &str, after: &str, expected: &[&str]| {
            let with = |kubelet: &str| {
                let components = format!("components: {{kubelet: {{{kubelet}}}}}\n");
                move |text: String| text + &components
            };
            let rollout = Trial::of("single").before(with(before)).after(with(after)).rollout();
            let drains: Vec<_> = rollout.drains().collect();
            assert_eq!(drains.len(), if expected.is_empty() { 0 } else { 2 }, "{after}: {drains:?}");
            assert!(drains.iter().all(|(_, reasons)| *reasons == expected), "{after}: {drains:?}");
            let findings =
                rollout.findings.iter().filter(|finding| finding.what.contains("have to run elsewhere"));
            let findings: Vec<_> = findings.collect();
            assert_eq!(findings.len(), usize::from(!expected.is_empty()), "{after}: {findings:?}");
            for finding in findings {
                assert!(
                    finding.kind == Kind::Breaking && finding.what.starts_with(expected[0]),
                    "{finding:?}"
                );
                assert!(!finding.causes.is_empty(), "{finding:?}");
            }
        };
        check("config: {}", "config: {maxPods: 50}", &["maxPods 110 → 50"]);
        check("config: {}", "flags: {max-pods: 50}", &["maxPods 110 → 50"]);
        check("config: {}", "config: {podsPerCore: 5}", &["podsPerCore 0 → 5"]);
        check("config: {podsPerCore: 5}", "config: {podsPerCore: 8}", &[]);
        let hard = "config: {evictionHard: {memory.available: 1Gi, nodefs.available: 10%}}";
        check("config: {}", hard, &["evictionHard.memory.available 100Mi → 1Gi"]);
        let others = ["nodefs.inodesFree 0 → 5%", "imagefs.available 0 → 15%", "imagefs.inodesFree 0 → 5%"];
        let others = others.map(|signal| format!("evictionHard.{signal}"));
        check(hard, "config: {}", &others.each_ref().map(String::as_str));
        let merged = "config: {mergeDefaultEvictionSettings: true, evictionHard: {memory.available: 100Mi}}";
        check(merged, "config: {}", &[]);
        check(hard, "flags: {eviction-hard: 'memory.available<1Gi,nodefs.available<10%'}", &[]);
        let hard = "flags: {eviction-hard: ['memory.available<1Gi', 'nodefs.available<10%']}";
        check("config: {}", hard, &["evictionHard.memory.available 100Mi → 1Gi"]);
        let disk = "config: {evictionHard: {imagefs.available: 30%, pid.available: '1000'}}";
        check(
            "config: {}",
            disk,
            &["evictionHard.imagefs.available 15% → 30%", "evictionHard.pid.available 0 → 1000"],
        );
        let all = "cpu=100m,memory=1Gi";
        let flag = |name: &str| format!("flags: {{{name}: '{all}'}}");
        check("config: {}", &flag("system-reserved"), &["systemReserved.memory 256Mi → 1Gi"]);
        check("config: {}", &flag("kube-reserved"), &["kubeReserved.memory 256Mi → 1Gi"]);
        check("config: {systemReserved: {memory: 1Gi}}", &flag("system-reserved"), &[]);
        check(&flag("system-reserved"), "config: {}", &[]);
        check("config: {maxPods: 50}", "flags: {max-pods: 60}", &[]);
        check("config: {maxPods: 50}", "config: {maxPods: 60}", &[]);
        check("config: {maxPods: 50}", "config: {maxPods: 40}", &["maxPods 50 → 40"]);
        let more = "config: {systemReserved: {memory: 1Gi}}";
        check("config: {}", more, &["systemReserved.memory 256Mi → 1Gi"]);
        check(more, "config: {}", &[]);
        check("config: {}", "config: {kubeReserved: {cpu: '0.2'}}", &["kubeReserved.cpu 100m → 0.2"]);
        check("config: {}", "config: {kubeReserved: {pid: '100'}}", &["kubeReserved.pid 0 → 100"]);
        let moved = "config: {kubeReserved: {memory: 512Mi}, systemReserved: {memory: null}}";
        check("config: {}", moved, &[]);
        check("config: {}", "config: {kubeReserved: {memory: 262144Ki}}", &[]);
    }
}
