//! An X.509 certificate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use kthw_store::{ActionDigest, Sha256};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose as ExtendedUsage,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose as Usage, PublicKeyData as _, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::{Ingredients, Make};
use crate::authority::{Authority, PublicKey};
use crate::key_pair::{KeyPair, Unsigned};

/// How long before its epoch a certificate is valid, for hosts whose clocks are slow.
const HEAD_START: u64 = 300;

/// A certificate of the input `key`, signed by `issuer-key` in the name of `issuer-cert`; an authority
/// signs itself.
pub struct Certificate {
    pub profile: Profile,
    pub common_name: String,
    /// The groups of a Kubernetes user; at most two.
    pub organisations: Vec<String>,
    pub dns_names: BTreeSet<String>,
    pub addresses: BTreeSet<IpAddr>,
    pub validity: Validity,
    /// The field of the cluster's file that decides who this is for, if one does.
    pub decided_by: Option<String>,
    /// The fields that decide single names and addresses, by these as they are printed.
    pub named_by: BTreeMap<String, String>,
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Signs certificates that sign nothing themselves.
    Authority,
    Server,
    Client,
    /// Both sides of a connection, as between the members of etcd.
    Peer,
}

/// When a certificate is valid: from its epoch, in Unix time, for so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub epoch: u64,
    pub lifetime: u64,
}

/// Why a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("`{0}` is in more than two groups; give its certificate two at most")]
    Organisations(String),
    #[error("`{0}` is not a DNS name; names here are of ASCII characters")]
    DnsName(String),
    #[error("the certificate of `{0}` would be valid beyond the year 9999; shorten its lifetime")]
    Validity(String),
    #[error(
        "the certificate of `{name}` would outlive its authority `{authority}` (by {days} d); renew the \
         authority or shorten pki.certificateValidityPeriod"
    )]
    Outlives { name: String, authority: String, days: u64 },
    #[error("the key that would sign for `{0}` is not the key of its certificate")]
    ForeignKey(String),
}

impl Make for Certificate {
    const KIND: Kind = Kind {
        name: "certificate",
        version: 1,
        yields: Yields::Declassified,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        let Self {
            profile,
            common_name,
            organisations,
            dns_names,
            addresses,
            validity,
            decided_by,
            named_by,
        } = self;
        let who = decided_by.as_deref().unwrap_or_default();
        let path = format_args!("{who}");
        let origin = || if who.is_empty() { Origin::Program } else { Origin::Spec(path) };
        manifest.text("profile", profile.name(), Origin::Program);
        manifest.text("common-name", common_name, origin());
        manifest.list("organisation", organisations, Origin::Program);
        let mut name = |what: &str, name: String| match named_by.get(&name) {
            Some(field) => manifest.text(what, &name, Origin::Spec(format_args!("{field}"))),
            None => manifest.text(what, &name, origin()),
        };
        dns_names.iter().for_each(|dns| name("dns-name", dns.clone()));
        addresses.iter().for_each(|address| name("address", address.to_string()));
        let (epoch, lifetime) = profile.decided_by();
        manifest.number("epoch", validity.epoch, Origin::Lock(format_args!("{epoch}")));
        manifest.number("lifetime", validity.lifetime, Origin::Spec(format_args!("{lifetime}")));
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let key = KeyPair::from_pem(from.secret("key")?)?;
        let params = self.params(&key, from.action())?;
        let pem = match self.profile {
            Profile::Authority => params.self_signed(&key)?.pem(),
            Profile::Server | Profile::Client | Profile::Peer => {
                let (authority, issuer) = self.issuer(from)?;
                let unsigned = params.signed_by(&key, &unsigned(&authority, &issuer))?;
                authority.issue(unsigned.der(), &issuer)?
            }
        };
        Ok(Content::public(pem.into_bytes()))
    }
}

