//! A kubeconfig: how one user reaches the API server.

use data_encoding::BASE64;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Ingredients, Make};
use crate::yaml;

/// A kubeconfig with everything in it: the authority `ca`, the certificate `cert` and its `key`.
pub struct Kubeconfig {
    pub cluster: String,
    pub user: String,
    pub server: String,
}

impl Make for Kubeconfig {
    const KIND: Kind = Kind {
        name: "kubeconfig",
        version: 1,
        yields: Yields::Secret,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { cluster, user, server } = self;
        manifest.text("cluster", cluster, Origin::Spec(format_args!("name")));
        match user.strip_prefix("system:node:") {
            Some(host) => manifest.text("user", user, Origin::Spec(format_args!("hosts[{host}].name"))),
            None => manifest.text("user", user, Origin::Program),
        }
        manifest.text("server", server, Origin::Spec(format_args!("api.endpoint")));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let key = Zeroizing::new(BASE64.encode(from.secret("key")?));
        let authority = BASE64.encode(from.public("ca")?);
        let certificate = BASE64.encode(from.public("cert")?);
        let document = self.document(&authority, &certificate, &key);
        Ok(Content::secret(yaml::to_string(&document)?.into_bytes()))
    }
}

impl Kubeconfig {
    fn document<'a>(&'a self, authority: &'a str, certificate: &'a str, key: &'a str) -> Config<'a> {
        let (cluster, user) = (self.cluster.as_str(), self.user.as_str());
        let context = format!("{user}@{cluster}");
        let server = Cluster { certificate_authority_data: authority, server: &self.server };
        let identity = User { client_certificate_data: certificate, client_key_data: key };
        Config {
            api_version: "v1",
            kind: "Config",
            clusters: [NamedCluster { name: cluster, cluster: server }],
            contexts: [NamedContext { name: context.clone(), context: Context { cluster, user } }],
            current_context: context,
            users: [NamedUser { name: user, user: identity }],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    api_version: &'static str,
    kind: &'static str,
    clusters: [NamedCluster<'a>; 1],
    contexts: [NamedContext<'a>; 1],
    #[serde(rename = "current-context")]
    current_context: String,
    users: [NamedUser<'a>; 1],
}

#[derive(Serialize)]
struct NamedCluster<'a> {
    name: &'a str,
    cluster: Cluster<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster<'a> {
    certificate_authority_data: &'a str,
    server: &'a str,
}

#[derive(Serialize)]
struct NamedContext<'a> {
    name: String,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Context<'a> {
    cluster: &'a str,
    user: &'a str,
}

#[derive(Serialize)]
struct NamedUser<'a> {
    name: &'a str,
    user: User<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct User<'a> {
    client_certificate_data: &'a str,
    client_key_data: &'a str,
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, described};
    use super::*;
    use crate::judge::{approved, file, judge};

    fn kubeconfig() -> Kubeconfig {
        Kubeconfig {
            cluster: "hard-way".into(),
            user: "system:kube-scheduler".into(),
            server: "https://10.0.0.4:6443".into(),
        }
    }

    fn rendered(kubeconfig: Kubeconfig) -> String {
        let (ca, cert, key) = (Content::public(*b"ca"), Content::public(*b"cert"), b"key".to_vec());
        trial::text(kubeconfig, &[("ca", &ca), ("cert", &cert), ("key", &Content::secret(key))])
    }

    #[test]
    fn every_parameter_counts() {
        for other in [
            Kubeconfig { cluster: "no".into(), ..kubeconfig() },
            Kubeconfig { user: "admin".into(), ..kubeconfig() },
            Kubeconfig { server: "https://[fd00::4]:6443".into(), ..kubeconfig() },
        ] {
            assert_ne!(described(other), described(kubeconfig()));
        }
    }

    #[test]
    fn it_is_laid_out_as_by_kubeadm() {
        insta::assert_snapshot!(rendered(kubeconfig()), @"
        apiVersion: v1
        kind: Config
        clusters:
        - name: hard-way
          cluster:
            certificate-authority-data: Y2E=
            server: https://10.0.0.4:6443
        contexts:
        - name: system:kube-scheduler@hard-way
          context:
            cluster: hard-way
            user: system:kube-scheduler
        current-context: system:kube-scheduler@hard-way
        users:
        - name: system:kube-scheduler
          user:
            client-certificate-data: Y2VydA==
            client-key-data: a2V5
        ");
    }

    #[test]
    fn kubectl_reads_it_as_meant() {
        let file = file(&rendered(Kubeconfig { cluster: "no".into(), ..kubeconfig() }));
        let Some(mut kubectl) = judge("kubectl") else { return };
        let kubectl = kubectl.arg("--kubeconfig").arg(file.path());
        let said = approved(kubectl.args(["config", "view", "--raw", "--minify", "-o", "json"]));
        let said: serde_json::Value = serde_json::from_str(&said).expect("kubectl prints JSON");
        for (pointer, wanted) in [
            ("/current-context", "system:kube-scheduler@no"),
            ("/contexts/0/context/cluster", "no"),
            ("/clusters/0/cluster/server", "https://10.0.0.4:6443"),
            ("/clusters/0/cluster/certificate-authority-data", "Y2E="),
            ("/users/0/name", "system:kube-scheduler"),
            ("/users/0/user/client-certificate-data", "Y2VydA=="),
            ("/users/0/user/client-key-data", "a2V5"),
        ] {
            assert_eq!(said.pointer(pointer).and_then(|value| value.as_str()), Some(wanted), "{pointer}");
        }
    }
}
