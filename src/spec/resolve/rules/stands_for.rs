//! The flags that stand for fields of a program's configuration, and win over them.

use serde_json::{Map, Value, json};

use crate::cluster::Program;

/// How a flag writes the value of its field.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    Flag,
    Number,
    Text,
    List,
    /// Pairs with this between name and value.
    Pairs(char),
    /// One pair each time that the flag is given.
    Pair,
    /// `file=3,other=4`
    Verbosities,
    /// `0:memory=1Gi,hugepages-2Mi=2Mi`, more than one parted by semicolons.
    Reservations,
}

use Form::{Flag, List, Number, Pair, Pairs, Reservations, Text, Verbosities};

/// Field, flag and form, for a program.
pub fn fields(program: Program) -> impl Iterator<Item = (&'static str, &'static str, Form)> {
    let own = match program {
        Program::Kubelet => KUBELET,
        Program::KubeScheduler => KUBE_SCHEDULER,
        _ => &[],
    };
    own.iter().chain(LOGGING).copied()
}

impl Form {
    /// The value of the field, or what has to be written.
    pub fn read(self, values: &[&str]) -> Result<Value, &'static str> {
        let words = || values.iter().flat_map(|value| value.split(',')).filter(|word| !word.is_empty());
        // A flag that is given again overrides itself.
        let last = values.last().copied().unwrap_or_default();
        Ok(match self {
            Flag => Value::from(last == "true"),
            Number => last.parse::<i64>().map_or_else(|_| Value::from(last), Value::from),
            Text => Value::from(last),
            List => words().collect(),
            Pairs('<') => pairs(words(), '<').ok_or("pairs such as memory.available<100Mi")?,
            Pair => {
                pairs(values.iter().copied(), '=').ok_or("a list of pairs such as full-pcpus-only=true")?
            }
            Pairs(between) => pairs(words(), between).ok_or("pairs such as name=value")?,
            Verbosities => {
                let item = |word: &str| {
                    let (pattern, verbosity) =
                        word.split_once('=').filter(|(pattern, _)| !pattern.is_empty())?;
                    let verbosity = verbosity.parse::<i32>().ok().filter(|verbosity| *verbosity >= 0)?;
                    Some(json!({"filePattern": pattern, "verbosity": verbosity}))
                };
                words().map(item).collect::<Option<_>>().ok_or("pairs such as kubelet*=3")?
            }
            Reservations => {
                let item = |text: &str| {
                    let (node, limits) = text.split_once(':')?;
                    let limits = pairs(limits.split(','), '=')?;
                    Some(json!({"numaNode": node.parse::<i32>().ok()?, "limits": limits}))
                };
                last.split(';')
                    .map(item)
                    .collect::<Option<_>>()
                    .ok_or("node and amounts such as 0:memory=1Gi")?
            }
        })
    }
}

fn pairs<'w>(words: impl Iterator<Item = &'w str>, between: char) -> Option<Value> {
    let pair = |word: &str| {
        let (name, value) = word.split_once(between)?;
        Some((name.trim().to_owned(), Value::from(value.trim())))
    };
    words.map(pair).collect::<Option<Map<_, _>>>().map(Value::Object)
}

type Row = (&'static str, &'static str, Form);

const LOGGING: &[Row] = &[
    ("logging.flushFrequency", "log-flush-frequency", Text),
    ("logging.format", "logging-format", Text),
    ("logging.options.json.infoBufferSize", "log-json-info-buffer-size", Text),
    ("logging.options.json.splitStream", "log-json-split-stream", Flag),
    ("logging.options.text.infoBufferSize", "log-text-info-buffer-size", Text),
    ("logging.options.text.splitStream", "log-text-split-stream", Flag),
    ("logging.verbosity", "v", Number),
    ("logging.vmodule", "vmodule", Verbosities),
];

const KUBE_SCHEDULER: &[Row] = &[
    ("leaderElection.leaderElect", "leader-elect", Flag),
    ("leaderElection.resourceLock", "leader-elect-resource-lock", Text),
    ("leaderElection.resourceName", "leader-elect-resource-name", Text),
    ("leaderElection.resourceNamespace", "leader-elect-resource-namespace", Text),
];