impl Certificate {
    fn params(&self, key: &KeyPair, action: ActionDigest) -> Result<CertificateParams, CertificateError> {
        let mut params = CertificateParams::default();
        params.not_before = self.moment(self.validity.not_before())?;
        params.not_after = self.moment(self.validity.not_after())?;
        params.serial_number = Some(serial_number(action));
        params.distinguished_name = self.subject()?;
        params.subject_alt_names = self.alternative_names()?;
        params.is_ca = match self.profile {
            Profile::Authority => IsCa::Ca(BasicConstraints::Constrained(0)),
            Profile::Server | Profile::Client | Profile::Peer => IsCa::ExplicitNoCa,
        };
        params.key_usages = self.profile.usages().to_vec();
        params.extended_key_usages = self.profile.extended_usages().to_vec();
        params.key_identifier_method = key_identifier(key);
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn moment(&self, unix: u64) -> Result<OffsetDateTime, CertificateError> {
        let moment = i64::try_from(unix).ok().and_then(|unix| OffsetDateTime::from_unix_timestamp(unix).ok());
        moment.ok_or_else(|| CertificateError::Validity(self.common_name.clone()))
    }

    /// The library keeps one value per type, so that the second organisation comes under the same
    /// identifier by another name.
    fn subject(&self) -> Result<DistinguishedName, CertificateError> {
        let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
        if self.organisations.len() > types.len() {
            return Err(CertificateError::Organisations(self.common_name.clone()));
        }
        let mut subject = DistinguishedName::new();
        for (kind, organisation) in types.into_iter().zip(&self.organisations) {
            subject.push(kind, organisation.as_str());
        }
        subject.push(DnType::CommonName, self.common_name.as_str());
        Ok(subject)
    }

    fn alternative_names(&self) -> Result<Vec<SanType>, CertificateError> {
        let refused = |name: &String| CertificateError::DnsName(name.clone());
        let name = |name: &String| name.as_str().try_into().map_err(|_| refused(name));
        let names = self.dns_names.iter().map(|dns| Ok(SanType::DnsName(name(dns)?)));
        let addresses = self.addresses.iter().map(|address| Ok(SanType::IpAddress(*address)));
        names.chain(addresses).collect()
    }

    /// The issuer and its key, if it may issue this.
    fn issuer(&self, from: &Ingredients<'_>) -> Result<(Authority, KeyPair), ActionError> {
        let key = KeyPair::from_pem(from.secret("issuer-key")?)?;
        let authority = Authority::from_pem(from.text("issuer-cert")?)?;
        if !matches!(&authority.key, PublicKey::P256(point) if point == key.der_bytes()) {
            return Err(CertificateError::ForeignKey(authority.subject()).into());
        }
        let excess = self.validity.not_after().saturating_sub(authority.not_after);
        if excess > 0 {
            let (name, authority) = (self.common_name.clone(), authority.subject());
            return Err(CertificateError::Outlives { name, authority, days: excess.div_ceil(86_400) }.into());
        }
        Ok((authority, key))
    }
}

/// An issuer that knows an authority's key by the identifier that the authority gave it, and leaves its name and the
/// signature open.
fn unsigned<'a>(authority: &Authority, key: &'a KeyPair) -> Issuer<'static, Unsigned<'a>> {
    let mut params = CertificateParams::default();
    let own = || Sha256::of(key.der_bytes()).as_bytes()[..20].to_vec();
    let identifier = authority.extensions.key_identifier.clone().unwrap_or_else(own);
    params.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
    Issuer::new(params, Unsigned(key))
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Server => "server",
            Self::Client => "client",
            Self::Peer => "peer",
        }
    }

    fn usages(self) -> &'static [Usage] {
        match self {
            Self::Authority => &[Usage::DigitalSignature, Usage::KeyCertSign, Usage::CrlSign],
            Self::Server | Self::Client | Self::Peer => &[Usage::DigitalSignature],
        }
    }

    fn extended_usages(self) -> &'static [ExtendedUsage] {
        match self {
            Self::Authority => &[],
            Self::Server => &[ExtendedUsage::ServerAuth],
            Self::Client => &[ExtendedUsage::ClientAuth],
            Self::Peer => &[ExtendedUsage::ServerAuth, ExtendedUsage::ClientAuth],
        }
    }

    /// Where the epoch and the lifetime come from.
    fn decided_by(self) -> (&'static str, &'static str) {
        match self {
            Self::Authority => ("epochs.ca", "pki.caCertificateValidityPeriod"),
            Self::Server | Self::Client | Self::Peer => ("epochs.leaf", "pki.certificateValidityPeriod"),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "authority",
            Self::Server => "server",
            Self::Client => "client",
            Self::Peer => "server and client",
        })
    }
}

impl Validity {
    /// A little before the epoch, for clocks that are late.
    pub fn not_before(self) -> u64 {
        self.epoch.saturating_sub(HEAD_START)
    }

    pub fn not_after(self) -> u64 {
        self.epoch.saturating_add(self.lifetime)
    }
}

