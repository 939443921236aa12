//! The API server's EncryptionConfiguration: what it encrypts before etcd sees it, and with which keys.

use data_encoding::BASE64;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Ingredients, Make};
use crate::cluster::Provider;
use crate::root::{RootFingerprint, RootSecret};
use crate::yaml;

/// An EncryptionConfiguration whose keys come from the root secret.
pub struct EncryptionConfig {
    /// The cluster's id in the lock.
    pub cluster: String,
    pub root: RootFingerprint,
    pub provider: Provider,
    /// Resources as the API server names them, such as `secrets`.
    pub resources: Vec<String>,
    /// Generations of the key, newest first: the first encrypts, all of them decrypt.
    pub generations: Vec<u32>,
}

impl Make for EncryptionConfig {
    const KIND: Kind = Kind {
        name: "encryption-config",
        version: 1,
        yields: Yields::Secret,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { cluster, root, provider, resources, generations } = self;
        manifest.text("cluster", cluster, Origin::Lock(format_args!("cluster")));
        manifest.display("root", root, Origin::Lock(format_args!("root")));
        manifest.display("provider", provider, Origin::Spec(format_args!("encryption.provider")));
        manifest.list("resource", resources, Origin::Spec(format_args!("encryption.resources")));
        manifest.list("generation", generations, Origin::Lock(format_args!("encryption")));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        from.root().require(self.root)?;
        let keys = self.keys(from.root());
        let document = EncryptionConfiguration {
            api_version: "apiserver.config.k8s.io/v1",
            kind: "EncryptionConfiguration",
            resources: [Resources { resources: &self.resources, providers: chain(self.provider, &keys) }],
        };
        Ok(Content::secret(yaml::to_string(&document)?.into_bytes()))
    }
}

impl EncryptionConfig {
    fn keys(&self, root: &RootSecret) -> Vec<(String, Zeroizing<String>)> {
        let label = self.provider.to_string();
        let key = |generation: &u32| {
            let bytes = root.derive(&self.cluster, "encryption-at-rest", &label, *generation);
            (format!("key{generation}"), Zeroizing::new(BASE64.encode(bytes.expose())))
        };
        self.generations.iter().map(key).collect()
    }
}

/// What is tried in order: the provider with its keys, then what was written before there was any.
fn chain(provider: Provider, keys: &[(String, Zeroizing<String>)]) -> Vec<ProviderConfiguration<'_>> {
    let keys = keys.iter().map(|(name, secret)| Key { name, secret }).collect();
    let first = match provider {
        Provider::Secretbox => Some(ProviderConfiguration::Secretbox { keys }),
        Provider::Aescbc => Some(ProviderConfiguration::Aescbc { keys }),
        Provider::Aesgcm => Some(ProviderConfiguration::Aesgcm { keys }),
        Provider::Identity => None,
    };
    first.into_iter().chain([ProviderConfiguration::Identity(Nothing {})]).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncryptionConfiguration<'a> {
    api_version: &'static str,
    kind: &'static str,
    resources: [Resources<'a>; 1],
}

#[derive(Serialize)]
struct Resources<'a> {
    resources: &'a [String],
    providers: Vec<ProviderConfiguration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ProviderConfiguration<'a> {
    Secretbox { keys: Vec<Key<'a>> },
    Aescbc { keys: Vec<Key<'a>> },
    Aesgcm { keys: Vec<Key<'a>> },
    Identity(Nothing),
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Key<'a> {
    name: &'a str,
    secret: &'a str,
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, described, make, root};
    use super::*;
    use crate::root::WrongRoot;

    fn config(provider: Provider) -> EncryptionConfig {
        EncryptionConfig {
            cluster: "trial".into(),
            root: root().fingerprint(),
            provider,
            resources: vec!["secrets".into(), "configmaps".into()],
            generations: vec![2, 1],
        }
    }

    fn secrets(text: &str) -> Vec<String> {
        text.lines().filter_map(|line| line.trim().strip_prefix("secret: ")).map(str::to_owned).collect()
    }

    #[test]
    fn every_parameter_counts() {
        let secretbox = || config(Provider::Secretbox);
        for other in [
            config(Provider::Aesgcm),
            EncryptionConfig { cluster: "other".into(), ..secretbox() },
            EncryptionConfig { root: RootSecret::new([8; 32]).fingerprint(), ..secretbox() },
            EncryptionConfig { resources: vec!["secrets".into()], ..secretbox() },
            EncryptionConfig { generations: vec![1, 2], ..secretbox() },
        ] {
            assert_ne!(described(other), described(secretbox()));
        }
    }

    #[test]
    fn the_newest_key_comes_first_and_identity_last() {
        let text = trial::text(config(Provider::Secretbox), &[]);
        let hidden = secrets(&text).iter().fold(text.clone(), |text, secret| text.replace(secret, "HIDDEN"));
        insta::assert_snapshot!(hidden, @"
        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
        - resources:
          - secrets
          - configmaps
          providers:
          - secretbox:
              keys:
              - name: key2
                secret: HIDDEN
              - name: key1
                secret: HIDDEN
          - identity: {}
        ");
    }

    #[test]
    fn without_encryption_there_are_no_keys() {
        insta::assert_snapshot!(trial::text(config(Provider::Identity), &[]), @"
        apiVersion: apiserver.config.k8s.io/v1
        kind: EncryptionConfiguration
        resources:
        - resources:
          - secrets
          - configmaps
          providers:
          - identity: {}
        ");
    }

    #[test]
    fn each_provider_and_generation_has_a_key_of_32_bytes() {
        let mut seen = Vec::new();
        for provider in [Provider::Secretbox, Provider::Aescbc, Provider::Aesgcm] {
            seen.extend(secrets(&trial::text(config(provider), &[])));
        }
        assert!(seen.iter().all(|key| BASE64.decode(key.as_bytes()).is_ok_and(|key| key.len() == 32)));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn a_key_stays_when_a_newer_one_joins_it() {
        let of = |generations| {
            let config = EncryptionConfig { generations, ..config(Provider::Aescbc) };
            secrets(&trial::text(config, &[]))
        };
        assert_eq!(of(vec![2, 1])[1..], of(vec![1]));
    }

    #[test]
    fn another_root_is_refused() {
        let other = RootSecret::new([8; 32]).fingerprint();
        let error = make(EncryptionConfig { root: other, ..config(Provider::Secretbox) }, &[]).err();
        assert!(error.is_some_and(|error| error.is::<WrongRoot>()));
    }
}
