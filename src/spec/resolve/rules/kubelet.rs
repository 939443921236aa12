//! The kubelet's rules: `ValidateKubeletConfiguration`, and what its parts look at before they need the host.

use serde_json::Value;

use super::kubelet_resources as resources;
use super::syntax;
use super::told::{Told, nanoseconds};
use super::{Refusal, Rule, all, each, gated, keys, refusal, together};
use crate::cluster::{Quantity, fields};

const MILLISECOND: i128 = 1_000_000;
const SECOND: i128 = 1000 * MILLISECOND;

pub const RULES: &[Rule] = &[
    // What its values are.
    each("address", syntax::is_ip, "an IP address"),
    each(
        "allowedUnsafeSysctls[]",
        syntax::is_sysctl_pattern,
        "a sysctl that has namespaces (net.*, fs.mqueue.*, kernel.sem, .shm*, .msg*), or a pattern of them",
    ),
    each("containerLogMaxSize", syntax::is_whole_amount, "an amount of whole bytes such as 10Mi"),
    each("containerLogMonitorInterval", |value| at_least(value, 3 * SECOND), "3s or more"),
    each("evictionHard.*", syntax::is_threshold, "an amount above 0 or a percentage from 0% to 100%"),
    each("evictionMinimumReclaim.*", syntax::is_reclaim, "an amount or a percentage above 0%"),
    each("evictionSoft.*", syntax::is_threshold, "an amount above 0 or a percentage from 0% to 100%"),
    each("evictionSoftGracePeriod.*", syntax::is_time, "a duration such as 1m30s"),
    keys("evictionSoft", is_signal, "a signal such as memory.available, nodefs.available or pid.available"),
    each("imageMaximumGCAge", |value| at_least(value, 0), "0s or more"),
    each(
        "imageServiceEndpoint",
        syntax::is_unix_socket,
        "a socket such as unix:///run/containerd/containerd.sock",
    ),
    each("iptablesDropBit", is_bit, "0 to 31"),
    each("iptablesMasqueradeBit", is_bit, "0 to 31"),
    each("kubeReserved.*", syntax::is_amount, "an amount such as 100m or 256Mi"),
    each("memoryThrottlingFactor", is_factor, "a number above 0 and up to 1"),
    each("podLogsDir", syntax::is_clean_path, "an absolute path without detours, such as /var/log/pods"),
    each(
        "preloadedImagesVerificationAllowlist[]",
        syntax::is_image_pattern,
        "an image without tag and digest, or a prefix that ends in /*",
    ),
    each("qosReserved.*", syntax::is_whole_percentage, "a percentage from 0% to 100%"),
    keys("qosReserved", |key| key == "memory", "memory: the kubelet reserves nothing else"),
    each(
        "reservedMemory[].limits.*",
        |value| !resources::amount(value).is_some_and(Quantity::is_zero),
        "an amount above 0",
    ),
    keys(
        "reservedMemory[].limits",
        |key| key == "memory" || key.starts_with("hugepages-"),
        "memory or hugepages-SIZE",
    ),
    each("reservedSystemCPUs", syntax::is_cpus, "numbers and ranges such as 0-3,8"),
    each("runOnce", |value| value != &Value::Bool(true), "false: a kubelet no longer runs once"),
    each("shutdownGracePeriodCriticalPods", is_shutdown_time, "0s, or 1s or more"),
    each("syncFrequency", |value| at_least(value, 0), "a duration above 0s"),
    each("systemReserved.*", syntax::is_amount, "an amount such as 100m or 256Mi"),
    each(
        "topologyManagerPolicyOptions.prefer-closest-numa-nodes",
        resources::is_bool,
        "true or false, in quotes",
    ),
    each("topologyManagerPolicyOptions.max-allowable-numa-nodes", is_node_count, "8 or more, in quotes"),
    each("tracing.endpoint", syntax::is_tracing_endpoint, "an address such as localhost:4317"),
    each("userNamespaces.idsPerPod", resources::is_user_range, "a multiple of 65536 up to 4294901760"),
    keys("defaultPodSysctls", syntax::is_sysctl, "a sysctl that has namespaces, such as net.core.somaxconn"),
    all(hidden_metrics),
    all(nothing_by_flag),
    // What they ask of each other.
    together(|told| less(told, "imageGCLowThresholdPercent", 80, "imageGCHighThresholdPercent", 85)),
    together(|told| {
        let minimum = told.filled_duration_or("imageMinimumGCAge", 120 * SECOND)?;
        let maximum = told.duration_or("imageMaximumGCAge", 0)?;
        (maximum > 0 && maximum <= minimum).then(|| {
            let field = told.written(&["imageMaximumGCAge", "imageMinimumGCAge"]);
            refusal(
                field,
                "does not leave imageMaximumGCAge above imageMinimumGCAge",
                "let the maximum be longer; without it, the minimum is 2m",
            )
        })
    }),
    together(|told| {
        let pulls = told.number_or("maxParallelImagePulls", 1)?;
        (told.is("serializeImagePulls", pulls < 2) && pulls > 1).then(|| {
            let field = told.written(&["maxParallelImagePulls"]);
            refusal(
                field,
                format!("{pulls} does not go with serializeImagePulls: true"),
                "set serializeImagePulls: false",
            )
        })
    }),
    together(|told| {
        let is_alone = !told.text("systemCgroups").is_empty() && told.text("cgroupRoot").is_empty();
        is_alone.then(|| refusal("systemCgroups", "needs cgroupRoot", "set cgroupRoot too"))
    }),
    together(|told| {
        let period = told.duration_or("cpuCFSQuotaPeriod", 100 * MILLISECOND)?;
        match told.gate("CustomCPUCFSQuotaPeriod") {
            true => (!(MILLISECOND..=SECOND).contains(&period))
                .then(|| refusal("cpuCFSQuotaPeriod", "is not from 1ms to 1s", "write 1ms to 1s")),
            false => {
                (period != 100 * MILLISECOND).then(|| gated("cpuCFSQuotaPeriod", "CustomCPUCFSQuotaPeriod"))
            }
        }
    }),
    together(|told| {
        let is_closed = told.is("serverTLSBootstrap", false) && !told.gate("RotateKubeletServerCertificate");
        is_closed.then(|| gated("serverTLSBootstrap", "RotateKubeletServerCertificate"))
    }),
    together(|told| {
        let is_closed = told.duration_or("imageMaximumGCAge", 0)? != 0 && !told.gate("ImageMaximumGCAge");
        is_closed.then(|| gated("imageMaximumGCAge", "ImageMaximumGCAge"))
    })
    .until(34),
    together(crash_loop),
    all(shutdown),
    all(enforcement),
    all(evictions),
    together(|told| {
        let is_closed =
            told.has("memorySwap.swapBehavior") && !told.text("memorySwap.swapBehavior").is_empty();
        (is_closed && !told.gate("NodeSwap")).then(|| gated("memorySwap.swapBehavior", "NodeSwap"))
    }),
    all(verification),
    together(|told| {
        let cgroup = ["systemReservedCgroup", "kubeReservedCgroup"]
            .into_iter()
            .find(|field| !told.text(field).is_empty())?;
        (!told.text("reservedSystemCPUs").is_empty()).then(|| {
            refusal("reservedSystemCPUs", format!("does not go with {cgroup}"), "remove one of them")
        })
    }),
    together(|told| {
        let factor = told.get("memoryThrottlingFactor")?.as_f64()?;
        (!told.gate("MemoryQoS") && (factor - 0.9).abs() > f64::EPSILON)
            .then(|| gated("memoryThrottlingFactor", "MemoryQoS"))
    })
    .since(37),
    together(|told| {
        let is_tiered = told.text("memoryReservationPolicy") == "TieredReservation";
        (is_tiered && !told.gate("MemoryQoS")).then(|| gated("memoryReservationPolicy", "MemoryQoS"))
    })
    .since(36),
    together(|told| {
        if !told.is("enableSystemLogQuery", false) {
            return None;
        }
        match told.gate("NodeLogQuery") {
            false => Some(gated("enableSystemLogQuery", "NodeLogQuery")),
            true => (!told.is("enableSystemLogHandler", true)).then(|| {
                refusal("enableSystemLogQuery", "needs enableSystemLogHandler: true", "remove one of them")
            }),
        }
    }),
    together(|told| {
        let is_closed = !told.members("defaultPodSysctls").is_empty() && !told.gate("DefaultPodSysctls");
        is_closed.then(|| gated("defaultPodSysctls", "DefaultPodSysctls"))
    })
    .since(37),
    together(|told| {
        let mut names: Vec<String> =
            told.members("defaultPodSysctls").keys().map(|name| syntax::normal(name)).collect();
        names.sort();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(refusal("defaultPodSysctls", format!("sets {} twice", twice[0]), "write it once, with dots"))
    })
    .since(37),
    together(resources::user_ranges),
    all(resources::cpu_manager),
    all(resources::memory_manager),
    all(resources::reserved_twice),
    together(|told| {
        let is_closed =
            told.has("topologyManagerPolicyOptions") && !told.gate("TopologyManagerPolicyOptions");
        let is_known =
            crate::cluster::flags::gate(told.program, told.version, "TopologyManagerPolicyOptions").is_some();
        (is_closed && is_known).then(|| gated("topologyManagerPolicyOptions", "TopologyManagerPolicyOptions"))
    }),
];

