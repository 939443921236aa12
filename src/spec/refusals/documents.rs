//! Refusals of what programs read: configurations, structured files of the API server, containerd's settings, values of flags.

use super::{BASE, answers, check_text};

#[test]
fn fields_of_the_kubelet_are_of_their_kind() {
    insta::assert_snapshot!(answers(&[
        "components: {kubelet: {config: {maxPods: 200, evictionHard: {memory.available: 5%}, imageGCHighThresholdPercent: 90}}}",
        "components: {kubelet: {config: {maxPods: '200', podPidsLimit: 1e3, containerLogMaxSize: 50, syncFrequency: 60}}}",
        "components: {kubelet: {config: {seccompDefault: 'yes', allowedUnsafeSysctls: net.core.somaxconn, kubeReserved: [cpu]}}}",
        "components: {kubelet: {config: {imageGCHighThresholdPercent: 180, oomScoreAdj: -1001, cpuManagerPolicy: Static}}}",
        "components: {kubelet: {config: {topologyManagerPolicy: best-efort, tlsCipherSuites: [TLS_AES_128_GCM_SHA265]}}}",
        "components: {kubelet: {config: {evictionHard: {memory.avail: 1Gi}, kubeReserved: {cpus: 100m}, memorySwap: {swapBehaviour: NoSwap}}}}",
        "components: {kubelet: {config: {shutdownGracePeriod: 30, logging: {format: jsn, verbosity: two}, featureGates: {AllAlpha: 'yes'}}}}",
        "components: {kubelet: {config: {podPidLimit: 10, mode: iptables, maxPods: null}}}",
    ]));
}

#[test]
fn fields_of_kube_proxy_and_the_scheduler_are_known() {
    insta::assert_snapshot!(answers(&[
        "components: {kube-proxy: {config: {mode: nftables, conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 24h0m0s}}}}",
        "components: {kube-proxy: {config: {mode: nft, conntrack: {maxPerCores: 0}, iptables: {syncPeriod: 30}, detectLocalMode: Cluster}}}",
        "components: {kube-scheduler: {config: {percentageOfNodesToScore: 101, profiles: {schedulerName: a}}}}",
        "components: {kube-scheduler: {config: {profiles: [{schedulerName: a, plugins: {score: {enabled: [{name: NodeResourceFit, weight: '2'}]}}}]}}}",
        "components: {kube-scheduler: {config: {profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated, resource: []}}}]}]}}}",
        "components: {kube-scheduler: {config: {profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 200}}, {name: Own, args: {a: b}}]}]}}}",
    ]));
}

#[test]
fn files_of_the_api_server_are_as_it_reads_them() {
    insta::assert_snapshot!(answers(&[
        "audit: {policy: {omitStages: [RequestRecieved], rules: [{level: Metadata, users: admin, resources: [{group: '', resource: [pods]}]}]}}",
        "authentication: {jwt: [{issuer: {url: 'https://id.example.org', audiences: k, audienceMatchPolicy: MatchAll}, claimMappings: {username: {claim: sub, prefix: ''}, extra: [{keys: a}]}}]}",
        "controlPlane: {admissionConfig: {PodSecurity: {apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration, defaults: {enforce: baselin, warn-versions: latest}}}}",
        "controlPlane: {admissionPlugins: [EventRateLimit], admissionConfig: {EventRateLimit: {apiVersion: eventratelimit.admission.k8s.io/v1alpha1, kind: Configuration, limits: [{type: Cluster, qps: 0, burst: many}]}}}",
    ]));
}

#[test]
fn settings_of_containerd_are_read_from_where_they_are_written() {
    insta::assert_snapshot!(answers(&[
        "components: {containerd: {config: {oom_score: -500, plugins: {io.containerd.cri.v1.images: {max_concurrent_downloads: 5, registry: {config_path: /etc/containerd/certs.d}}}}}}",
        "components: {containerd: {config: {plugins: {io.containerd.cri.v1.runtime: {containerd: {runtimes: {crun: {runtime_type: io.containerd.runc.v2, options: {BinaryName: crun}}}}}}}}}",
        "components: {containerd: {config: {plugins: {io.containerd.grpc.v1.cri: {sandbox_image: a, containerd: {snapshotter: native}}}}}}",
        "components: {containerd: {config: {plugins: {io.containerd.cri.v1.runtim: {}, cri: {}}}}}",
        "components: {containerd: {config: {oom_scores: 1, debug: {level: 5}, plugins: {io.containerd.cri.v1.images: {max_concurrent_downloads: '5', snapshoter: native}}}}}",
    ]));
    let old = BASE.replace("1.35.1", "1.31.2");
    let plugin = "components: {containerd: {config: {plugins: {io.containerd.cri.v1.images: {}}}}}";
    check_text(
        &format!("{old}{plugin}\n"),
        "10:46+27 error: containerd 1.7.34 has no plugin io.containerd.cri.v1.images | write it below io.containerd.grpc.v1.cri",
    );
}

#[test]
fn values_of_flags_are_those_that_their_programs_take() {
    insta::assert_snapshot!(answers(&[
        "components: {kube-apiserver: {flags: {authorization-mode: [Node, RBAC, Webhook], disable-admission-plugins: 'PodSecurity,Priority', audit-log-mode: batch}}}",
        "components: {kube-apiserver: {flags: {authorization-mode: 'Node,rbac', audit-log-format: xml, storage-media-type: json, endpoint-reconciler-type: leases}}}",
        "components: {kube-apiserver: {flags: {tls-cipher-suites: [TLS_AES_256_GCM_SHA384, TLS_RSA_WITH_NULL_SHA], disable-admission-plugins: [PodSecurty]}}}",
        "components: {kube-apiserver: {flags: {tls-min-version: TLS1.3, max-requests-inflight: -1, logging-format: yaml}}}",
        "components: {kube-controller-manager: {flags: {controllers: ['*', -nodeipam, bootstrapsigner, -tokencleaner-controller]}}}",
        "components: {kube-controller-manager: {flags: {controllers: '*,-bootstrapsinger,-*', concurrent-service-endpoint-syncs: 100}}}",
        "components: {kube-scheduler: {flags: {logging-format: logfmt}}}",
    ]));
}

#[test]
fn nothing_is_known_of_what_old_versions_read() {
    let old = BASE.replace("1.35.1", "1.30.3");
    for section in [
        "components: {kubelet: {config: {noSuchField: 1, maxPods: many}}}",
        "components: {kube-apiserver: {flags: {authorization-mode: Own}}}",
    ] {
        check_text(&format!("{old}{section}\n"), "");
    }
}
