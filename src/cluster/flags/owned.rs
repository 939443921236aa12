//! The flags whose value follows from other fields of the cluster file or from kthw's own layout.

use crate::cluster::Program;

/// Who decides the value of a flag instead of `components.*.flags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// This field of the cluster file.
    Field(&'static str),
    /// kthw, which lays out the files and the connections between programs.
    Kthw,
}

/// Who owns the flag `name` of `program`; nobody owns what users may set freely.
pub fn owned(program: Program, name: &str) -> Option<Owned> {
    OWNED
        .iter()
        .filter(|(owner, _, _)| *owner == program)
        .find(|(_, _, names)| names.contains(&name))
        .map(|(_, owned, _)| *owned)
}

/// The fields of the configuration file of `program` that users may not change, each with its owner. Steps of a
/// path are parted by dots.
pub fn owned_fields(program: Program) -> impl Iterator<Item = (&'static str, Owned)> {
    let own = OWNED_FIELDS.iter().filter(move |(owner, _, _)| *owner == program);
    own.flat_map(|(_, owned, paths)| paths.iter().map(|path| (*path, *owned)))
}

const OWNED_FIELDS: &[(Program, Owned, &[&str])] = &[
    (Kubelet, Field("network.dns"), &["clusterDNS"]),
    (Kubelet, Field("network.domain"), &["clusterDomain"]),
    (Kubelet, Field("network.pods"), &["podCIDR"]),
    (Kubelet, Field("hosts"), &["registerWithTaints"]),
    (
        Kubelet,
        Kthw,
        &[
            "apiVersion",
            "kind",
            "authentication.x509.clientCAFile",
            "cgroupDriver",
            "containerRuntimeEndpoint",
            "tlsCertFile",
            "tlsPrivateKeyFile",
        ],
    ),
    (
        KubeScheduler,
        Field("controlPlane.leaderElection"),
        &["leaderElection.leaseDuration", "leaderElection.renewDeadline", "leaderElection.retryPeriod"],
    ),
    (KubeProxy, Field("network.pods"), &["clusterCIDR"]),
    (KubeProxy, Field("hosts"), &["hostnameOverride"]),
    (KubeProxy, Kthw, &["apiVersion", "kind", "clientConnection.kubeconfig"]),
    (KubeScheduler, Kthw, &["apiVersion", "kind", "clientConnection.kubeconfig"]),
    (Containerd, Kthw, &["version"]),
];

use Owned::{Field, Kthw};
use Program::{Containerd, Etcd, KubeApiserver, KubeControllerManager, KubeProxy, KubeScheduler, Kubelet};

