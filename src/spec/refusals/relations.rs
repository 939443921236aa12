//! Refusals of what programs check beyond kinds: formats of flags, and what does not go together.

use super::answers;

#[test]
fn formats_of_flags_are_told_with_what_is_taken() {
    insta::assert_snapshot!(answers(&[
        "components: {kube-apiserver: {flags: {service-node-port-range: 30000-40000, goaway-chance: '0.01', vmodule: 'gc*=4'}}}",
        "components: {kube-apiserver: {flags: {service-node-port-range: 40000-30000, goaway-chance: '0.5', vmodule: gc}}}",
        "components: {kube-apiserver: {flags: {runtime-config: [api/beta=true, apps/v1=maybe], cors-allowed-origins: [example.org]}}}",
        "components: {etcd: {flags: {feature-gates: NoSuchGate=true, listen-metrics-urls: 'http://a.example.org:2381'}}}",
    ]));
}

#[test]
fn what_does_not_go_together_is_told() {
    insta::assert_snapshot!(answers(&[
        "components: {kube-apiserver: {flags: {authorization-mode: [Node, RBAC, RBAC]}}}",
        "components: {kube-apiserver: {flags: {authorization-mode: ~, authorization-config: /etc/kubernetes/authorization.yaml}}}",
        "components: {kube-apiserver: {flags: {max-requests-inflight: 0, max-mutating-requests-inflight: 0}}}",
        "components: {kube-controller-manager: {flags: {cluster-signing-kubelet-client-cert-file: /etc/kubernetes/a.crt}}}",
        "components: {etcd: {flags: {cipher-suites: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}}}",
        "components: {etcd: {flags: {cipher-suites: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls-min-version: TLS1.2}}}",
        "components: {etcd: {flags: {log-outputs: [default, stderr]}}}",
    ]));
}

#[test]
fn issuers_and_plugins_are_told_what_they_lack() {
    insta::assert_snapshot!(answers(&[
        "authentication: {jwt: [{issuer: {url: 'https://a.example.org', audiences: [a, b]}, claimMappings: {username: {expression: claims.email}}}]}",
        "authentication: {jwt: [{issuer: {url: 'https://kubernetes.default.svc.cluster.local', audiences: [a]}, claimMappings: {username: {expression: 'claims.'}}}]}",
        "controlPlane: {admissionPlugins: [ImagePolicyWebhook]}",
        "controlPlane: {admissionConfig: {PodSecurity: {apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration, defaults: {enforce-version: '1.30'}}}}",
    ]));
}
