//! What is to be known of a certificate authority's own certificate, and how certificates are issued in its name.

use p256::pkcs8::der::asn1::{AnyRef, BitStringRef, GeneralizedTime, OctetStringRef, UtcTime};
use p256::pkcs8::der::{
    self, Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _, pem,
};
use p256::pkcs8::{Document, LineEnding, ObjectIdentifier};
use rcgen::SigningKey as _;

use crate::key_pair::KeyPair;

/// How people write what names are made of.
const ATTRIBUTES: [(&str, ObjectIdentifier); 8] = [
    ("CN", ObjectIdentifier::new_unwrap("2.5.4.3")),
    ("C", ObjectIdentifier::new_unwrap("2.5.4.6")),
    ("L", ObjectIdentifier::new_unwrap("2.5.4.7")),
    ("ST", ObjectIdentifier::new_unwrap("2.5.4.8")),
    ("O", ObjectIdentifier::new_unwrap("2.5.4.10")),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11")),
    ("DC", ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25")),
    ("emailAddress", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1")),
];

/// Algorithms and curves of keys, by the names that people know.
const ALGORITHMS: [(&str, ObjectIdentifier); 6] = [
    ("RSA", ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1")),
    ("RSA", ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10")),
    ("ECDSA P-384", ObjectIdentifier::new_unwrap("1.3.132.0.34")),
    ("ECDSA P-521", ObjectIdentifier::new_unwrap("1.3.132.0.35")),
    ("Ed25519", ObjectIdentifier::new_unwrap("1.3.101.112")),
    ("Ed448", ObjectIdentifier::new_unwrap("1.3.101.113")),
];
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// What an uncompressed point on P-256 is long.
const POINT: usize = 65;
const COMPRESSED_POINT: usize = 33;

const KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const PURPOSES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const SERVERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// An issuer of certificates, as its own certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The DER of its name, which certificates repeat byte for byte.
    pub name: Vec<u8>,
    /// The DER of the name of who issued this certificate.
    pub issuer: Vec<u8>,
    pub not_before: u64,
    /// The last second of its validity, in Unix time.
    pub not_after: u64,
    pub key: PublicKey,
    pub extensions: Extensions,
}

/// The public key of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// The public point, uncompressed.
    P256(Vec<u8>),
    /// A point on P-256 of which only half is written: Go's programs do not read it.
    Compressed,
    /// What people call its algorithm.
    Other(String),
}

/// The extensions that say what an authority may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    pub is_authority: bool,
    /// How many authorities there may be between this one and a leaf.
    pub path_length: Option<u64>,
    pub signs_certificates: bool,
    pub key_identifier: Option<Vec<u8>>,
    /// Whether certificates of servers and of clients are beyond what it may sign.
    pub excludes_purposes: bool,
    /// One that restricts it in a way that is not understood here.
    pub obscure: Option<String>,
}

/// A text that is not the certificate that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the PEM of an X.509 certificate")]
pub struct AuthorityError;

impl Authority {
    pub fn from_pem(pem: &str) -> Result<Self, AuthorityError> {
        let (label, document) = Document::from_pem(pem).map_err(|_| AuthorityError)?;
        let authority = Self::from_der(document.as_bytes())?;
        if label == "CERTIFICATE" { Ok(authority) } else { Err(AuthorityError) }
    }

    pub fn from_der(der: &[u8]) -> Result<Self, AuthorityError> {
        certificate(der).map_err(|_| AuthorityError)
    }

    /// The name as people write it.
    pub fn subject(&self) -> String {
        shown(&self.name)
    }

    /// The PEM of a certificate in the name of this authority, signed with its key. Everything but issuer and
    /// signature is taken from another one: the library that writes certificates cannot repeat every name.
    pub fn issue(&self, unsigned: &[u8], key: &KeyPair) -> Result<String, IssueError> {
        let (fields, algorithm) = SliceReader::new(unsigned)?.sequence(|certificate| {
            let fields = certificate.sequence(|fields| {
                let mut all = Vec::new();
                while !fields.is_finished() {
                    all.push(fields.tlv_bytes()?);
                }
                Ok::<_, der::Error>(all)
            })?;
            let algorithm = certificate.tlv_bytes()?;
            let _signature = certificate.tlv_bytes()?;
            Ok::<_, der::Error>((fields, algorithm))
        })?;
        let renamed = |(place, field)| if place == ISSUER { &self.name[..] } else { field };
        let to_be_signed = sequence(&fields.into_iter().enumerate().map(renamed).collect::<Vec<_>>())?;
        let signature = key.sign(&to_be_signed)?;
        let signature = BitStringRef::from_bytes(&signature)?.to_der()?;
        let certificate = sequence(&[&to_be_signed, algorithm, &signature])?;
        Ok(pem::encode_string("CERTIFICATE", LineEnding::LF, &certificate).map_err(der::Error::from)?)
    }
}

/// Why a certificate cannot be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("cannot write the certificate: {0}")]
    Encoding(#[from] der::Error),
    #[error("cannot sign the certificate: {0}")]
    Signing(#[from] rcgen::Error),
}

/// The place of the issuer among the fields of a TBSCertificate that names its version.
const ISSUER: usize = 3;

fn sequence(parts: &[&[u8]]) -> der::Result<Vec<u8>> {
    AnyRef::new(Tag::Sequence, &parts.concat())?.to_der()
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
    let first = AnyRef::decode(fields)?;
    if first.tag() != Tag::Integer {
        // The first version has no field for its version, but begins with the serial number.
        let _serial_number = fields.tlv_bytes()?;
    }
    let _signature = fields.tlv_bytes()?;
    let issuer = fields.tlv_bytes()?.to_vec();
    let (not_before, not_after) =
        fields.sequence(|validity| Ok::<_, der::Error>((time(validity)?, time(validity)?)))?;
    let name = fields.tlv_bytes()?.to_vec();
    let key = fields.sequence(public_key)?;
    let mut extensions = Extensions::default();
    while !fields.is_finished() {
        let field = AnyRef::decode(fields)?;
        if field.tag() == (Tag::ContextSpecific { constructed: true, number: TagNumber(3) }) {
            extensions = SliceReader::new(field.value())?.sequence(read_extensions)?;
        }
    }
    Ok(Authority { name, issuer, not_before, not_after, key, extensions })
}

fn time(reader: &mut SliceReader<'_>) -> der::Result<u64> {
    let time = AnyRef::decode(reader)?;
    let since_1970 = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(since_1970.as_secs())
}

fn public_key(key: &mut SliceReader<'_>) -> der::Result<PublicKey> {
    let (algorithm, curve) = key.sequence(|algorithm| {
        let algorithm_name = ObjectIdentifier::decode(algorithm)?;
        let mut curve = None;
        while !algorithm.is_finished() {
            let parameters = AnyRef::decode(algorithm)?;
            curve = parameters.decode_as::<ObjectIdentifier>().ok();
        }
        Ok::<_, der::Error>((algorithm_name, curve))
    })?;
    let bits = BitStringRef::decode(key)?;
    let point = bits.as_bytes().ok_or(der::ErrorKind::Failed)?;
    if (algorithm, curve) == (EC_PUBLIC_KEY, Some(P256)) {
        match point.len() {
            POINT => return Ok(PublicKey::P256(point.to_vec())),
            COMPRESSED_POINT => return Ok(PublicKey::Compressed),
            _ => {}
        }
    }
    let identifier = if algorithm == EC_PUBLIC_KEY { curve.unwrap_or(algorithm) } else { algorithm };
    let known = ALGORITHMS.iter().find(|(_, known)| *known == identifier);
    Ok(PublicKey::Other(known.map_or_else(|| identifier.to_string(), |(name, _)| (*name).to_owned())))
}

fn read_extensions(list: &mut SliceReader<'_>) -> der::Result<Extensions> {
    let mut extensions = Extensions::default();
    while !list.is_finished() {
        list.sequence(|extension| {
            let identifier = ObjectIdentifier::decode(extension)?;
            let critical = extension.peek_byte() == Some(BOOLEAN) && bool::decode(extension)?;
            let value = <&OctetStringRef>::decode(extension)?.as_bytes();
            extensions.read(identifier, critical, value)
        })?;
    }
    Ok(extensions)
}

/// How a BOOLEAN begins.
const BOOLEAN: u8 = 1;
/// The bit of keyCertSign in the first byte of a KeyUsage.
const KEY_CERT_SIGN: u8 = 0x04;

impl Extensions {
    fn read(&mut self, identifier: ObjectIdentifier, critical: bool, value: &[u8]) -> der::Result<()> {
        match identifier {
            BASIC_CONSTRAINTS => {
                SliceReader::new(value)?.sequence(|constraints| {
                    self.is_authority =
                        constraints.peek_byte() == Some(BOOLEAN) && bool::decode(constraints)?;
                    if !constraints.is_finished() {
                        self.path_length = Some(u64::decode(constraints)?);
                    }
                    Ok::<_, der::Error>(())
                })?;
            }
            KEY_USAGE => {
                let bits = BitStringRef::from_der(value)?;
                let first = bits.raw_bytes().first().copied().unwrap_or_default();
                self.signs_certificates = first & KEY_CERT_SIGN != 0;
            }
            KEY_IDENTIFIER => {
                self.key_identifier = Some(<&OctetStringRef>::from_der(value)?.as_bytes().to_vec());
            }
            PURPOSES => {
                let purposes: Vec<ObjectIdentifier> = Vec::from_der(value)?;
                let has = |purpose| purposes.contains(&purpose);
                self.excludes_purposes = !(has(ANY_PURPOSE) || has(SERVERS) && has(CLIENTS));
            }
            AUTHORITY_KEY_IDENTIFIER | POLICIES => {}
            other if critical || other == NAME_CONSTRAINTS => self.obscure = Some(other.to_string()),
            _ => {}
        }
        Ok(())
    }
}

/// A Name as people write it: its attributes in order.
pub fn shown(name: &[u8]) -> String {
    let mut attributes = Vec::new();
    // What cannot be read any further is left out: this is for people alone.
    let _ = SliceReader::new(name).and_then(|mut reader| {
        reader.sequence(|sets| {
            while !sets.is_finished() {
                let set = AnyRef::decode(sets)?;
                let mut set = SliceReader::new(set.value())?;
                while !set.is_finished() {
                    attributes.push(set.sequence(attribute)?);
                }
            }
            Ok::<_, der::Error>(())
        })
    });
    attributes.join(", ")
}

fn attribute(attribute: &mut SliceReader<'_>) -> der::Result<String> {
    let identifier = ObjectIdentifier::decode(attribute)?;
    let value = String::from_utf8_lossy(AnyRef::decode(attribute)?.value()).escape_debug().to_string();
    let known = ATTRIBUTES.iter().find(|(_, known)| *known == identifier);
    Ok(match known {
        Some((label, _)) => format!("{label}={value}"),
        None => format!("{identifier}={value}"),
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
        assert_eq!(authority.subject(), "CN=kubernetes");
        assert_eq!(authority.issuer, authority.name);
        let PublicKey::P256(point) = &authority.key else { panic!("{:?}", authority.key) };
        assert_eq!(point.first_chunk(), Some(&[4, 0x4d, 0x9e, 0xeb]));
        assert_eq!(authority.not_after, 3_350_413_638);
        assert!(authority.extensions.is_authority);
        // It has no KeyUsage.
        assert!(!authority.extensions.signs_certificates);
        let identifier = authority.extensions.key_identifier.expect("it has one");
        assert_eq!(identifier.first_chunk(), Some(&[0x1a, 0xe0, 0x18, 0xc3]));
        assert_eq!(Authority::from_pem(TWO_NAMES).expect("an authority").subject(), "O=x, CN=kubernetes");
    }

    #[test]
    fn everything_else_is_refused() {
        let cut = ONE_NAME.replace("AiBY/x29Vsg3xT2aLbvPFtg+JZXkHYjyW9+QEeod\n", "");
        let key = ONE_NAME.replace("MIIBgDCC", "MIIBgTCC");
        let other = ONE_NAME.replace("CERTIFICATE", "PUBLIC KEY");
        for bad in ["", "-----BEGIN CERTIFICATE-----", &cut, &key, &other] {
            assert_eq!(Authority::from_pem(bad), Err(AuthorityError), "{bad}");
        }
    }
}
