//! Refusals of the sections `versions` and `components`.

use super::{BASE, check, check_flag, check_text, check_with};

#[test]
fn versions_are_checked() {
    check(
        "{kubernetes: 1.35.1}",
        "{}",
        "4:1+8 error: versions.kubernetes is missing | write an exact version, for instance 1.35.1",
    );
    check(
        "1.35.1",
        "1.35",
        "4:24+4 error: versions.kubernetes 1.35 is not an exact version | write major, minor and patch, for instance 1.35.1",
    );
    check(
        "1.35.1",
        "v1.35.1",
        "4:24+7 error: versions.kubernetes v1.35.1 is not an exact version | write 1.35.1, without the v",
    );
    check(
        "1.35.1",
        "1.27.16",
        "4:24+7 error: versions.kubernetes 1.27.16 is not supported | choose a version from 1.28 to 1.37",
    );
    check(
        "1.35.1",
        "1.35.1, etcd: 3.4.23",
        "4:38+6 warning: versions.etcd 3.4.23 is of a series that is no longer maintained | choose etcd 3.5 to 3.7",
    );
    check(
        "1.35.1",
        "1.35.1, etcd: 3.4.1, containerd: 1.6.0, runc: 1.0.3, cniPlugins: 0.9.1",
        "4:38+5 error: versions.etcd 3.4.1 is not supported | choose etcd 3.5 to 3.7
         4:57+5 error: versions.containerd 1.6.0 is not supported | choose containerd 1.7, or 2.0 to 2.3
         4:70+5 error: versions.runc 1.0.3 is not supported | choose 1.1.0 or newer
         4:89+5 error: versions.cniPlugins 0.9.1 is not supported | choose 1.0.0 or newer",
    );
    check(
        "1.35.1",
        "1.36.1, containerd: 1.7.34",
        "4:44+6 error: versions.containerd 1.7.34 does not go with Kubernetes 1.36.1 | choose containerd 2.0 or newer",
    );
    check(
        "1.35.1",
        "1.35.1, crictl: 1.36.0",
        "4:40+6 warning: versions.crictl 1.36.0 is not of the minor of Kubernetes 1.35.1 | choose crictl 1.35",
    );
}

#[test]
fn flags_are_checked() {
    check_flag("kube-apiserver", "event-ttl: 2h, profiling: ~, v: 2, goaway-chance: 0.01", "");
    check_flag(
        "kube-apiserver",
        "evnet-ttl: 2h",
        "10:50+2 error: kube-apiserver 1.35.1 has no flag --evnet-ttl | did you mean `event-ttl`?",
    );
    check_flag(
        "kube-apiserver",
        "--event-ttl: 2h",
        "10:52+2 error: kube-apiserver 1.35.1 has no flag --event-ttl | did you mean `event-ttl`?",
    );
    check_flag(
        "kube-apiserver",
        "cloud-provider: external",
        "10:55+8 error: kube-apiserver 1.35.1 has no flag --cloud-provider | remove it: only other versions of kube-apiserver have it",
    );
    check_flag(
        "kube-apiserver",
        "zebra: 1",
        "10:46+1 error: kube-apiserver 1.35.1 has no flag --zebra | see `kube-apiserver --help` of that version",
    );
    check_flag(
        "kube-apiserver",
        "event-ttl: 2",
        "10:50+1 error: components.kube-apiserver.flags.event-ttl 2 is not a duration such as 1h30m | write a duration such as 1h30m",
    );
    check_flag(
        "kube-apiserver",
        "profiling: 1",
        "10:50+1 error: components.kube-apiserver.flags.profiling 1 is not true or false | write true or false",
    );
    check_flag(
        "kube-apiserver",
        "max-requests-inflight: many",
        "10:62+4 error: components.kube-apiserver.flags.max-requests-inflight \"many\" is not a whole number | write a whole number",
    );
    check_flag(
        "kube-apiserver",
        "emulated-version: 1.30",
        "10:57+4 error: components.kube-apiserver.flags.emulated-version 1.3 is not a list | write it in quotes",
    );
    check_flag(
        "kube-apiserver",
        "feature-gates: {A: true}",
        "10:39+13 error: components.kube-apiserver.flags.feature-gates {\"A\":true} is not a list | write a list of name=value",
    );
    check_flag(
        "kube-apiserver",
        "tls-min-version: [VersionTLS13]",
        "10:39+15 error: components.kube-apiserver.flags.tls-min-version [\"VersionTLS13\"] is not a string | write a string",
    );
    check_flag("kube-apiserver", "service-cluster-ip-range: 10.96.0.0/24", "");
    check_flag(
        "kube-apiserver",
        "service-cluster-ip-range: 10.97.0.0/24",
        "10:65+12 error: components.kube-apiserver.flags.service-cluster-ip-range is decided by network.services, which is 10.96.0.0/24 | remove the flag and set network.services",
    );
    check_flag(
        "kube-apiserver",
        "etcd-servers: ['https://10.0.0.9:2379']",
        "10:39+12 error: components.kube-apiserver.flags.etcd-servers is decided by hosts | remove the flag and set hosts",
    );
    check_flag(
        "kube-apiserver",
        "client-ca-file: /etc/ca.pem",
        "10:55+11 error: components.kube-apiserver.flags.client-ca-file is kthw's own: the cluster it builds depends on it | remove the flag",
    );
    check_flag(
        "kube-apiserver",
        "client-ca-file: ~",
        "10:55+1 error: components.kube-apiserver.flags.client-ca-file is kthw's own: the cluster it builds depends on it | remove the flag",
    );
    check_flag(
        "kube-controller-manager",
        "cluster-cidr: ~",
        "10:62+1 error: components.kube-controller-manager.flags.cluster-cidr is decided by network.pods, which is 10.200.0.0/16 | remove the flag and set network.pods",
    );
    check_flag(
        "kubelet",
        "node-ip: 10.0.0.9",
        "10:41+8 error: components.kubelet.flags.node-ip is decided by hosts | remove the flag and set hosts",
    );
    check_flag(
        "kubelet",
        "max-pods: 50",
        "10:42+2 warning: components.kubelet.flags.max-pods is deprecated in kubelet 1.35.1 | set the field in components.kubelet.config",
    );
    check_flag(
        "etcd",
        "initial-corrupt-check: true",
        "10:52+4 error: etcd 3.6.14 has no flag --initial-corrupt-check | see `etcd --help` of that version",
    );
    check_flag(
        "etcd",
        "name: a",
        "10:35+1 error: components.etcd.flags.name is decided by hosts | remove the flag and set hosts",
    );
}

