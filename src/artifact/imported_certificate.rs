//! The certificate of an authority that was made elsewhere.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::{Ingredients, Make};
use crate::cluster::Authority;
use crate::imported::ImportedAuthority;

/// The authority's own certificate alone, as it was given. Its issuers are left out: whoever trusts one of them
/// trusts every other authority below it too.
pub struct ImportedCertificate {
    /// Which authority of the cluster it is.
    pub authority: Authority,
    pub imported: ImportedAuthority,
}

impl Make for ImportedCertificate {
    const KIND: Kind = Kind {
        name: "imported-certificate",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self { authority, imported } = self;
        let origin = Origin::Spec(format_args!("pki.authorities.{authority}.certificate"));
        manifest.text("certificate", &imported.certificate, origin);
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.imported.certificate.clone().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, all_differ, description};
    use super::*;
    use crate::artifact::Artifact;

    #[test]
    fn its_bytes_are_its_parameter() {
        let [one, other] = [1, 2].map(|generation| {
            let (imported, _) = trial::imported(generation);
            Artifact::from(ImportedCertificate { authority: Authority::Etcd, imported })
        });
        assert!(description(&one).ends_with("(pki.authorities.etcd.certificate)"));
        assert_eq!(ImportedCertificate::KIND.reads, Reads::Identities, "there is nothing else to read");
        all_differ([one, other]);
    }

    #[test]
    fn only_the_authority_itself_is_kept() {
        let ((one, _), (other, _)) = (trial::imported(1), trial::imported(2));
        // Both have one name, so that one can stand for the issuer of the other.
        let chain = format!("Bag Attributes\r\n{}# its issuer:\n{}", one.certificate, other.certificate);
        let refusal = ImportedAuthority::from_pem(&chain).err().map(|error| error.to_string());
        // Our own authorities allow none below them.
        assert_eq!(
            refusal.as_deref(),
            Some("`CN=elsewhere` allows no authority as far below it as `CN=elsewhere` (its pathlen is 0)")
        );
        let alone =
            ImportedAuthority::from_pem(&format!("text\n{}text", one.certificate)).expect("an authority");
        assert_eq!(alone.certificate, one.certificate);
    }
}
