//! An ECDSA P-256 key pair, which signs the same message alike every time (RFC 6979).

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::ALGORITHM_OID;
use p256::pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use p256::pkcs8::der::{self, Decode as _, Reader as _, SliceReader, TagMode, TagNumber};
use p256::pkcs8::{AssociatedOid as _, EncodePublicKey as _, LineEnding, PrivateKeyInfoRef, SecretDocument};
use p256::{NistP256, PublicKey, SecretKey};

/// A private key that names its public key, as [`crate::artifact::PrivateKey`] writes it.
pub struct KeyPair {
    secret: SecretKey,
    /// The public point, uncompressed.
    public: Vec<u8>,
}

/// A text that is not the private key that was wanted. The text itself is never repeated.
#[derive(Debug, thiserror::Error)]
#[error("not a PKCS#8 PEM of an ECDSA P-256 private key with its public key")]
pub struct KeyError;

impl KeyPair {
    /// Reads the PEM. The public key is taken at its word: to compute it anew would cost more than
    /// everything else about a certificate but its signature.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let pem = std::str::from_utf8(pem).map_err(|_| KeyError)?;
        let (_, document) = SecretDocument::from_pem(pem).map_err(|_| KeyError)?;
        let info: PrivateKeyInfoRef<'_> = document.decode_msg().map_err(|_| KeyError)?;
        info.algorithm.assert_oids(ALGORITHM_OID, NistP256::OID).map_err(|_| KeyError)?;
        let (secret, public) = ec_private_key(info.private_key.as_bytes()).map_err(|_| KeyError)?;
        let secret = SecretKey::from_slice(secret).map_err(|_| KeyError)?;
        Ok(Self { secret, public: public.to_vec() })
    }

    /// The public half as the PEM of a SubjectPublicKeyInfo.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let public = PublicKey::from_sec1_bytes(&self.public).map_err(|_| KeyError)?;
        public.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError)
    }
}

/// The scalar and the point of an ECPrivateKey (RFC 5915).
fn ec_private_key(bytes: &[u8]) -> der::Result<(&[u8], &[u8])> {
    SliceReader::new(bytes)?.sequence(|key| {
        let _version = u8::decode(key)?;
        let scalar = <&OctetStringRef>::decode(key)?.as_bytes();
        let point: Option<BitStringRef<'_>> = key.context_specific(TagNumber(1), TagMode::Explicit)?;
        let point = point.and_then(|bits| bits.as_bytes());
        Ok((scalar, point.ok_or(der::ErrorKind::Failed)?))
    })
}

impl rcgen::PublicKeyData for KeyPair {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for KeyPair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let key = SigningKey::from(&self.secret);
        let signature: DerSignature = key.try_sign(message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}

/// A key pair that does not sign yet, for what is signed in another form later.
pub struct Unsigned<'a>(pub &'a KeyPair);

impl rcgen::PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl rcgen::SigningKey for Unsigned<'_> {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Verifier as _;
    use p256::pkcs8::EncodePrivateKey as _;
    use rcgen::{PublicKeyData as _, SigningKey as _};

    fn secret() -> SecretKey {
        SecretKey::from_slice(&[7; 32]).expect("a scalar")
    }

    fn pair() -> KeyPair {
        let pem = secret().to_pkcs8_pem(LineEnding::LF).expect("a PEM");
        KeyPair::from_pem(pem.as_bytes()).expect("a key pair")
    }

    #[test]
    fn a_key_is_read_with_its_public_half() {
        let wanted = secret().public_key();
        assert_eq!(pair().der_bytes(), wanted.to_sec1_bytes().as_ref());
        let pem = wanted.to_public_key_pem(LineEnding::LF).expect("a PEM");
        assert_eq!(pair().public_pem().ok(), Some(pem));
    }

    #[test]
    fn signatures_are_repeatable_and_valid() {
        let signature = pair().sign(b"message").expect("a signature");
        assert_eq!(pair().sign(b"message").expect("a signature"), signature);
        let signature = DerSignature::try_from(&signature[..]).expect("DER");
        let key = SigningKey::from(&secret());
        assert!(key.verifying_key().verify(b"message", &signature).is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        let public = pair().public_pem().expect("a PEM");
        let sec1 = secret().to_sec1_der().expect("DER");
        for bad in [b"".as_slice(), b"\xff", b"-----BEGIN PRIVATE KEY-----", public.as_bytes(), &sec1] {
            assert!(KeyPair::from_pem(bad).is_err());
        }
    }
}
