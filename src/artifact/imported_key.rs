//! The private key of an authority that was made elsewhere.

use data_encoding::HEXLOWER;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};

use super::{Ingredients, Make};
use crate::cluster::Authority;

/// The key in a PKCS#8 PEM, known by its public half: no other key will do, in whichever form it is given.
pub struct ImportedKey {
    /// Which authority of the cluster it belongs to.
    pub authority: Authority,
    /// A point on P-256, uncompressed.
    pub public_key: Vec<u8>,
    /// Where it is looked for.
    pub file: String,
}

/// The key is not where the cluster's file says.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file} is missing, and this cannot be made without the key of pki.authorities.{authority}; put it back from \
     where you keep it"
)]
pub struct NoImportedKey {
    file: String,
    authority: Authority,
}

impl Make for ImportedKey {
    const KIND: Kind = Kind {
        name: "imported-key",
        version: 1,
        yields: Yields::Secret,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { authority, public_key, file: _ } = self;
        let origin = Origin::Spec(format_args!("pki.authorities.{authority}.certificate"));
        manifest.display("public-key", HEXLOWER.encode_display(public_key), origin);
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let missing = || NoImportedKey { file: self.file.clone(), authority: self.authority };
        let key = from.imported().of(&self.public_key).ok_or_else(missing)?;
        Ok(Content::secret(key.to_pkcs8_pem(LineEnding::LF)?.as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, described, description, make, make_knowing};
    use super::*;
    use crate::artifact::Artifact;
    use crate::imported::ImportedKeys;
    use kthw_graph::Secret;

    fn key(public_key: &[u8]) -> ImportedKey {
        let (public_key, file) = (public_key.to_vec(), "ca.key".to_owned());
        ImportedKey { authority: Authority::Cluster, public_key, file }
    }

    #[test]
    fn it_is_the_key_of_the_certificate_wherever_it_is_found() {
        let ((one, pem), (other, _)) = (trial::imported(1), trial::imported(2));
        assert_ne!(described(key(&one.public_key)), described(key(&other.public_key)));
        let elsewhere = ImportedKey { file: "other.key".into(), ..key(&one.public_key) };
        assert_eq!(described(elsewhere), described(key(&one.public_key)));
        let said = description(&Artifact::from(key(&one.public_key)));
        assert!(
            said.starts_with("public-key = 04") && said.ends_with("(pki.authorities.cluster.certificate)")
        );
        let mut keys = ImportedKeys::default();
        keys.add(&Secret::new(pem.expose().clone().into_bytes()), &one.public_key).expect("its key");
        let made = make_knowing(&keys, key(&one.public_key), &[]).expect("it is at hand");
        assert_eq!(trial::shown(&made), pem.expose());
        assert!(make_knowing(&keys, key(&other.public_key), &[]).is_err());
    }

    #[test]
    fn a_missing_key_is_named_with_its_file() {
        let error = make(key(&[4; 65]), &[]).err().expect("it is missing").to_string();
        assert_eq!(
            error,
            "ca.key is missing, and this cannot be made without the key of pki.authorities.cluster; put it back from \
             where you keep it"
        );
    }
}