/// Whether a duration is at least so long; what is none is told elsewhere.
fn at_least(value: &Value, least: i128) -> bool {
    nanoseconds(value).is_none_or(|time| time >= least)
}

fn is_shutdown_time(value: &Value) -> bool {
    nanoseconds(value).is_none_or(|time| time == 0 || time >= SECOND)
}

fn is_bit(value: &Value) -> bool {
    value.as_i64().is_none_or(|bit| (0..=31).contains(&bit))
}

fn is_factor(value: &Value) -> bool {
    value.as_f64().is_none_or(|factor| factor > 0.0 && factor <= 1.0)
}

fn is_node_count(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.parse::<i64>().is_ok_and(|nodes| nodes >= 8))
}

/// The signals by which pods are evicted.
fn is_signal(name: &str) -> bool {
    const SIGNALS: [&str; 9] = [
        "allocatableMemory.available",
        "containerfs.available",
        "containerfs.inodesFree",
        "imagefs.available",
        "imagefs.inodesFree",
        "memory.available",
        "nodefs.available",
        "nodefs.inodesFree",
        "pid.available",
    ];
    SIGNALS.contains(&name)
}

/// In the file, nothing is what the kubelet has itself; a flag that says nothing is taken at its word.
fn nothing_by_flag(told: &Told<'_>) -> Vec<Refusal> {
    const NEEDED: [&str; 10] = [
        "address",
        "containerLogMaxSize",
        "cpuManagerPolicy",
        "hairpinMode",
        "logging.format",
        "memoryManagerPolicy",
        "port",
        "syncFrequency",
        "topologyManagerPolicy",
        "topologyManagerScope",
    ];
    let says_nothing = |field: &&str| match told.get(field) {
        Some(Value::String(text)) => text.is_empty() || fields::nanoseconds(text) == Some(0),
        Some(value) => value == 0,
        None => false,
    };
    let by_flag = told.flags().map(|(field, _)| field).filter(|field| NEEDED.contains(field));
    by_flag
        .filter(says_nothing)
        .map(|field| refusal(field, "says nothing", "remove the flag, or write a value"))
        .collect()
}

