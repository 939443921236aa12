//! Certificate authorities that were made elsewhere, and the keys that they sign with.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kthw_graph::Secret;
use p256::SecretKey;
use p256::pkcs8::DecodePrivateKey as _;

use crate::authority::{Authority, PublicKey, shown};
use crate::cluster;
use crate::shell::quoted;

/// The public side of the authorities that were made elsewhere.
pub type ImportedAuthorities = BTreeMap<cluster::Authority, ImportedAuthority>;

/// An authority that was made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAuthority {
    /// Its own certificate in PEM. Whoever trusts this trusts nobody else of those who have the same issuer.
    pub certificate: String,
    pub authority: Authority,
    /// Its public key: a point on P-256.
    pub public_key: Vec<u8>,
    /// The certificates of its issuers, from its own up.
    issuers: Vec<Authority>,
}

/// The private keys of authorities that were made elsewhere, each known by its public key.
#[derive(Clone, Default)]
pub struct ImportedKeys(Vec<(Vec<u8>, SecretKey)>);

/// Why a certificate is not one of an authority that can issue the certificates of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("there is no certificate in PEM")]
    Empty,
    #[error("it is a certificate in DER, and kthw reads PEM")]
    Der,
    #[error("it holds a private key, and certificates are for everyone to read")]
    PrivateKey,
    #[error("certificate {0} in it is none of X.509")]
    Malformed(usize),
    #[error("`{0}` is no certificate authority (basicConstraints lacks CA:TRUE)")]
    NotAuthority(String),
    #[error("`{0}` may not sign certificates (keyUsage lacks keyCertSign)")]
    MaySignNothing(String),
    #[error("`{0}` may not sign for servers and clients both (its extendedKeyUsage says so)")]
    Purposes(String),
    #[error("`{0}` is restricted by the extension {1}, which kthw does not understand")]
    Obscure(String, String),
    #[error("`{0}` has no subjectKeyIdentifier")]
    NoKeyIdentifier(String),
    #[error("`{0}` has a key of the kind {1}; kthw signs with ECDSA P-256 alone")]
    Key(String, String),
    #[error("`{0}` has its P-256 key in compressed form, which Kubernetes does not read")]
    Compressed(String),
    #[error("`{0}` follows `{1}`, whose issuer it is not")]
    Order(String, String),
    #[error("`{0}` allows no authority as far below it as `{1}` (its pathlen is {2})")]
    TooDeep(String, String, u64),
    #[error("`{name}` expires {days} d before the certificates that it is to vouch for")]
    Expires { name: String, days: u64 },
    #[error("`{name}` begins {days} d after the certificates that it is to vouch for")]
    Begins { name: String, days: u64 },
}

/// Why a text is not the private key of an authority. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportedKeyError {
    #[error("is encrypted")]
    Encrypted,
    #[error("is in DER, and kthw reads PEM")]
    Der,
    #[error("holds no ECDSA P-256 private key in PEM")]
    NoKey,
    #[error("is not the key of the certificate")]
    Foreign,
}

impl ImportError {
    /// What to do about it with the file of this name.
    pub fn fix(&self, file: &str) -> String {
        let fix = match self {
            Self::Der => {
                return format!(
                    "write it anew: `openssl x509 -inform DER -in {} -out {}`",
                    quoted(file),
                    quoted(&format!("{file}.pem"))
                );
            }
            Self::PrivateKey => {
                "leave the certificates alone in it, and keep the key below .kthw/; a key that was committed has to \
                 be replaced, and its authority with it"
            }
            Self::Compressed(_) => {
                "write the key anew, `openssl ec -in OLD -conv_form uncompressed -out NEW`, and have a certificate \
                 made for that"
            }
            Self::Empty | Self::Malformed(_) => {
                "put the authority's own certificate there, and after it those of its issuers if you like"
            }
            Self::NotAuthority(_) | Self::MaySignNothing(_) | Self::NoKeyIdentifier(_) => {
                "have it made as an authority: basicConstraints CA:TRUE, keyUsage keyCertSign, subjectKeyIdentifier"
            }
            Self::Purposes(_) => "have it made without extendedKeyUsage, or with serverAuth and clientAuth",
            Self::Obscure(..) => "have it made without that extension",
            Self::Key(..) => {
                "have an intermediate authority made whose key is `openssl genpkey -algorithm EC -pkeyopt \
                 ec_paramgen_curve:P-256`; who signs it may have any key"
            }
            Self::Order(..) => {
                "order the certificates: the authority's own, its issuer's, that one's issuer's"
            }
            Self::TooDeep(..) => "have the authority made by one that allows it",
            Self::Expires { .. } => "have it renewed, or shorten pki.certificateValidityPeriod",
            Self::Begins { .. } => {
                "write a later moment for `leaf` in kthw.lock, which renews those certificates"
            }
        };
        fix.to_owned()
    }
}

impl ImportedKeyError {
    /// What to do about it with the file of this name.
    pub fn fix(self, file: &str) -> String {
        let fix = match self {
            Self::Der => {
                return format!(
                    "write it anew: `openssl pkey -inform DER -in {} -out {}`",
                    quoted(file),
                    quoted(&format!("{file}.pem"))
                );
            }
            Self::Encrypted => "decrypt it with `openssl pkey`",
            Self::NoKey => "put the authority's key there; `openssl pkey -text` says what a key is",
            Self::Foreign => {
                "put the key back that belongs to the certificate, or the certificate of this key"
            }
        };
        fix.to_owned()
    }
}

