//! Which certificates are another than they were, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::artifact::{Artifact, Certificate, Profile};
use crate::diff::Causes;
use crate::names;
use crate::plan;
use crate::side::Side;

/// A certificate of the same place and name on both sides, or one on each of several hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reissue {
    /// The node, with `*` for each host.
    pub name: String,
    /// None if it is the cluster's.
    pub hosts: Vec<String>,
    pub why: Vec<Reason>,
    /// Indices into the changes of inputs.
    pub causes: Vec<usize>,
}

/// What about a certificate changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Key,
    Issuer,
    Dates,
    Names {
        added: Vec<String>,
        gone: Vec<String>,
    },
    /// Whose it is, or what for.
    Subject,
    /// The program makes another of the same.
    Program,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("another key"),
            Self::Issuer => f.write_str("another issuer"),
            Self::Dates => f.write_str("other dates"),
            Self::Subject => f.write_str("another subject"),
            Self::Program => f.write_str("kthw itself"),
            Self::Names { added, gone } => {
                let added = added.iter().map(|name| format!("+{name}"));
                let gone = gone.iter().map(|name| format!("-{name}"));
                write!(f, "names {}", added.chain(gone).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Reissue {
    /// How many certificates that are.
    pub fn count(&self) -> usize {
        self.hosts.len().max(1)
    }
}

/// Every certificate that is reissued; what is new or gone is not among them.
pub fn reissued(causes: &mut Causes<'_>) -> Vec<Reissue> {
    let (before, after) = (causes.before, causes.after);
    let mut found: BTreeMap<(String, Vec<Reason>, Vec<usize>), Vec<String>> = BTreeMap::new();
    for id in after.graph.order().iter().copied() {
        let name = after.name(id);
        let is_certificate =
            matches!(after.action(id), Artifact::Certificate(_) | Artifact::ImportedCertificate(_));
        let Some(old) = before.graph.find(name).filter(|_| is_certificate) else { continue };
        if before.output(old) == after.output(id) {
            continue;
        }
        let why = reasons(causes, name);
        let (general, host) = general(name);
        let follows = causes.of(name).all.iter().copied().collect();
        found.entry((general, why, follows)).or_default().extend(host);
    }
    let reissue = |((name, why, causes), mut hosts): ((_, _, _), Vec<String>)| {
        hosts.sort_by(|a, b| names::order(a, b));
        Reissue { name, hosts, why, causes }
    };
    found.into_iter().map(reissue).collect()
}

/// The authorities whose key is another, by the names of their certificates: what the old one signed is worth nothing
/// to whoever knows the new one alone.
pub fn replaced_authorities(before: Side<'_>, after: Side<'_>) -> BTreeSet<String> {
    let authorities = after.graph.order().iter().copied().filter(|id| match after.action(*id) {
        Artifact::Certificate(certificate) => certificate.profile == Profile::Authority,
        Artifact::ImportedCertificate(_) => true,
        _ => false,
    });
    let names = authorities.map(|id| after.name(id));
    let replaced = names.filter(|name| {
        let key = format!("{}/key", name.trim_end_matches("/cert"));
        let output = |side: Side<'_>| side.graph.find(&key).and_then(|id| side.output(id));
        output(before) != output(after)
    });
    replaced.map(str::to_owned).collect()
}

/// A node's name with `*` for the host that it is of, and that host.
fn general(name: &str) -> (String, Option<String>) {
    match plan::host_of(name) {
        Some(host) => (name.replacen(host, "*", 1), Some(host.to_owned())),
        None => (name.to_owned(), None),
    }
}

fn reasons(causes: &Causes<'_>, name: &str) -> Vec<Reason> {
    let Some(change) = causes.change(name) else { return vec![Reason::Program] };
    let certificate = |side: Side<'_>| match side.graph.find(name).map(|id| side.action(id)) {
        Some(Artifact::Certificate(certificate)) => Some(names_in(certificate)),
        _ => None,
    };
    let mut reasons = BTreeSet::new();
    for slot in &change.slots {
        reasons.insert(if slot == "key" { Reason::Key } else { Reason::Issuer });
    }
    for (param, _) in &change.params {
        reasons.insert(match param.name.as_str() {
            "epoch" | "lifetime" => Reason::Dates,
            "dns-name" | "address" => {
                let (old, new) = (certificate(causes.before), certificate(causes.after));
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
                    these.difference(those).cloned().collect::<Vec<_>>()
                };
                Reason::Names { added: only(&new, &old), gone: only(&old, &new) }
            }
            _ => Reason::Subject,
        });
    }
    if reasons.is_empty() || change.kind {
        reasons.insert(Reason::Program);
    }
    reasons.into_iter().collect()
}

fn names_in(certificate: &Certificate) -> BTreeSet<String> {
    let addresses = certificate.addresses.iter().map(ToString::to_string);
    certificate.dns_names.iter().cloned().chain(addresses).collect()
}

#[cfg(test)]
mod tests {
    use crate::rollout::Trial;

    fn check(trial: &Trial, expected: &[&str]) {
        let rollout = trial.rollout();
        let shown = rollout.certificates.iter().map(|reissue| {
            let why: Vec<String> = reissue.why.iter().map(ToString::to_string).collect();
            format!("{} {:?}: {}", reissue.name, reissue.hosts.len(), why.join(", "))
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_certificate_is_reissued_for_its_names_its_dates_its_key_and_its_issuer() {
        let trial = || Trial::of("single");
        check(&trial(), &[]);
        check(
            &trial().after(|text| text.replace("api:\n", "api:\n  sans: [k8s.example.org]\n")),
            &["host/*/pki/apiserver/cert 1: names +k8s.example.org"],
        );
        check(
            &trial().lock_after(|lock| _ = lock.generations.insert("pki/front-proxy-ca".to_owned(), 2)),
            &["pki/front-proxy-ca/cert 0: another key", "pki/front-proxy-client/cert 0: another issuer"],
        );
        check(
            &trial().lock_after(|lock| _ = lock.generations.insert("pki/admin".to_owned(), 2)),
            &["pki/admin/cert 0: another key"],
        );
    }

    #[test]
    fn certificates_of_many_hosts_are_one_line() {
        let later = Trial::of("single").after(|text| text + "pki: {certificateValidityPeriod: 1000h}\n");
        let found = later.rollout().certificates;
        let kubelets: Vec<_> = found.iter().filter(|found| found.name.contains("kubelet-client")).collect();
        assert_eq!(kubelets[0].name, "host/*/pki/kubelet-client/cert");
        assert_eq!(kubelets[0].hosts, ["worker-node-1", "worker-node-2"]);
    }
}