#[test]
fn configuration_patches_are_checked() {
    check_with("components: {kubelet: {config: {maxPods: 50}}}", "");
    check_with("components: {kubelet: {config: {authentication: {anonymous: {enabled: true}}}}}", "");
    check_with(
        "components: {kubelet: {config: {clusterDNS: [10.96.0.11]}}}",
        "10:33+10 error: components.kubelet.config.clusterDNS is decided by network.dns | remove the field and set network.dns",
    );
    check_with(
        "components: {kubelet: {config: {authentication: null}}}",
        "10:49+4 error: components.kubelet.config.authentication is kthw's own | remove the field: kthw lays out the files and connections that it names",
    );
    check_with(
        "components: {containerd: {config: {version: 2}}}",
        "10:45+1 error: components.containerd.config.version is kthw's own | remove the field: kthw lays out the files and connections that it names",
    );
    check_with(
        "components: {kubelet: {config: [maxPods]}}",
        "10:24+6 error: components.kubelet.config is not a mapping | write the fields to change, as in the configuration file",
    );
    check_with(
        "components: {etcd: {config: {a: b}}}",
        "10:21+6 error: components.etcd.config is of no use: kthw gives etcd no configuration file | use components.etcd.flags",
    );
}

#[test]
fn feature_gates_are_checked() {
    let check = |section: &str, expected: &str| {
        let text = BASE.replace("1.35.1", "1.36.3");
        check_text(&format!("{text}components: {{{section}}}\n"), expected);
    };
    check("kube-apiserver: {flags: {feature-gates: 'AllAlpha=false,kube:StorageVersionAPI=true'}}", "");
    check(
        "kube-apiserver: {flags: {feature-gates: [StorageVersionAPI=true, StoragVersionAPI=true]}}",
        "10:79+21 error: kube-apiserver 1.36.3 has no feature gate StoragVersionAPI | did you mean `StorageVersionAPI`?",
    );
    check(
        "kube-scheduler: {flags: {feature-gates: StorageVersionAPI}}",
        "10:54+17 error: components.kube-scheduler.flags.feature-gates: \"StorageVersionAPI\" does not set a feature gate | write name=true or name=false",
    );
    check("kubelet: {config: {featureGates: {StorageVersionAPI: true}}}", "");
    check(
        "kubelet: {config: {featureGates: {Zebra: true}}}",
        "10:55+4 error: kubelet 1.36.3 has no feature gate Zebra | remove it",
    );
    check(
        "kubelet: {config: {featureGates: {SidecarContainers: false}}}",
        "10:67+5 error: feature gate SidecarContainers is locked to true in kubelet 1.36.3 | remove it",
    );
    check(
        "kube-proxy: {config: {featureGates: {SidecarContainers: true}}}",
        "10:70+4 warning: feature gate SidecarContainers is no longer needed in kube-proxy 1.36.3 | remove it: a later version will not have it",
    );
    // Nothing is known of the gates of older versions.
    let text = BASE.replace("1.35.1", "1.33.0");
    let unknown = "components: {kube-apiserver: {flags: {feature-gates: NoSuchGate=true}}}";
    check_text(&format!("{text}{unknown}\n"), "");
}
