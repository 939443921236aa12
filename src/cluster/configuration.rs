//! What kthw writes into configurations by itself, whatever the cluster is like.

use serde_json::{Value, json};

use super::Program;

/// The settings of a program's file that follow from nothing, over which a user's own are merged.
pub fn ours(program: Program) -> Value {
    match program {
        Program::Kubelet => json!({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": false},
                "webhook": {"enabled": true},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "systemd",
            "eventRecordQPS": 50,
            "failSwapOn": true,
            "kubeReserved": reserved(),
            "makeIPTablesUtilChains": true,
            // Needs the kernel settings of `Sysctls::for_kubelet`.
            "protectKernelDefaults": true,
            "readOnlyPort": 0,
            // The servers behind systemd-resolved's stub, which is out of a pod's reach.
            "resolvConf": "/run/systemd/resolve/resolv.conf",
            "rotateCertificates": false,
            "seccompDefault": true,
            "serverTLSBootstrap": false,
            "systemReserved": reserved(),
            "tlsMinVersion": "VersionTLS13",
        }),
        Program::KubeProxy => json!({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "detectLocalMode": "ClusterCIDR",
            "enableProfiling": false,
            "mode": "iptables",
        }),
        Program::KubeScheduler => json!({
            "kind": "KubeSchedulerConfiguration",
            "enableContentionProfiling": false,
            "enableProfiling": false,
            "leaderElection": {"leaderElect": true},
        }),
        _ => json!({}),
    }
}

/// Room for what runs beside pods, and as much again for the system: half a gibibyte is what a host of any size can spare.
pub fn reserved() -> Value {
    json!({"cpu": "100m", "memory": "256Mi"})
}