/// 16 bytes of the action's digest: another certificate of the same key has another number. The first
/// bits make it positive and of the same length every time.
fn serial_number(action: ActionDigest) -> SerialNumber {
    let mut bytes = action.as_bytes()[..16].to_vec();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from(bytes)
}

/// Method 1 of RFC 7093: 160 bits of the SHA-256 of the public key.
fn key_identifier(key: &KeyPair) -> KeyIdMethod {
    KeyIdMethod::PreSpecified(Sha256::of(key.der_bytes()).as_bytes()[..20].to_vec())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::trial::{self, described, make};
    use super::*;
    use crate::artifact::PrivateKey;
    use crate::judge::{approved, file, judge, refused};

    const DAY: u64 = 86_400;
    /// 2026-11-20T00:00:00Z.
    const EPOCH: u64 = 1_795_132_800;

    fn key(label: &str) -> Content {
        let (cluster, root) = ("trial".into(), trial::root().fingerprint());
        make(PrivateKey { cluster, label: label.into(), generation: 1, root }, &[]).expect("a key")
    }

    fn authority() -> Certificate {
        Certificate {
            profile: Profile::Authority,
            common_name: "kubernetes-ca".into(),
            organisations: vec![],
            dns_names: BTreeSet::new(),
            addresses: BTreeSet::new(),
            validity: Validity { epoch: EPOCH, lifetime: 3650 * DAY },
            decided_by: None,
            named_by: BTreeMap::new(),
        }
    }

    fn leaf(profile: Profile) -> Certificate {
        Certificate {
            profile,
            common_name: "system:node:worker-1".into(),
            organisations: vec!["system:nodes".into(), "second".into()],
            dns_names: ["worker-1", "kubernetes.default.svc"].map(str::to_owned).into(),
            addresses: ["10.0.0.36", "fd00::1"].map(|ip| ip.parse().expect("an address")).into(),
            validity: Validity { epoch: EPOCH, lifetime: 365 * DAY },
            decided_by: Some("hosts[worker-1]".into()),
            named_by: BTreeMap::from([("10.0.0.36".into(), "hosts[worker-1].address".into())]),
        }
    }

    /// The authority's key and certificate.
    fn issuer() -> (Content, Content) {
        let key = key("ca");
        let certificate = make(authority(), &[("key", &key)]).expect("an authority");
        (key, certificate)
    }

    fn issue(leaf: Certificate) -> Result<Content, ActionError> {
        let (issuer_key, issuer) = issuer();
        make(leaf, &[("key", &key("leaf")), ("issuer-key", &issuer_key), ("issuer-cert", &issuer)])
    }

    fn issued(leaf: Certificate) -> String {
        trial::shown(&issue(leaf).expect("a certificate")).to_owned()
    }

    #[test]
    fn every_parameter_counts_but_for_who_decided_it() {
        let server = || leaf(Profile::Server);
        for other in [
            leaf(Profile::Client),
            Certificate { common_name: "x".into(), ..server() },
            Certificate { organisations: vec!["system:nodes".into()], ..server() },
            Certificate { dns_names: ["worker-1".into()].into(), ..server() },
            Certificate { addresses: BTreeSet::new(), ..server() },
            Certificate { validity: Validity { epoch: EPOCH + 1, lifetime: 365 * DAY }, ..server() },
            Certificate { validity: Validity { epoch: EPOCH, lifetime: DAY }, ..server() },
        ] {
            assert_ne!(described(other), described(server()));
        }
        assert_eq!(
            described(Certificate { decided_by: None, named_by: BTreeMap::new(), ..server() }),
            described(server())
        );
    }

    /// A change here renews every certificate of every cluster: bump the kind's version.
    #[test]
    fn bytes_are_frozen() {
        let (_, authority) = issuer();
        let server = issued(leaf(Profile::Server));
        assert_eq!(server, issued(leaf(Profile::Server)));
        insta::assert_snapshot!([trial::shown(&authority), &server].concat());
    }

    #[test]
    fn a_certificate_that_would_not_work_is_refused() {
        let client = || leaf(Profile::Client);
        let three = ["a", "b", "c"].map(str::to_owned).to_vec();
        let lasting = |lifetime| Validity { epoch: EPOCH, lifetime };
        let mut refusals = Vec::new();
        for bad in [
            Certificate { organisations: three, ..client() },
            Certificate { dns_names: ["größe".into()].into(), ..client() },
            Certificate { validity: lasting(3650 * DAY + 1), ..client() },
            Certificate { validity: lasting(u64::MAX), ..client() },
        ] {
            refusals.push(issue(bad).err().expect("a bad certificate").to_string());
        }
        let inputs = [("key", &key("leaf")), ("issuer-key", &key("leaf")), ("issuer-cert", &issuer().1)];
        refusals.push(make(client(), &inputs).err().expect("a foreign key").to_string());
        insta::assert_snapshot!(refusals.join("\n"), @"
        `system:node:worker-1` is in more than two groups; give its certificate two at most
        `größe` is not a DNS name; names here are of ASCII characters
        the certificate of `system:node:worker-1` would outlive its authority `CN=kubernetes-ca` (by 1 d); renew the authority or shorten pki.certificateValidityPeriod
        the certificate of `system:node:worker-1` would be valid beyond the year 9999; shorten its lifetime
        the key that would sign for `CN=kubernetes-ca` is not the key of its certificate
        ");
    }

    /// OpenSSL as it verifies a certificate against the authority, a day after the epoch.
    fn verify(certificate: &str, arguments: &[&str], judgement: fn(&mut Command) -> String) -> String {
        let (_, authority) = issuer();
        let (authority, certificate) = (file(trial::shown(&authority)), file(certificate));
        let Some(mut openssl) = judge("openssl") else { return String::new() };
        let moment = (EPOCH + DAY).to_string();
        openssl.args(["verify", "-x509_strict", "-attime", &moment, "-CAfile"]).arg(authority.path());
        judgement(openssl.args(arguments).arg(certificate.path()))
    }

    #[test]
    fn openssl_accepts_each_profile_for_its_purpose_alone() {
        use Profile::{Authority, Client, Peer, Server};
        let certificates = [
            (Server, issued(leaf(Server))),
            (Client, issued(leaf(Client))),
            (Peer, issued(leaf(Peer))),
            (Authority, trial::shown(&issuer().1).to_owned()),
        ];
        for (profile, certificate) in certificates {
            verify(&certificate, &[], approved);
            for (purpose, good) in [("sslserver", [Server, Peer]), ("sslclient", [Client, Peer])] {
                let good = profile == Authority || good.contains(&profile);
                verify(&certificate, &["-purpose", purpose], if good { approved } else { refused });
            }
        }
    }

    #[test]
    fn openssl_finds_every_name_and_no_other() {
        let server = issued(leaf(Profile::Server));
        for (option, name, judgement) in [
            ("-verify_hostname", "worker-1", approved as fn(&mut _) -> _),
            ("-verify_hostname", "kubernetes.default.svc", approved),
            ("-verify_hostname", "worker-2", refused),
            ("-verify_ip", "10.0.0.36", approved),
            ("-verify_ip", "fd00::1", approved),
            ("-verify_ip", "10.0.0.37", refused),
        ] {
            verify(&server, &["-purpose", "sslserver", option, name], judgement);
        }
    }

    /// What OpenSSL prints of a certificate.
    fn printed(certificate: &str, arguments: &[&str]) -> Option<String> {
        let certificate = file(certificate);
        let mut openssl = judge("openssl")?;
        Some(approved(openssl.args(["x509", "-noout"]).args(arguments).arg("-in").arg(certificate.path())))
    }

    /// Printed by OpenSSL, without what is long and random.
    #[test]
    fn openssl_prints_what_was_asked_for() {
        const EXTENSIONS: &str = "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName,\
                                  subjectKeyIdentifier,authorityKeyIdentifier";
        let arguments = ["-nameopt", "RFC2253", "-subject", "-issuer", "-dates", "-ext", EXTENSIONS];
        let (_, authority) = issuer();
        let Some(authority) = printed(trial::shown(&authority), &arguments) else { return };
        let Some(peer) = printed(&issued(leaf(Profile::Peer)), &arguments) else { return };
        insta::assert_snapshot!([authority, peer].join("\n"), @"
        subject=CN=kubernetes-ca
        issuer=CN=kubernetes-ca
        notBefore=Nov 19 23:55:00 2026 GMT
        notAfter=Nov 17 00:00:00 2036 GMT
        X509v3 Authority Key Identifier: 
            AB:AA:9A:BE:F5:24:88:0D:3D:4E:FD:DD:98:8F:A9:01:D9:E8:1B:32
        X509v3 Key Usage: critical
            Digital Signature, Certificate Sign, CRL Sign
        X509v3 Subject Key Identifier: 
            AB:AA:9A:BE:F5:24:88:0D:3D:4E:FD:DD:98:8F:A9:01:D9:E8:1B:32
        X509v3 Basic Constraints: critical
            CA:TRUE, pathlen:0

        subject=CN=system:node:worker-1,O=second,O=system:nodes
        issuer=CN=kubernetes-ca
        notBefore=Nov 19 23:55:00 2026 GMT
        notAfter=Nov 20 00:00:00 2027 GMT
        X509v3 Authority Key Identifier: 
            AB:AA:9A:BE:F5:24:88:0D:3D:4E:FD:DD:98:8F:A9:01:D9:E8:1B:32
        X509v3 Subject Alternative Name: 
            DNS:kubernetes.default.svc, DNS:worker-1, IP Address:10.0.0.36, IP Address:FD00:0:0:0:0:0:0:1
        X509v3 Key Usage: critical
            Digital Signature
        X509v3 Extended Key Usage: 
            TLS Web Server Authentication, TLS Web Client Authentication
        X509v3 Subject Key Identifier: 
            67:0B:03:7F:CE:6D:1B:ED:61:84:BA:64:62:C3:CF:65:C8:88:AD:70
        X509v3 Basic Constraints: critical
            CA:FALSE
        ");
    }

    #[test]
    fn openssl_sees_the_key_that_was_given() {
        let private = file(trial::shown(&key("leaf")));
        let Some(inside) = printed(&issued(leaf(Profile::Client)), &["-pubkey"]) else { return };
        let Some(mut openssl) = judge("openssl") else { return };
        assert_eq!(inside, approved(openssl.args(["pkey", "-pubout", "-in"]).arg(private.path())));
    }

    #[test]
    fn a_renewed_certificate_has_the_same_key_and_another_serial_number() {
        let renewed = Validity { epoch: EPOCH + DAY, lifetime: 365 * DAY };
        let [old, new] = [leaf(Profile::Server).validity, renewed]
            .map(|validity| issued(Certificate { validity, ..leaf(Profile::Server) }));
        let Some(serials) =
            [&old, &new].map(|c| printed(c, &["-serial"])).into_iter().collect::<Option<Vec<_>>>()
        else {
            return;
        };
        assert_ne!(serials[0], serials[1]);
        assert_eq!(serials[0].trim().len(), serials[1].trim().len());
        assert_eq!(printed(&old, &["-pubkey"]), printed(&new, &["-pubkey"]));
    }

    #[test]
    fn centuries_are_crossed_without_harm() {
        let validity = Validity { epoch: 4_102_444_799, lifetime: 36_500 * DAY };
        let old =
            make(Certificate { validity, ..authority() }, &[("key", &key("ca"))]).expect("an authority");
        let read = Authority::from_pem(trial::shown(&old)).expect("an authority");
        assert_eq!(read.not_after, validity.not_after());
        let Some(dates) = printed(trial::shown(&old), &["-dates"]) else { return };
        assert_eq!(dates, "notBefore=Dec 31 23:54:59 2099 GMT\nnotAfter=Dec  7 23:59:59 2199 GMT\n");
    }

    /// A second opinion, from the TLS stack that this program itself speaks to the world with.
    #[test]
    fn rustls_accepts_the_same_servers() {
        use rustls::client::WebPkiServerVerifier;
        use rustls::client::danger::ServerCertVerifier as _;
        use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
        use rustls::{RootCertStore, crypto::ring};

        let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a PEM");
        let mut roots = RootCertStore::empty();
        roots.add(der(trial::shown(&issuer().1))).expect("an authority");
        let provider = ring::default_provider().into();
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
        let verifier = verifier.build().expect("a verifier");
        for (profile, name, good) in [
            (Profile::Server, "worker-1", true),
            (Profile::Peer, "10.0.0.36", true),
            (Profile::Peer, "fd00::1", true),
            (Profile::Server, "worker-2", false),
            (Profile::Client, "worker-1", false),
        ] {
            let certificate = der(&issued(leaf(profile)));
            let name = ServerName::try_from(name).expect("a name");
            let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(EPOCH + DAY));
            let verdict = verifier.verify_server_cert(&certificate, &[], &name, &[], moment);
            assert_eq!(verdict.is_ok(), good, "{profile:?} {name:?}");
        }
    }
}