impl ImportedAuthority {
    /// Reads the certificate of an authority, and those of its issuers after it.
    pub fn read(file: &[u8]) -> Result<Self, ImportError> {
        match Authority::from_der(file) {
            Ok(_) => Err(ImportError::Der),
            // What is written around PEM may be in any encoding.
            Err(_) => Self::from_pem(&String::from_utf8_lossy(file)),
        }
    }

    pub fn from_pem(text: &str) -> Result<Self, ImportError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(ImportError::PrivateKey);
        }
        let mut certificate = None;
        let mut chain: Vec<Authority> = Vec::new();
        for (number, pem) in (1..).zip(blocks(text, "CERTIFICATE")) {
            let authority = Authority::from_pem(pem).map_err(|_| ImportError::Malformed(number))?;
            check(&authority)?;
            if let Some(below) = chain.last()
                && below.issuer != authority.name
            {
                return Err(ImportError::Order(authority.subject(), below.subject()));
            }
            // The authorities between it and the leaves that the first one signs.
            let depth = chain.len() as u64;
            if let Some(allowed) = authority.extensions.path_length.filter(|allowed| *allowed < depth) {
                let below = chain.first().unwrap_or(&authority).subject();
                return Err(ImportError::TooDeep(authority.subject(), below, allowed));
            }
            certificate.get_or_insert(pem);
            chain.push(authority);
        }
        let mut certificate = certificate.ok_or(ImportError::Empty)?.replace('\r', "");
        certificate.push('\n');
        let authority = chain.remove(0);
        let public_key = match &authority.key {
            PublicKey::P256(point) => point.clone(),
            PublicKey::Compressed => return Err(ImportError::Compressed(authority.subject())),
            PublicKey::Other(kind) => return Err(ImportError::Key(authority.subject(), kind.clone())),
        };
        Ok(Self { certificate, authority, public_key, issuers: chain })
    }

    /// Refuses what is not valid all the time that the certificates are which it is to vouch for. One that was made on the
    /// day of the cluster is early enough: nobody asks about the hours before.
    pub fn outlives(&self, leaves: RangeInclusive<u64>) -> Result<(), ImportError> {
        const DAY: u64 = 86_400;
        for one in [&self.authority].into_iter().chain(&self.issuers) {
            let short = leaves.end().saturating_sub(one.not_after);
            if short > 0 {
                return Err(ImportError::Expires { name: one.subject(), days: short.div_ceil(DAY) });
            }
            let late = one.not_before.saturating_sub(*leaves.start());
            if late > DAY {
                return Err(ImportError::Begins { name: one.subject(), days: late.div_ceil(DAY) });
            }
        }
        Ok(())
    }

    /// Its name as people write it.
    pub fn subject(&self) -> String {
        self.authority.subject()
    }

    /// The name of who issued its certificate.
    pub fn issuer(&self) -> String {
        shown(&self.authority.issuer)
    }
}

/// What every authority of a chain must be.
fn check(authority: &Authority) -> Result<(), ImportError> {
    let (subject, extensions) = (authority.subject(), &authority.extensions);
    if !extensions.is_authority {
        return Err(ImportError::NotAuthority(subject));
    }
    if !extensions.signs_certificates {
        return Err(ImportError::MaySignNothing(subject));
    }
    if extensions.excludes_purposes {
        return Err(ImportError::Purposes(subject));
    }
    if let Some(obscure) = &extensions.obscure {
        return Err(ImportError::Obscure(subject, obscure.clone()));
    }
    match extensions.key_identifier {
        Some(_) => Ok(()),
        None => Err(ImportError::NoKeyIdentifier(subject)),
    }
}

impl ImportedKeys {
    /// Takes the PEM of a private key (PKCS#8 or SEC 1), if it is the one of this public key.
    pub fn add(&mut self, file: &Secret<Vec<u8>>, public_key: &[u8]) -> Result<(), ImportedKeyError> {
        let file = file.expose();
        if SecretKey::from_pkcs8_der(file).is_ok() || SecretKey::from_sec1_der(file).is_ok() {
            return Err(ImportedKeyError::Der);
        }
        let text = std::str::from_utf8(file).map_err(|_| ImportedKeyError::NoKey)?;
        if text.contains("ENCRYPTED") {
            return Err(ImportedKeyError::Encrypted);
        }
        let key = private_key(text).ok_or(ImportedKeyError::NoKey)?;
        if *key.public_key().to_sec1_bytes() != *public_key {
            return Err(ImportedKeyError::Foreign);
        }
        self.0.push((public_key.to_vec(), key));
        Ok(())
    }

    /// Takes what another knows, too.
    pub fn add_all(&mut self, other: &Self) {
        let new = other.0.iter().filter(|(public_key, _)| self.of(public_key).is_none());
        let new: Vec<_> = new.cloned().collect();
        self.0.extend(new);
    }

    /// The private key of this public key, if it is at hand.
    pub fn of(&self, public_key: &[u8]) -> Option<&SecretKey> {
        self.0.iter().find(|(known, _)| known == public_key).map(|(_, key)| key)
    }
}

fn private_key(text: &str) -> Option<SecretKey> {
    let pkcs8 = blocks(text, "PRIVATE KEY").next().and_then(|pem| SecretKey::from_pkcs8_pem(pem).ok());
    pkcs8.or_else(|| blocks(text, "EC PRIVATE KEY").next().and_then(|pem| SecretKey::from_sec1_pem(pem).ok()))
}

/// The blocks of a PEM text that have this label, without what is written around them.
fn blocks<'a>(text: &'a str, label: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(&begin)?..];
        let length = rest.find(&end).map_or(rest.len(), |place| place + end.len());
        let (block, after) = rest.split_at(length);
        rest = after;
        Some(block)
    })
}