/// Only metrics that the last minor has hidden can be shown.
pub fn hidden_metrics(told: &Told<'_>) -> Vec<Refusal> {
    let shown = told.text("showHiddenMetricsForVersion");
    let last = format!("{}.{}", told.version.major, told.version.minor.saturating_sub(1));
    match shown.is_empty() || shown == last {
        true => Vec::new(),
        false => {
            let what = format!("{shown} is not the last minor");
            vec![refusal("showHiddenMetricsForVersion", what, format!("write '{last}', or remove it"))]
        }
    }
}

/// Whether one number is below another, each with what it is where nobody writes it.
fn less(told: &Told<'_>, low: &str, low_default: i64, high: &str, high_default: i64) -> Option<Refusal> {
    let (below, above) = (told.number_or(low, low_default)?, told.number_or(high, high_default)?);
    (below >= above).then(|| {
        let (field, other) = match told.written(&[low, high]) {
            field if field == low => (low, format!("{below} is not below {high}, which is {above}")),
            _ => (high, format!("{above} is not above {low}, which is {below}")),
        };
        refusal(field, other, format!("let {low} be the smaller of both"))
    })
}

fn crash_loop(told: &Told<'_>) -> Option<Refusal> {
    let field = "crashLoopBackOff.maxContainerRestartPeriod";
    let period = nanoseconds(told.get(field)?)?;
    if !told.gate("KubeletCrashLoopBackOffMax") {
        return Some(gated(field, "KubeletCrashLoopBackOffMax"));
    }
    let is_within = (SECOND..300 * SECOND + MILLISECOND).contains(&period);
    (!is_within).then(|| refusal(field, "is not from 1s to 300s", "write 1s to 300s"))
}

fn shutdown(told: &Told<'_>) -> Vec<Refusal> {
    const ALL: &str = "shutdownGracePeriod";
    const CRITICAL: &str = "shutdownGracePeriodCriticalPods";
    const BY_PRIORITY: &str = "shutdownGracePeriodByPodPriority";
    let (Some(all), Some(critical)) = (told.duration_or(ALL, 0), told.duration_or(CRITICAL, 0)) else {
        return Vec::new();
    };
    let mut refusals = Vec::new();
    let is_set = all > 0 || critical > 0;
    match told.gate("GracefulNodeShutdown") {
        true if critical > all => {
            let field = told.written(&[CRITICAL, ALL]);
            refusals.push(refusal(
                field,
                format!("does not leave {CRITICAL} within {ALL}"),
                "critical pods have the last part of the whole time",
            ));
        }
        false if is_set => refusals.push(gated(told.written(&[ALL, CRITICAL]), "GracefulNodeShutdown")),
        _ => {}
    }
    if !told.items(BY_PRIORITY).is_empty() {
        match told.gate("GracefulNodeShutdownBasedOnPodPriority") {
            true if is_set => {
                let other = told.written(&[ALL, CRITICAL]);
                refusals.push(refusal(
                    BY_PRIORITY,
                    format!("does not go with {other}"),
                    "remove one of them",
                ));
            }
            false => refusals.push(gated(BY_PRIORITY, "GracefulNodeShutdownBasedOnPodPriority")),
            true => {}
        }
    }
    refusals
}

