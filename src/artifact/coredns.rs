//! The cluster's DNS, as a manifest.

use std::net::IpAddr;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use semver::Version;
use serde_json::{Value, json};

use super::{Ingredients, Make};
use crate::yaml;

/// CoreDNS as kubeadm installs it, behind one service. What cluster.yaml does not say of it is not in the manifest, so that
/// whoever applies it does not own that: how many replicas there are, and what is in the Corefile.
pub struct CoreDns {
    pub version: Version,
    /// The service's address.
    pub address: IpAddr,
    pub replicas: Option<u32>,
    pub corefile: Option<String>,
}

/// What CoreDNS is given where cluster.yaml says nothing, and what people may change.
pub const REPLICAS: u32 = 2;

const IMAGE: &str = "registry.k8s.io/coredns/coredns";
const NAMESPACE: &str = "kube-system";
const RBAC: &str = "rbac.authorization.k8s.io";

impl CoreDns {
    fn documents(&self) -> Vec<Value> {
        let api = format!("{RBAC}/v1");
        let mut documents = vec![
            json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "coredns", "namespace": NAMESPACE},
            }),
            json!({
                "apiVersion": api,
                "kind": "ClusterRole",
                "metadata": {"name": "system:coredns"},
                "rules": [
                    {
                        "apiGroups": [""],
                        "resources": ["endpoints", "services", "pods", "namespaces"],
                        "verbs": ["list", "watch"],
                    },
                    {
                        "apiGroups": ["discovery.k8s.io"],
                        "resources": ["endpointslices"],
                        "verbs": ["list", "watch"],
                    },
                ],
            }),
            json!({
                "apiVersion": api,
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "system:coredns"},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "system:coredns"},
                "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}],
            }),
        ];
        documents.extend(self.corefile.as_deref().map(corefile));
        documents.extend([self.deployment(), self.service()]);
        documents
    }

    fn deployment(&self) -> Value {
        let mut deployment = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "coredns", "namespace": NAMESPACE, "labels": labels()},
            "spec": {
                "selector": {"matchLabels": labels()},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
                "template": {"metadata": {"labels": labels()}, "spec": self.pod()},
            },
        });
        if let Some(replicas) = self.replicas {
            deployment["spec"]["replicas"] = replicas.into();
        }
        deployment
    }

    fn pod(&self) -> Value {
        json!({
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
                "weight": 100,
                "podAffinityTerm": {
                    "labelSelector": {"matchLabels": labels()},
                    "topologyKey": "kubernetes.io/hostname",
                },
            }]}},
            "containers": [self.container()],
            "dnsPolicy": "Default",
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "priorityClassName": "system-cluster-critical",
            "serviceAccountName": "coredns",
            "tolerations": [
                {"key": "CriticalAddonsOnly", "operator": "Exists"},
                {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
            ],
            "volumes": [{
                "name": "config-volume",
                "configMap": {"name": "coredns", "items": [{"key": "Corefile", "path": "Corefile"}]},
            }],
        })
    }

    fn image(&self) -> String {
        format!("{IMAGE}:v{}", self.version)
    }

    fn container(&self) -> Value {
        json!({
            "name": "coredns",
            "image": self.image(),
            "imagePullPolicy": "IfNotPresent",
            "args": ["-conf", "/etc/coredns/Corefile"],
            "livenessProbe": {
                "httpGet": {"path": "/health", "port": "liveness-probe"},
                "initialDelaySeconds": 60,
                "timeoutSeconds": 5,
                "failureThreshold": 5,
            },
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "readiness-probe"}},
            "ports": [
                {"name": "dns", "containerPort": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
                {"name": "metrics", "containerPort": 9153, "protocol": "TCP"},
                {"name": "liveness-probe", "containerPort": 8080, "protocol": "TCP"},
                {"name": "readiness-probe", "containerPort": 8181, "protocol": "TCP"},
            ],
            "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
                "readOnlyRootFilesystem": true,
            },
            "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/coredns", "readOnly": true}],
        })
    }

    fn service(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                // Under this name every cluster has its DNS, whichever server answers.
                "name": "kube-dns",
                "namespace": NAMESPACE,
                "annotations": {"prometheus.io/port": "9153", "prometheus.io/scrape": "true"},
                "labels": {
                    "k8s-app": "kube-dns",
                    "kubernetes.io/cluster-service": "true",
                    "kubernetes.io/name": "CoreDNS",
                },
            },
            "spec": {
                "clusterIP": self.address,
                "ports": [
                    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
                    {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
                ],
                "selector": labels(),
            },
        })
    }
}

fn labels() -> Value {
    json!({"k8s-app": "kube-dns"})
}

