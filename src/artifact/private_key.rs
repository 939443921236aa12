//! A private key, derived from the root secret.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use p256::SecretKey;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};

use super::{Ingredients, Make};
use crate::root::{RootFingerprint, RootSecret};

/// An ECDSA P-256 key in a PKCS#8 PEM, the same in every build of the same generation.
pub struct PrivateKey {
    /// The cluster's id in the lock.
    pub cluster: String,
    /// What the key is for, such as `pki/ca`. No two keys of a cluster share it.
    pub label: String,
    pub generation: u32,
    pub root: RootFingerprint,
}

impl Make for PrivateKey {
    const KIND: Kind = Kind {
        name: "private-key",
        version: 1,
        yields: Yields::Secret,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { cluster, label, generation, root } = self;
        manifest.text("cluster", cluster, Origin::Lock(format_args!("cluster")));
        manifest.text("label", label, Origin::Program);
        let origin = Origin::Lock(format_args!("generations.{label}"));
        manifest.number("generation", u64::from(*generation), origin);
        manifest.display("root", root, Origin::Lock(format_args!("root")));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        from.root().require(self.root)?;
        let pem = self.scalar(from.root()).to_pkcs8_pem(LineEnding::LF)?;
        Ok(Content::secret(pem.as_bytes().to_vec()))
    }
}

impl PrivateKey {
    /// The first derived number that is a private key: all but one in 2^32 are.
    fn scalar(&self, root: &RootSecret) -> SecretKey {
        let candidate = |attempt: u32| {
            let purpose = format!("ecdsa-p256/{attempt}");
            let bytes = root.derive(&self.cluster, &purpose, &self.label, self.generation);
            SecretKey::from_slice(bytes.expose()).ok()
        };
        (0..).find_map(candidate).expect("one in 2^32 candidates fails, not each of 2^32")
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, described, make, root};
    use super::*;
    use crate::artifact::PublicKey;
    use crate::judge::{approved, file, judge};
    use crate::root::WrongRoot;

    fn key() -> PrivateKey {
        PrivateKey {
            cluster: "trial".into(),
            label: "pki/ca".into(),
            generation: 1,
            root: root().fingerprint(),
        }
    }

    fn others() -> [PrivateKey; 3] {
        [
            PrivateKey { cluster: "other".into(), ..key() },
            PrivateKey { label: "pki/etcd-ca".into(), ..key() },
            PrivateKey { generation: 2, ..key() },
        ]
    }

    #[test]
    fn every_parameter_counts_and_nothing_else_does() {
        assert_eq!(described(key()), described(key()));
        assert_eq!(trial::text(key(), &[]), trial::text(key(), &[]));
        for other in others() {
            assert_ne!(described(other), described(key()));
        }
        for other in others() {
            assert_ne!(trial::text(other, &[]), trial::text(key(), &[]));
        }
    }

    /// By its public half. A change here is a change of every key of every cluster.
    #[test]
    fn derivation_is_frozen() {
        let key = make(key(), &[]).expect("a key");
        insta::assert_snapshot!(trial::text(PublicKey, &[("key", &key)]));
    }

    #[test]
    fn another_root_is_refused_before_anything_is_derived() {
        let wanted = RootSecret::new([8; 32]).fingerprint();
        assert_ne!(described(PrivateKey { root: wanted, ..key() }), described(key()));
        let error = make(PrivateKey { root: wanted, ..key() }, &[]).err().expect("another root");
        assert!(error.is::<WrongRoot>(), "{error}");
        assert!(error.to_string().contains(&wanted.to_string()));
    }

    #[test]
    fn openssl_finds_the_key_sound() {
        let file = file(&trial::text(key(), &[]));
        let Some(mut openssl) = judge("openssl") else { return };
        let said = approved(openssl.args(["pkey", "-check", "-noout", "-text", "-in"]).arg(file.path()));
        for wanted in ["Key is valid", "prime256v1"] {
            assert!(said.contains(wanted), "{said}");
        }
    }
}
