//! The section `pki`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cluster::duration;
use crate::cluster::{Authority, AuthorityFiles, Pki};
use crate::spec::document::{AuthoritiesSpec, PkiSpec};
use crate::spec::problem::Problem;

/// A hundred years: what outlives this is a mistake.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// So little time that whoever is away for it comes back to a cluster that trusts nobody.
const BRIEF: Duration = Duration::from_secs(24 * 3600);

/// Decides the lifetimes of certificates, and who issues them.
pub fn resolve(spec: &PkiSpec, problems: &mut Vec<Problem>) -> Option<Pki> {
    let leaf_path = "pki.certificateValidityPeriod";
    let ca_path = "pki.caCertificateValidityPeriod";
    let leaf = lifetime(leaf_path, &spec.certificate_validity_period, problems);
    let ca = lifetime(ca_path, &spec.ca_certificate_validity_period, problems);
    let warn_before = spec.warn_before.as_deref().map(|text| warn_before(text, problems));
    let authorities = authorities(&spec.authorities, problems);
    let (leaf_lifetime, ca_lifetime) = (leaf?, ca?);
    if leaf_lifetime >= ca_lifetime {
        let (leaf, ca) = (&spec.certificate_validity_period, &spec.ca_certificate_validity_period);
        problems.push(
            Problem::error(leaf_path, format!("{leaf_path} {leaf} is not shorter than {ca_path} {ca}"))
                .fix("let certificates expire before the authority that signed them"),
        );
    }
    if leaf_lifetime <= BRIEF {
        let message = format!(
            "{leaf_path} {}: all certificates have to be renewed, and rolled out to all hosts, within that time",
            spec.certificate_validity_period
        );
        problems.push(Problem::warning(leaf_path, message).fix("choose a time that outlasts a long weekend"));
    }
    let warn_before = match warn_before {
        Some(Some(before)) if before >= leaf_lifetime => {
            let (text, leaf) =
                (spec.warn_before.as_deref().unwrap_or_default(), &spec.certificate_validity_period);
            let message = format!(
                "pki.warnBefore {text} is not shorter than {leaf_path} {leaf}: it warns all the time"
            );
            problems.push(Problem::warning("pki.warnBefore", message).fix("choose a part of that time"));
            Some(before)
        }
        Some(before) => Some(before?),
        None => None,
    };
    Some(Pki { ca_lifetime, leaf_lifetime, warn_before, authorities })
}

fn warn_before(text: &str, problems: &mut Vec<Problem>) -> Option<Duration> {
    let parsed = duration::parse(text);
    if parsed.is_none() {
        let message = format!("pki.warnBefore {text} is not a duration");
        problems.push(
            Problem::error("pki.warnBefore", message).fix("write hours, for instance 720h for thirty days"),
        );
    }
    parsed
}

fn lifetime(path: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Duration> {
    let lifetime = duration::parse(text);
    let within = |lifetime: &Duration| (Duration::from_secs(3600)..=LONGEST).contains(lifetime);
    let message = match lifetime {
        Some(lifetime) if within(&lifetime) => return Some(lifetime),
        Some(_) => format!("{path} {text} is not between an hour and a hundred years"),
        None => format!("{path} {text} is not a duration"),
    };
    problems.push(Problem::error(path, message).fix("write hours, for instance 8760h for a year"));
    None
}

/// Decides where authorities are found. What is in the files is another question.
fn authorities(spec: &AuthoritiesSpec, problems: &mut Vec<Problem>) -> BTreeMap<Authority, AuthorityFiles> {
    let AuthoritiesSpec { cluster, etcd, front_proxy } = spec;
    let written =
        [(Authority::Cluster, cluster), (Authority::Etcd, etcd), (Authority::FrontProxy, front_proxy)];
    let mut taken = BTreeMap::new();
    let mut authorities = BTreeMap::new();
    for (authority, files) in written {
        let Some(files) = files else { continue };
        for (field, file) in [("certificate", &files.certificate), ("key", &files.key)] {
            let path = format!("pki.authorities.{authority}.{field}");
            if file.is_empty() {
                let problem = Problem::error(&path, format!("{path} is missing"));
                problems.push(problem.fix("name a file in PEM, seen from the folder of this one"));
            } else if let Some(other) = taken.insert(file, path.clone()) {
                let problem = Problem::error(&path, format!("{path} {file} is {other} too"));
                problems
                    .push(problem.fix(
                        "give each authority a certificate and a key of its own, in files of their own",
                    ));
            }
        }
        let files = AuthorityFiles { certificate: files.certificate.clone(), key: files.key.clone() };
        authorities.insert(authority, files);
    }
    authorities
}