const OWNED: &[(Program, Owned, &[&str])] = &[
    (KubeApiserver, Field("network.services"), &["service-cluster-ip-range"]),
    (KubeApiserver, Field("api.endpoint"), &["secure-port"]),
    (KubeApiserver, Field("hosts"), &["advertise-address", "etcd-servers"]),
    (KubeApiserver, Field("audit.policy"), &["audit-policy-file"]),
    (KubeApiserver, Field("audit.maxAge"), &["audit-log-maxage"]),
    (KubeApiserver, Field("audit.maxBackup"), &["audit-log-maxbackup"]),
    (KubeApiserver, Field("audit.maxSize"), &["audit-log-maxsize"]),
    (KubeApiserver, Field("controlPlane.admissionPlugins"), &["enable-admission-plugins"]),
    (KubeApiserver, Field("controlPlane.admissionConfig"), &["admission-control-config-file"]),
    (KubeApiserver, Field("controlPlane.eviction.notReady"), &["default-not-ready-toleration-seconds"]),
    (KubeApiserver, Field("controlPlane.eviction.unreachable"), &["default-unreachable-toleration-seconds"]),
    (KubeApiserver, Field("authentication"), &["authentication-config"]),
    (KubeApiserver, Field("encryption"), &["encryption-provider-config"]),
    (
        KubeApiserver,
        Kthw,
        &[
            "client-ca-file",
            "etcd-cafile",
            "etcd-certfile",
            "etcd-keyfile",
            "kubelet-certificate-authority",
            "kubelet-client-certificate",
            "kubelet-client-key",
            "proxy-client-cert-file",
            "proxy-client-key-file",
            "requestheader-allowed-names",
            "requestheader-client-ca-file",
            "service-account-key-file",
            "service-account-signing-key-file",
            "tls-cert-file",
            "tls-private-key-file",
        ],
    ),
    (KubeControllerManager, Field("name"), &["cluster-name"]),
    (KubeControllerManager, Field("cloudProvider"), &["cloud-provider"]),
    (
        KubeControllerManager,
        Field("controlPlane.leaderElection"),
        &["leader-elect-lease-duration", "leader-elect-renew-deadline", "leader-elect-retry-period"],
    ),
    (KubeControllerManager, Field("controlPlane.nodeMonitor.period"), &["node-monitor-period"]),
    (KubeControllerManager, Field("controlPlane.nodeMonitor.gracePeriod"), &["node-monitor-grace-period"]),
    (KubeControllerManager, Field("network.podCIDRAllocation"), &["allocate-node-cidrs"]),
    (KubeControllerManager, Field("network.pods"), &["cluster-cidr"]),
    (KubeControllerManager, Field("network.services"), &["service-cluster-ip-range"]),
    (KubeControllerManager, Field("network.podMask"), &["node-cidr-mask-size"]),
    (
        KubeControllerManager,
        Kthw,
        &[
            "authentication-kubeconfig",
            "authorization-kubeconfig",
            "client-ca-file",
            "cluster-signing-cert-file",
            "cluster-signing-key-file",
            "kubeconfig",
            "requestheader-client-ca-file",
            "root-ca-file",
            "service-account-private-key-file",
            "tls-cert-file",
            "tls-private-key-file",
        ],
    ),
    (KubeScheduler, Field("components.kube-scheduler.config"), &["config"]),
    (
        KubeScheduler,
        Field("controlPlane.leaderElection"),
        &["leader-elect-lease-duration", "leader-elect-renew-deadline", "leader-elect-retry-period"],
    ),
    (
        KubeScheduler,
        Kthw,
        &[
            "authentication-kubeconfig",
            "authorization-kubeconfig",
            "client-ca-file",
            "kubeconfig",
            "requestheader-client-ca-file",
            "tls-cert-file",
            "tls-private-key-file",
        ],
    ),
    (Kubelet, Field("components.kubelet.config"), &["config"]),
    (Kubelet, Field("cloudProvider"), &["cloud-provider"]),
    (Kubelet, Field("network.dns"), &["cluster-dns"]),
    (Kubelet, Field("network.domain"), &["cluster-domain"]),
    (Kubelet, Field("network.pods"), &["pod-cidr"]),
    (Kubelet, Field("hosts"), &["hostname-override", "node-ip", "node-labels", "register-with-taints"]),
    (
        Kubelet,
        Kthw,
        &[
            "cgroup-driver",
            "client-ca-file",
            "container-runtime-endpoint",
            "kubeconfig",
            "tls-cert-file",
            "tls-private-key-file",
        ],
    ),
    (KubeProxy, Field("components.kube-proxy.config"), &["config"]),
    (KubeProxy, Field("hosts"), &["hostname-override"]),
    // Beside its file kube-proxy reads no other flags than those of its logs, and takes these without a word.
    (KubeProxy, Field("components.kube-proxy.config.mode"), &["proxy-mode"]),
    (KubeProxy, Field("components.kube-proxy.config.bindAddress"), &["bind-address"]),
    (KubeProxy, Field("components.kube-proxy.config.bindAddressHardFail"), &["bind-address-hard-fail"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.healthzBindAddress"),
        &["healthz-bind-address", "healthz-port"],
    ),
    (
        KubeProxy,
        Field("components.kube-proxy.config.metricsBindAddress"),
        &["metrics-bind-address", "metrics-port"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.enableProfiling"), &["profiling"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.showHiddenMetricsForVersion"),
        &["show-hidden-metrics-for-version"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.featureGates"), &["feature-gates"]),
    (KubeProxy, Field("components.kube-proxy.config.nodePortAddresses"), &["nodeport-addresses"]),
    (KubeProxy, Field("components.kube-proxy.config.oomScoreAdj"), &["oom-score-adj"]),
    (KubeProxy, Field("components.kube-proxy.config.configSyncPeriod"), &["config-sync-period"]),
    (KubeProxy, Field("components.kube-proxy.config.detectLocalMode"), &["detect-local-mode"]),
    (KubeProxy, Field("components.kube-proxy.config.detectLocal.bridgeInterface"), &["pod-bridge-interface"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.detectLocal.interfaceNamePrefix"),
        &["pod-interface-name-prefix"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.clientConnection.burst"), &["kube-api-burst"]),
    (KubeProxy, Field("components.kube-proxy.config.clientConnection.qps"), &["kube-api-qps"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.clientConnection.contentType"),
        &["kube-api-content-type"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.conntrack.maxPerCore"), &["conntrack-max-per-core"]),
    (KubeProxy, Field("components.kube-proxy.config.conntrack.min"), &["conntrack-min"]),
    (KubeProxy, Field("components.kube-proxy.config.conntrack.tcpBeLiberal"), &["conntrack-tcp-be-liberal"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.conntrack.tcpCloseWaitTimeout"),
        &["conntrack-tcp-timeout-close-wait"],
    ),
    (
        KubeProxy,
        Field("components.kube-proxy.config.conntrack.tcpEstablishedTimeout"),
        &["conntrack-tcp-timeout-established"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.conntrack.udpTimeout"), &["conntrack-udp-timeout"]),
    (
        KubeProxy,
        Field("components.kube-proxy.config.conntrack.udpStreamTimeout"),
        &["conntrack-udp-timeout-stream"],
    ),
    (
        KubeProxy,
        Field("components.kube-proxy.config.iptables.localhostNodePorts"),
        &["iptables-localhost-nodeports"],
    ),
    (KubeProxy, Field("components.kube-proxy.config.iptables.masqueradeAll"), &["masquerade-all"]),
    (KubeProxy, Field("components.kube-proxy.config.iptables.masqueradeBit"), &["iptables-masquerade-bit"]),
    (KubeProxy, Field("components.kube-proxy.config.iptables.minSyncPeriod"), &["iptables-min-sync-period"]),
    (KubeProxy, Field("components.kube-proxy.config.iptables.syncPeriod"), &["iptables-sync-period"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.excludeCIDRs"), &["ipvs-exclude-cidrs"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.minSyncPeriod"), &["ipvs-min-sync-period"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.scheduler"), &["ipvs-scheduler"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.strictARP"), &["ipvs-strict-arp"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.syncPeriod"), &["ipvs-sync-period"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.tcpTimeout"), &["ipvs-tcp-timeout"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.tcpFinTimeout"), &["ipvs-tcpfin-timeout"]),
    (KubeProxy, Field("components.kube-proxy.config.ipvs.udpTimeout"), &["ipvs-udp-timeout"]),
    (KubeProxy, Field("network.pods"), &["cluster-cidr"]),
    (KubeProxy, Kthw, &["kubeconfig", "master"]),
    (Etcd, Field("name"), &["initial-cluster-token"]),
    (Etcd, Field("etcd.heartbeatInterval"), &["heartbeat-interval"]),
    (Etcd, Field("etcd.electionTimeout"), &["election-timeout"]),
    (Etcd, Field("etcd.quota"), &["quota-backend-bytes"]),
    (Etcd, Field("etcd.autoCompaction"), &["auto-compaction-mode", "auto-compaction-retention"]),
    (Etcd, Field("etcd.walDir"), &["wal-dir"]),
    (
        Etcd,
        Field("hosts"),
        &[
            "advertise-client-urls",
            "initial-advertise-peer-urls",
            "initial-cluster",
            "listen-client-urls",
            "listen-peer-urls",
            "name",
        ],
    ),
    (
        Etcd,
        Kthw,
        &[
            "cert-file",
            "client-cert-auth",
            "config-file",
            "data-dir",
            "initial-cluster-state",
            "key-file",
            "peer-cert-file",
            "peer-client-cert-auth",
            "peer-key-file",
            "peer-trusted-ca-file",
            "trusted-ca-file",
        ],
    ),
    (Containerd, Field("components.containerd.config"), &["config"]),
    (Containerd, Kthw, &["address"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::flags;

    #[test]
    fn every_owned_flag_exists() {
        for (program, _, names) in OWNED {
            for name in *names {
                assert!(flags::known(*program, name), "{program} has no --{name}");
            }
        }
    }

    /// What `Options.Complete` in cmd/kube-proxy/app/options.go applies after the file is read, and what is no setting.
    #[test]
    fn a_flag_that_kube_proxy_ignores_beside_its_file_is_a_field_there() {
        const READ: [&str; 10] = [
            "boot-id-file",
            "cleanup",
            "help",
            "init-only",
            "log-flush-frequency",
            "machine-id-file",
            "v",
            "version",
            "vmodule",
            "write-config-to",
        ];
        for minor in 28..=36 {
            let version = semver::Version::new(1, minor, 0);
            for name in flags::names(KubeProxy, &version) {
                let is_read = READ.contains(&name) || name.starts_with("log-") || name == "logging-format";
                assert_eq!(owned(KubeProxy, name).is_none(), is_read, "kube-proxy 1.{minor} --{name}");
            }
        }
        assert_eq!(owned(KubeProxy, "proxy-mode"), Some(Field("components.kube-proxy.config.mode")));
    }

    #[test]
    fn a_flag_is_owned_by_one_program_only() {
        let check = |program, name, expected| assert_eq!(owned(program, name), expected);
        check(KubeApiserver, "secure-port", Some(Field("api.endpoint")));
        check(KubeScheduler, "secure-port", None);
        check(KubeApiserver, "profiling", None);
    }
}