/// `AddKubeletConfigFlags` of cmd/kubelet/app/options.
const KUBELET: &[Row] = &[
    ("address", "address", Text),
    ("allowedUnsafeSysctls", "allowed-unsafe-sysctls", List),
    ("authorization.mode", "authorization-mode", Text),
    ("cgroupRoot", "cgroup-root", Text),
    ("cgroupsPerQOS", "cgroups-per-qos", Flag),
    ("containerLogMaxFiles", "container-log-max-files", Number),
    ("containerLogMaxSize", "container-log-max-size", Text),
    ("cpuCFSQuotaPeriod", "cpu-cfs-quota-period", Text),
    ("cpuManagerPolicy", "cpu-manager-policy", Text),
    ("cpuManagerPolicyOptions", "cpu-manager-policy-options", Pair),
    ("enableServer", "enable-server", Flag),
    ("enforceNodeAllocatable", "enforce-node-allocatable", List),
    ("eventBurst", "event-burst", Number),
    ("eventRecordQPS", "event-qps", Number),
    ("evictionHard", "eviction-hard", Pairs('<')),
    ("evictionMinimumReclaim", "eviction-minimum-reclaim", Pairs('=')),
    ("evictionSoft", "eviction-soft", Pairs('<')),
    ("evictionSoftGracePeriod", "eviction-soft-grace-period", Pairs('=')),
    ("hairpinMode", "hairpin-mode", Text),
    ("healthzPort", "healthz-port", Number),
    ("imageGCHighThresholdPercent", "image-gc-high-threshold", Number),
    ("imageGCLowThresholdPercent", "image-gc-low-threshold", Number),
    ("imageMinimumGCAge", "minimum-image-ttl-duration", Text),
    ("imageServiceEndpoint", "image-service-endpoint", Text),
    ("iptablesDropBit", "iptables-drop-bit", Number),
    ("iptablesMasqueradeBit", "iptables-masquerade-bit", Number),
    ("kubeAPIBurst", "kube-api-burst", Number),
    ("kubeAPIQPS", "kube-api-qps", Number),
    ("kubeReserved", "kube-reserved", Pairs('=')),
    ("kubeReservedCgroup", "kube-reserved-cgroup", Text),
    ("maxOpenFiles", "max-open-files", Number),
    ("maxPods", "max-pods", Number),
    ("memoryManagerPolicy", "memory-manager-policy", Text),
    ("nodeStatusMaxImages", "node-status-max-images", Number),
    ("oomScoreAdj", "oom-score-adj", Number),
    ("podsPerCore", "pods-per-core", Number),
    ("port", "port", Number),
    ("qosReserved", "qos-reserved", Pairs('=')),
    ("readOnlyPort", "read-only-port", Number),
    ("registryBurst", "registry-burst", Number),
    ("registryPullQPS", "registry-qps", Number),
    ("reservedMemory", "reserved-memory", Reservations),
    ("reservedSystemCPUs", "reserved-cpus", Text),
    ("runOnce", "runonce", Flag),
    ("serializeImagePulls", "serialize-image-pulls", Flag),
    ("serverTLSBootstrap", "rotate-server-certificates", Flag),
    ("syncFrequency", "sync-frequency", Text),
    ("systemCgroups", "system-cgroups", Text),
    ("systemReserved", "system-reserved", Pairs('=')),
    ("systemReservedCgroup", "system-reserved-cgroup", Text),
    ("tlsCipherSuites", "tls-cipher-suites", List),
    ("tlsMinVersion", "tls-min-version", Text),
    ("topologyManagerPolicy", "topology-manager-policy", Text),
    ("topologyManagerPolicyOptions", "topology-manager-policy-options", Pairs('=')),
    ("topologyManagerScope", "topology-manager-scope", Text),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{fields, flags};

    #[test]
    fn flags_and_the_fields_that_they_stand_for_exist() {
        let version = "1.36.3".parse().expect("a version");
        for (program, document) in
            [(Program::Kubelet, "KubeletConfiguration"), (Program::KubeProxy, "KubeProxyConfiguration")]
        {
            let root = fields::root(document, &version).expect("its fields are known");
            for (field, flag, _) in super::fields(program) {
                assert!(flags::known(program, flag), "{program} has no --{flag}");
                let node = field.split('.').try_fold(root, |node, step| node.member(step));
                assert!(node.is_some(), "{document} has no {field}");
            }
        }
    }

    #[test]
    fn flags_are_read_as_their_fields() {
        let check = |form: Form, values: &[&str], expected: Value| {
            assert_eq!(form.read(values), Ok(expected), "{values:?}");
        };
        check(
            Pairs('<'),
            &["memory.available<5%, nodefs.available < 1Gi"],
            json!({"memory.available": "5%", "nodefs.available": "1Gi"}),
        );
        check(Pairs('='), &["cpu=100m", "memory=1Gi"], json!({"cpu": "100m", "memory": "1Gi"}));
        check(
            Verbosities,
            &["a=1,b*=2"],
            json!([{"filePattern": "a", "verbosity": 1}, {"filePattern": "b*", "verbosity": 2}]),
        );
        check(
            Reservations,
            &["0:memory=1Gi,hugepages-2Mi=4Mi;1:memory=2Gi"],
            json!([
                {"numaNode": 0, "limits": {"memory": "1Gi", "hugepages-2Mi": "4Mi"}},
                {"numaNode": 1, "limits": {"memory": "2Gi"}},
            ]),
        );
        for (form, text) in
            [(Pairs('<'), "memory.available=5%"), (Verbosities, "a=-1"), (Reservations, "memory=1Gi")]
        {
            assert!(form.read(&[text]).is_err(), "{text}");
        }
    }
}
