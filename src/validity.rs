//! When certificates are valid: what is not valid at a moment, and what ends soon after it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::artifact::{Artifact, Profile};
use crate::certificate_text::date;
use crate::cluster::{Authority, Pki};
use crate::names::{counted, first_few, order};

/// The time in which a certificate is valid, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    pub begins: u64,
    pub ends: u64,
}

impl Term {
    /// Of a node that is a certificate.
    pub fn of(action: &Artifact) -> Option<Self> {
        match action {
            Artifact::Certificate(certificate) => {
                let validity = certificate.validity;
                Some(Self { begins: validity.not_before(), ends: validity.not_after() })
            }
            Artifact::ImportedCertificate(certificate) => {
                let authority = &certificate.imported.authority;
                Some(Self { begins: authority.not_before, ends: authority.not_after })
            }
            _ => None,
        }
    }

    pub fn holds(self, now: u64) -> bool {
        (self.begins..=self.ends).contains(&now)
    }

    /// Whether at some moment both are valid.
    pub fn meets(self, other: Self) -> bool {
        self.begins <= other.ends && other.begins <= self.ends
    }
}

/// What decides when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Epoch {
    Authorities,
    Others,
    /// Whoever made this authority.
    Elsewhere(Authority),
}

impl Epoch {
    pub fn of(action: &Artifact) -> Option<Self> {
        match action {
            Artifact::Certificate(certificate) if certificate.profile == Profile::Authority => {
                Some(Self::Authorities)
            }
            Artifact::Certificate(_) => Some(Self::Others),
            Artifact::ImportedCertificate(certificate) => Some(Self::Elsewhere(certificate.authority)),
            _ => None,
        }
    }

    /// What to do where one is not valid, or ends soon.
    pub fn renewal(self) -> String {
        match self {
            Self::Authorities => {
                "renew it with other epochs `ca` and `leaf` in kthw.lock, whose moments have passed: \
                                  its key stays, so what trusts the old one trusts the new one"
                    .to_owned()
            }
            Self::Others => {
                "renew them with another epoch `leaf` in kthw.lock, whose moment has passed less than \
                             pki.certificateValidityPeriod ago"
                    .to_owned()
            }
            Self::Elsewhere(authority) => format!(
                "have it renewed where it was made, and put the new one in the place of \
                 pki.authorities.{authority}.certificate"
            ),
        }
    }
}

/// How certificates of one term stand to a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub epoch: Epoch,
    pub term: Term,
    pub what: String,
    /// Whether they are valid at that moment, and only end soon.
    pub is_valid: bool,
}

/// What there is to say of a cluster's certificates at a moment.
pub fn notices<'a>(
    nodes: impl IntoIterator<Item = (&'a str, &'a Artifact)>,
    pki: &Pki,
    now: u64,
) -> Vec<Notice> {
    let mut found: BTreeMap<(Epoch, Term), Vec<&str>> = BTreeMap::new();
    for (name, action) in nodes {
        let (Some(epoch), Some(term)) = (Epoch::of(action), Term::of(action)) else { continue };
        if !term.holds(now) || now >= told_from(pki, term) {
            found.entry((epoch, term)).or_default().push(name);
        }
    }
    let notice = |((epoch, term), mut names): ((Epoch, Term), Vec<&str>)| {
        names.sort_by(|a, b| order(a, b));
        let verb = |one, many| if names.len() == 1 { one } else { many };
        let state = match now {
            now if now < term.begins => {
                format!(
                    "{} not valid before {}, which is in the future",
                    verb("is", "are"),
                    date(term.begins)
                )
            }
            now if now > term.ends => {
                format!(
                    "{} not valid any more: {} expired at {}",
                    verb("is", "are"),
                    verb("it", "they"),
                    date(term.ends)
                )
            }
            _ => format!("{} at {}", verb("expires", "expire"), date(term.ends)),
        };
        let count = counted(names.len(), "certificate");
        let what = format!("{count} {state} ({})", first_few(names.iter().copied()));
        Notice { epoch, term, what, is_valid: term.holds(now) }
    };
    found.into_iter().map(notice).collect()
}

/// From when to when there is nothing to say.
pub fn quiet<'a>(actions: impl IntoIterator<Item = &'a Artifact>, pki: &Pki) -> [u64; 2] {
    let terms = actions.into_iter().filter_map(Term::of);
    terms.fold([0, u64::MAX], |[from, to], term| [from.max(term.begins), to.min(told_from(pki, term))])
}

/// From when the end of a term is told: so long before it as the cluster's file says, or thirty days, but no more than a
/// third of the term: what is renewed often would be told of all the time.
fn told_from(pki: &Pki, term: Term) -> u64 {
    const USUAL: Duration = Duration::from_secs(30 * 24 * 3600);
    let third = Duration::from_secs(term.ends.saturating_sub(term.begins) / 3);
    let before = pki.warn_before.unwrap_or_else(|| USUAL.min(third));
    term.ends.saturating_sub(before.as_secs())
}