/// The object that holds a Corefile.
pub fn corefile(text: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": NAMESPACE},
        "data": {"Corefile": text},
    })
}

/// Says how many replicas there are, and nothing else.
pub fn replicas(number: u32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": NAMESPACE},
        "spec": {"replicas": number},
    })
}

/// The server for the domain and for addresses; all other names are the host's name servers' to answer.
pub fn standard_corefile(domain: &str) -> String {
    format!(
        ".:53 {{\n    \
            errors\n    \
            health {{\n        lameduck 5s\n    }}\n    \
            ready\n    \
            kubernetes {domain} in-addr.arpa ip6.arpa {{\n        \
                pods insecure\n        \
                fallthrough in-addr.arpa ip6.arpa\n        \
                ttl 30\n    \
            }}\n    \
            prometheus :9153\n    \
            forward . /etc/resolv.conf {{\n        max_concurrent 1000\n    }}\n    \
            cache 30\n    \
            loop\n    \
            reload\n    \
            loadbalance\n\
         }}\n"
    )
}

impl Make for CoreDns {
    const KIND: Kind = Kind {
        name: "coredns",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.display("version", &self.version, Origin::Spec(format_args!("versions.coredns")));
        manifest.display("address", self.address, Origin::Spec(format_args!("network.dns")));
        if let Some(replicas) = self.replicas {
            manifest.number(
                "replicas",
                replicas.into(),
                Origin::Spec(format_args!("addons.coreDNS.replicas")),
            );
        }
        if let Some(corefile) = &self.corefile {
            manifest.text("corefile", corefile, Origin::Spec(format_args!("addons.coreDNS.corefile")));
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let documents: Result<Vec<String>, _> = self.documents().iter().map(yaml::document).collect();
        Ok(Content::public(documents?.join("---\n").into_bytes()))
    }

    fn images(&self) -> Vec<String> {
        vec![self.image()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, text};
    use crate::judge::{approved, file, judge};

    fn coredns() -> CoreDns {
        CoreDns {
            version: Version::new(1, 13, 1),
            address: [10, 96, 0, 10].into(),
            replicas: None,
            corefile: None,
        }
    }

    fn decided() -> CoreDns {
        CoreDns { replicas: Some(3), corefile: Some(".:53 {\n    whoami\n}\n".to_owned()), ..coredns() }
    }

    #[test]
    fn the_corefile_is_pinned() {
        insta::assert_snapshot!(standard_corefile("cluster.local"), @r"
        .:53 {
            errors
            health {
                lameduck 5s
            }
            ready
            kubernetes cluster.local in-addr.arpa ip6.arpa {
                pods insecure
                fallthrough in-addr.arpa ip6.arpa
                ttl 30
            }
            prometheus :9153
            forward . /etc/resolv.conf {
                max_concurrent 1000
            }
            cache 30
            loop
            reload
            loadbalance
        }
        ");
    }

    #[test]
    fn the_manifest_is_pinned() {
        insta::assert_snapshot!(text(coredns(), &[]));
    }

    #[test]
    fn only_what_is_decided_is_said() {
        let (offered, decided) = (text(coredns(), &[]), text(decided(), &[]));
        let check = |line: &str| {
            assert!(!offered.contains(line) && decided.contains(line), "{line}\n{decided}");
        };
        check("replicas: 3");
        check("whoami");
        check("kind: ConfigMap");
    }

    #[test]
    fn every_parameter_counts() {
        all_differ([
            coredns().into(),
            CoreDns { version: Version::new(1, 13, 2), ..coredns() }.into(),
            CoreDns { replicas: Some(2), ..coredns() }.into(),
            CoreDns { corefile: Some(String::new()), ..coredns() }.into(),
            CoreDns { address: [10, 96, 0, 11].into(), ..coredns() }.into(),
        ]);
    }

    #[test]
    fn kubectl_knows_each_object() {
        let manifest = file(&text(decided(), &[]));
        let Some(mut kubectl) = judge("kubectl") else { return };
        // Nobody answers there: kubectl reads the manifest by itself.
        let asked = ["label", "--server=http://127.0.0.1:9", "--local", "a=b", "--output=name", "--filename"];
        let named = approved(kubectl.args(asked).arg(manifest.path()));
        assert_eq!(
            named.lines().collect::<Vec<_>>(),
            [
                "serviceaccount/coredns",
                "clusterrole.rbac.authorization.k8s.io/system:coredns",
                "clusterrolebinding.rbac.authorization.k8s.io/system:coredns",
                "configmap/coredns",
                "deployment.apps/coredns",
                "service/kube-dns",
            ]
        );
    }
}
