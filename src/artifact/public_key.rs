//! The public half of a private key.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::key_pair::KeyPair;

/// The public key of the input `key`, in the PEM of a SubjectPublicKeyInfo. It says nothing about the
/// private key that a certificate would not say too.
pub struct PublicKey;

impl Make for PublicKey {
    const KIND: Kind = Kind {
        name: "public-key",
        version: 1,
        yields: Yields::Declassified,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn describe(&self, _manifest: &mut dyn Manifest) {}

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let key = KeyPair::from_pem(from.secret("key")?)?;
        Ok(Content::public(key.public_pem()?.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, make, root};
    use super::*;
    use crate::artifact::PrivateKey;
    use crate::judge::{approved, file, judge, refused};

    fn key(label: &str) -> Content {
        let (cluster, root) = ("trial".into(), root().fingerprint());
        make(PrivateKey { cluster, label: label.into(), generation: 1, root }, &[]).expect("a key")
    }

    #[test]
    fn openssl_computes_the_same() {
        let Some(mut openssl) = judge("openssl") else { return };
        let key = key("sa");
        let private = file(trial::shown(&key));
        let public = approved(openssl.args(["pkey", "-pubout", "-in"]).arg(private.path()));
        assert_eq!(trial::text(PublicKey, &[("key", &key)]), public);
    }

    /// ES256, as service account tokens are signed.
    #[test]
    fn openssl_verifies_with_the_public_half_what_the_private_half_signed() {
        let (signer, other) = (key("sa"), key("other"));
        let private = file(trial::shown(&signer));
        let (message, signature) = (file("token"), file(""));
        let openssl = || {
            let mut openssl = judge("openssl")?;
            openssl.args(["dgst", "-sha256"]);
            Some(openssl)
        };
        let Some(mut sign) = openssl() else { return };
        let sign = sign.arg("-sign").arg(private.path()).arg("-out").arg(signature.path());
        approved(sign.arg(message.path()));
        for (key, judgement) in [(signer, approved as fn(&mut _) -> String), (other, refused)] {
            let public = file(&trial::text(PublicKey, &[("key", &key)]));
            let Some(mut verify) = openssl() else { return };
            let verify = verify.arg("-verify").arg(public.path()).arg("-signature").arg(signature.path());
            judgement(verify.arg(message.path()));
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for input in [Content::secret(b"key".to_vec()), Content::public(*b"key")] {
            assert!(make(PublicKey, &[("key", &input)]).is_err());
        }
        assert!(make(PublicKey, &[]).is_err());
    }
}