fn enforcement(told: &Told<'_>) -> Vec<Refusal> {
    let items = told.items("enforceNodeAllocatable");
    let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    let mut refusals = Vec::new();
    let mut refuse = |at: usize, what: String, fix: &str| {
        refusals.push(refusal(format!("enforceNodeAllocatable[{at}]"), format!("{} {what}", words[at]), fix));
    };
    for (at, word) in words.iter().enumerate() {
        if words[..at].contains(word) {
            refuse(at, "is listed twice".to_owned(), "remove one of them");
            continue;
        }
        let (whole, cgroup) = match *word {
            "system-reserved" | "system-reserved-compressible" => ("system-reserved", "systemReservedCgroup"),
            "kube-reserved" | "kube-reserved-compressible" => ("kube-reserved", "kubeReservedCgroup"),
            "none" if words.len() > 1 => {
                refuse(at, "does not go with others".to_owned(), "remove it, or all others");
                continue;
            }
            "pods" => ("", ""),
            _ => continue,
        };
        if !cgroup.is_empty() && told.text(cgroup).is_empty() {
            refuse(
                at,
                format!("needs {cgroup}"),
                &format!("set {cgroup} to a control group that each host has"),
            );
        } else if word.ends_with("-compressible") && words.contains(&whole) {
            refuse(at, format!("does not go with {whole}"), "remove one of them");
        } else if !told.is("cgroupsPerQOS", true) {
            refuse(
                at,
                "needs cgroupsPerQOS: true".to_owned(),
                "set enforceNodeAllocatable: [none], or cgroupsPerQOS: true",
            );
        }
    }
    // Pods are what is enforced where nothing is written.
    if told.get("enforceNodeAllocatable").is_none() && !told.is("cgroupsPerQOS", true) {
        refusals.push(refusal(
            "cgroupsPerQOS",
            "false does not go with enforceNodeAllocatable, which is pods",
            "set enforceNodeAllocatable: [none] too",
        ));
    }
    refusals
}

fn evictions(told: &Told<'_>) -> Vec<Refusal> {
    let periods = told.members("evictionSoftGracePeriod");
    let soft = told.members("evictionSoft");
    // These two are no threshold at all.
    let counts = |value: &Value| !["0%", "100%"].contains(&value.as_str().unwrap_or_default());
    let lacking = soft.iter().filter(|(signal, value)| counts(value) && !periods.contains_key(*signal));
    lacking
        .map(|(signal, _)| {
            let field = crate::field_path::join("evictionSoft", signal);
            refusal(
                field,
                "has no evictionSoftGracePeriod",
                format!("add evictionSoftGracePeriod: {{{signal}: 1m30s}}"),
            )
        })
        .collect()
}

/// Whose images are verified.
fn verification(told: &Told<'_>) -> Vec<Refusal> {
    const POLICY: &str = "imagePullCredentialsVerificationPolicy";
    const LIST: &str = "preloadedImagesVerificationAllowlist";
    const GATE: &str = "KubeletEnsureSecretPulledImages";
    let (policy, has_list) = (told.text(POLICY), !told.items(LIST).is_empty());
    if !told.gate(GATE) {
        let set = [(POLICY, !policy.is_empty()), (LIST, has_list)];
        return set.into_iter().filter(|(_, is_set)| *is_set).map(|(field, _)| gated(field, GATE)).collect();
    }
    let policies =
        ["", "NeverVerify", "NeverVerifyPreloadedImages", "NeverVerifyAllowlistedImages", "AlwaysVerify"];
    let mut refusals = Vec::new();
    if !policies.contains(&policy) {
        refusals.push(refusal(
            POLICY,
            format!("{policy} is not known"),
            format!("choose one of {}", policies[1..].join(", ")),
        ));
    }
    if has_list && policy != "NeverVerifyAllowlistedImages" {
        refusals.push(refusal(
            LIST,
            format!("is read with {POLICY} NeverVerifyAllowlistedImages alone"),
            "set that policy, or remove the list",
        ));
    }
    refusals
}
