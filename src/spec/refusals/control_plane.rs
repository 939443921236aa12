//! Refusals and warnings of what the control plane is told: leases, admission, authentication, clouds, classes, hazards.

use super::{BASE, answers, check_text};

#[test]
fn leases_outlive_their_renewals() {
    insta::assert_snapshot!(answers(&[
        "controlPlane: {leaderElection: {leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 4s}}",
        "controlPlane: {leaderElection: {leaseDuration: 10s}}",
        "controlPlane: {leaderElection: {renewDeadline: 2s}}",
        "controlPlane: {leaderElection: {retryPeriod: 0s, leaseDuration: soon}}",
    ]));
}

#[test]
fn lost_hosts_are_waited_for() {
    insta::assert_snapshot!(answers(&[
        "controlPlane: {nodeMonitor: {period: 5s, gracePeriod: 40s}, eviction: {notReady: 1m, unreachable: 0s}}",
        "controlPlane: {nodeMonitor: {period: 40s, gracePeriod: 5s}}",
        "controlPlane: {nodeMonitor: {period: never}, eviction: {notReady: 500ms}}",
    ]));
}

#[test]
fn admission_plugins_are_known() {
    insta::assert_snapshot!(answers(&[
        "controlPlane: {admissionPlugins: [AlwaysPullImages, EventRateLimit]}",
        "controlPlane: {admissionPlugins: [AlwaysPullImage, LimitRanger, LimitRanger, SecurityContextDeny, Zebra]}",
        "controlPlane: {admissionConfig: {PodSecurity: {apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration}}}",
        "controlPlane: {admissionConfig: {EventRateLimit: {limits: []}, PodSecurty: {}}}",
        "controlPlane: {admissionPlugins: [PodNodeSelector], admissionConfig: {PodNodeSelector: {podSelectorPluginConfig: {clusterDefaultNodeSelector: env=prod}}}}",
        "components: {kube-apiserver: {flags: {enable-admission-plugins: [LimitRanger]}}}",
        "components: {kube-apiserver: {flags: {disable-admission-plugins: [NodeRestriction, Priority]}}}",
        "controlPlane: {admissionPlugins: [EventRateLimit]}\ncomponents: {kube-apiserver: {flags: {disable-admission-plugins: 'Priority,EventRateLimit'}}}",
    ]));
}

#[test]
fn issuers_of_tokens_are_complete() {
    insta::assert_snapshot!(answers(&[
        "authentication: {anonymous: health, jwt: [{issuer: {url: 'https://id.example.org', audiences: [k]}, claimMappings: {username: {claim: sub, prefix: 'oidc:'}}}]}",
        "authentication: {anonymous: heath}",
        "authentication: {jwt: [https://id.example.org]}",
        "authentication: {jwt: [{issuer: {url: 'http://id.example.org', audience: k}, claimMapping: {}, claimMappings: {username: {claim: sub}}}]}",
        "authentication: {anonymous: health}\ncomponents: {kube-apiserver: {flags: {anonymous-auth: true, oidc-client-id: k}}}",
    ]));
}

#[test]
fn old_versions_read_no_file_of_issuers() {
    let old = |section: &str| format!("{}{section}\n", BASE.replace("1.35.1", "1.29.5"));
    check_text(
        &old(
            "authentication: {jwt: [{issuer: {url: 'https://i', audiences: [k]}, claimMappings: {username: {expression: claims.sub}}}]}",
        ),
        "10:18+3 error: Kubernetes 1.29.5 reads no file of token issuers | set oidc-issuer-url and its like in components.kube-apiserver.flags, or choose 1.30 or newer",
    );
    check_text(
        &old("authentication: {anonymous: health}"),
        "10:29+6 error: Kubernetes 1.29.5 cannot tell strangers' questions after health from others | write none or all, or choose 1.32 or newer",
    );
}

#[test]
fn a_cloud_is_named_and_its_program_pinned() {
    insta::assert_snapshot!(answers(&[
        "cloudProvider: {name: openstack}",
        "cloudProvider: {}",
        "cloudProvider: {name: openstack, controllerManager: {}}",
        "cloudProvider: {name: openstack, controllerManager: {version: 1.36.0, downloads: {amd46: {}, amd64: {url: ftp://x, sha256: AB}}}}",
        "cloudProvider: {name: openstack, controllerManager: {version: 1.36.0, downloads: {arm64: {url: 'https://x', sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}}, flags: {kubeconfig: a, --v: '2'}}}",
        "components: {kubelet: {flags: {cloud-provider: external}}}",
    ]));
}

#[test]
fn classes_leave_the_systems_alone() {
    insta::assert_snapshot!(answers(&[
        "priorityClasses: [{name: high, value: 1000000000, globalDefault: true, preemptionPolicy: Never, description: For people}]",
        "priorityClasses: [{name: system-critical, value: 2000000000}]",
        "priorityClasses: [{name: a, value: 1, globalDefault: true}, {name: a, value: 2, globalDefault: true}, {}, {name: A, value: 1, preemptionPolicy: never}]",
    ]));
}

#[test]
fn monitoring_is_checked() {
    insta::assert_snapshot!(answers(&[
        "monitoring: {scrapeInterval: 1m30s}",
        "monitoring: {scrapeInterval: 1.5m, credentials: prometheus}",
    ]));
}

#[test]
fn rules_of_the_audit_log_are_those_of_the_api_server() {
    insta::assert_snapshot!(answers(&[
        "audit: {policy: {rules: [{level: RequestResponse, verbs: [create], resources: [{group: apps}]}]}}",
        "audit: {policy: {rules: [{level: All}, {levle: None}, {level: None, resources: [], nonResourceURLs: [/healthz]}]}}",
        "audit: {policy: {rules: [{level: None, namespaces: [a], nonResourceURLs: ['*', '/v*']}, {level: None, nonResourceURLs: ['version*', '/a*/b', '/a**']}]}}",
        "audit: {policy: {rules: [{level: Metadata, resources: [{group: apps/v1}, {group: Apps}, {group: '*'}, {resourceNames: [x]}]}]}}",
    ]));
}

#[test]
fn what_weakens_a_cluster_is_warned_of() {
    insta::assert_snapshot!(answers(&[
        "components: {kube-apiserver: {flags: {authorization-mode: [Node, AlwaysAllow], anonymous-auth: true}}}",
        "components: {kube-apiserver: {flags: {authorization-mode: ~}}}",
        "components: {kube-apiserver: {flags: {authorization-mode: ~, authorization-config: /etc/kubernetes/authorization.yaml}}}",
        "components: {kube-apiserver: {flags: {tls-min-version: VersionTLS12}}, kube-scheduler: {flags: {tls-min-version: VersionTLS11}}}",
        "components: {kube-apiserver: {flags: {audit-log-path: logs/audit.log}}}",
        "components: {kube-apiserver: {flags: {audit-log-path: /srv/audit/audit.log}}}",
        "components: {kube-apiserver: {flags: {audit-log-path: '-'}}}",
    ]));
}
