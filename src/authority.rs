//! What the certificates of an authority take over from the authority's own certificate.

use p256::pkcs8::der::asn1::{AnyRef, BitStringRef, GeneralizedTime, UtcTime, Utf8StringRef};
use p256::pkcs8::der::{self, Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use p256::pkcs8::{Document, ObjectIdentifier};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// An issuer of certificates. Its subject is one common name and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub common_name: String,
    /// The public point, uncompressed.
    pub public_key: Vec<u8>,
    /// The last second of its validity, in Unix time.
    pub not_after: u64,
}

/// A text that is not the certificate that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the PEM of a certificate whose subject is one common name")]
pub struct AuthorityError;

impl Authority {
    pub fn from_pem(pem: &str) -> Result<Self, AuthorityError> {
        let (_, document) = Document::from_pem(pem).map_err(|_| AuthorityError)?;
        certificate(document.as_bytes()).map_err(|_| AuthorityError)
    }
}

/// Reads a Certificate (RFC 5280, section 4.1) as far as it matters here.
fn certificate(bytes: &[u8]) -> der::Result<Authority> {
    SliceReader::new(bytes)?.sequence(|certificate| {
        let authority = certificate.sequence(to_be_signed)?;
        let _algorithm = certificate.tlv_bytes()?;
        let _signature = certificate.tlv_bytes()?;
        Ok(authority)
    })
}

fn to_be_signed(fields: &mut SliceReader<'_>) -> der::Result<Authority> {
    for _ in ["version", "serialNumber", "signature", "issuer"] {
        fields.tlv_bytes()?;
    }
    let not_after = fields.sequence(|validity| {
        let _not_before = validity.tlv_bytes()?;
        time(validity)
    })?;
    let common_name = fields.sequence(common_name)?.to_owned();
    let public_key = fields.sequence(|key| {
        let _algorithm = key.tlv_bytes()?;
        let bits = BitStringRef::decode(key)?;
        Ok::<_, der::Error>(bits.as_bytes().ok_or(der::ErrorKind::Failed)?.to_vec())
    })?;
    let _extensions = fields.tlv_bytes()?;
    Ok(Authority { common_name, public_key, not_after })
}

fn time(reader: &mut SliceReader<'_>) -> der::Result<u64> {
    let time = AnyRef::decode(reader)?;
    let since_1970 = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(since_1970.as_secs())
}

fn common_name<'a>(name: &mut SliceReader<'a>) -> der::Result<&'a str> {
    let set = AnyRef::decode(name)?;
    set.tag().assert_eq(Tag::Set)?;
    SliceReader::new(set.value())?.sequence(|attribute| {
        if ObjectIdentifier::decode(attribute)? != COMMON_NAME {
            return Err(der::ErrorKind::Failed.into());
        }
        Ok(Utf8StringRef::decode(attribute)?.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By OpenSSL 3.0, with the subject `CN=kubernetes`, valid until 2076-03-02T22:27:18Z.
    const ONE_NAME: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUWxvwY3s6qYg+yCgZNO0YxlB8fpUwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjAyMjI3MThaGA8yMDc2MDMw
MjIyMjcxOFowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABE2e6691Riv2P3q82P+/ahubWUHHsizczBJC0szoWkhHXk/lgpIg
aM6ZH08hojoZ2woa/3mD2FPWGmvVRNZ0dGejUzBRMB0GA1UdDgQWBBQa4BjDraIs
HEXhpnKRHXQu/B21UTAfBgNVHSMEGDAWgBQa4BjDraIsHEXhpnKRHXQu/B21UTAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICcgGXMtEktffKcerrem
Nq9ZtiQkOynXTFdAUpVNNij3AiBY/x29Vsg3xT2aLbvPFtg+JZXkHYjyW9+QEeod
pGvEdA==
-----END CERTIFICATE-----
";

    /// By OpenSSL 3.0, with the subject `O=x, CN=kubernetes`.
    const TWO_NAMES: &str = "\
-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUOo2X2h3HMuJgutaH0COaMPtXx90wCgYIKoZIzj0EAwIw
ITEKMAgGA1UECgwBeDETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjAyMjI3
MThaGA8yMDc2MDMwMjIyMjcxOFowITEKMAgGA1UECgwBeDETMBEGA1UEAwwKa3Vi
ZXJuZXRlczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHWv7XZfJ8XNgehi9Qzi
9vWl66na9X+JsA2fKi8+8ZYOf31Q/MkgArgY/xds2W4GM15pBMtcGoa6g+1kDpLu
3NejUzBRMB0GA1UdDgQWBBRikerH94axnZbcfLbcfmQx8dPR4jAfBgNVHSMEGDAW
gBRikerH94axnZbcfLbcfmQx8dPR4jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCIHvatOd3no2J4p8fX/66kY1vG8McHg0N6MKc1k7DS1GiAiEAvjWA
99nLMMsfnC5jKoUUZOiCyYZvfn0MyU6Chq34dIY=
-----END CERTIFICATE-----
";

    #[test]
    fn a_certificate_made_elsewhere_is_read() {
        let authority = Authority::from_pem(ONE_NAME).expect("an authority");
        assert_eq!(authority.common_name, "kubernetes");
        assert_eq!(authority.public_key.first_chunk(), Some(&[4, 0x4d, 0x9e, 0xeb]));
        assert_eq!(authority.public_key.len(), 65);
        assert_eq!(authority.not_after, 3_350_413_638);
    }

    #[test]
    fn everything_else_is_refused() {
        let cut = ONE_NAME.replace("AiBY/x29Vsg3xT2aLbvPFtg+JZXkHYjyW9+QEeod\n", "");
        let key = ONE_NAME.replace("MIIBgDCC", "MIIBgTCC");
        for bad in ["", "-----BEGIN CERTIFICATE-----", TWO_NAMES, &cut, &key] {
            assert_eq!(Authority::from_pem(bad), Err(AuthorityError), "{bad}");
        }
    }
}
