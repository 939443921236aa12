//! What a certificate says, for people: it is all in the plan, so that no key is needed to know it.

use crate::artifact::{Certificate, ImportedCertificate};
use crate::lock::Epoch;

/// The fields that matter.
pub struct CertificateText {
    pub subject: String,
    /// Of an authority that is made elsewhere; who else signs is in the graph.
    pub issuer: Option<String>,
    pub usage: String,
    pub not_before: String,
    pub not_after: String,
    /// What a server answers to; none of whoever is no server.
    pub names: String,
}

impl From<&Certificate> for CertificateText {
    fn from(certificate: &Certificate) -> Self {
        let groups = certificate.organisations.iter().map(|group| format!(", O={group}")).collect::<String>();
        let addresses = certificate.addresses.iter().map(ToString::to_string);
        let names: Vec<String> = certificate.dns_names.iter().cloned().chain(addresses).collect();
        Self {
            subject: format!("CN={}{groups}", certificate.common_name),
            issuer: None,
            usage: certificate.profile.to_string(),
            not_before: date(certificate.validity.not_before()),
            not_after: date(certificate.validity.not_after()),
            names: names.join(" "),
        }
    }
}

impl From<&ImportedCertificate> for CertificateText {
    fn from(ImportedCertificate { imported, .. }: &ImportedCertificate) -> Self {
        Self {
            subject: imported.subject(),
            issuer: Some(format!("{}, elsewhere", imported.issuer())),
            usage: "authority".to_owned(),
            not_before: date(imported.authority.not_before),
            not_after: date(imported.authority.not_after),
            names: String::new(),
        }
    }
}

impl CertificateText {
    /// The row of what a server answers to.
    pub const NAMES: &str = "names";

    /// Each field with what it is called.
    pub fn rows(self) -> Vec<(String, String)> {
        let rows = [
            ("subject", self.subject),
            ("issuer", self.issuer.unwrap_or_default()),
            ("usage", self.usage),
            (Self::NAMES, self.names),
            ("not before", self.not_before),
            ("not after", self.not_after),
        ];
        let said = rows.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// A second since 1970 as a date.
pub fn date(seconds: u64) -> String {
    let epoch = i64::try_from(seconds).ok().and_then(Epoch::from_unix);
    epoch.map_or_else(|| format!("second {seconds}"), |epoch| epoch.to_string())
}
