//! The section `encryption`: resources by the API server's own rules, and only those that exist.

use std::collections::HashSet;

use semver::Version;

use super::names;
use crate::cluster::{Encryption, Provider, resources};
use crate::meant::{AMONG_FEW, did_you_mean};
use crate::spec::document::EncryptionSpec;
use crate::spec::problem::Problem;

const PATH: &str = "encryption.resources";

/// Decides what is encrypted at rest.
pub fn resolve(
    spec: &EncryptionSpec,
    kubernetes: Option<&Version>,
    problems: &mut Vec<Problem>,
) -> Option<Encryption> {
    if spec.resources.is_empty() {
        let problem = Problem::error(PATH, format!("{PATH} is empty"));
        problems.push(problem.fix("name at least secrets, or choose provider: identity"));
    }
    let mut seen = HashSet::new();
    for (i, name) in spec.resources.iter().enumerate() {
        let path = format!("{PATH}[{i}]");
        let problem = |(message, fix): (&str, String)| {
            Problem::error(&path, format!("{path} {name} {message}")).fix(fix)
        };
        let refused = refused(name)
            .or_else(|| (!seen.insert(name)).then(|| ("is listed twice", "remove one of them".to_owned())))
            .or_else(|| overlap(name, &spec.resources))
            .map(problem);
        problems.extend(refused.or_else(|| kubernetes.and_then(|version| unknown(&path, name, version))));
    }
    let provider =
        names::choose("encryption.provider", &spec.provider, Provider::WORDS, Provider::from_word, problems);
    Some(Encryption { provider: provider?, resources: spec.resources.clone() })
}

/// Resource and group, as the API server parts them.
fn parts(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}

/// Why the API server takes no such name, whatever the others are.
fn refused(name: &str) -> Option<(&'static str, String)> {
    let (resource, group) = parts(name);
    let is_word = |word: &str| word == "*" || names::is_subdomain(word);
    if name == "*" {
        let fix = "write '*.' for all of the core group, or '*.*' for everything";
        return Some(("is not taken by the API server", fix.to_owned()));
    }
    if !is_word(resource)
        || !group.is_empty() && !is_word(group)
        || group.is_empty() && resource != "*" && name.contains('.')
    {
        let fix = "write it like secrets, deployments.apps, '*.apps' or '*.*'";
        return Some(("is not the name of a resource", fix.to_owned()));
    }
    match (resource, group) {
        ("apiserveripinfo" | "serviceipallocations" | "servicenodeportallocations", "") => {
            Some(("is not in the API, so the API server does not encrypt it", "remove it".to_owned()))
        }
        (_, "events.k8s.io") => Some(("is kept under the core group", "write events".to_owned())),
        (_, "extensions") => {
            let fix = "name the group that has it today, for instance ingresses.networking.k8s.io";
            Some(("is of a group that no longer exists", fix.to_owned()))
        }
        ("*", _) => None,
        (_, "*") => Some((
            "names a resource in all groups, which the API server does not take",
            "name one group, or write '*.*' for everything".to_owned(),
        )),
        _ => None,
    }
}

/// What another entry encrypts already: the API server takes no list in which one hides another.
fn overlap(name: &str, all: &[String]) -> Option<(&'static str, String)> {
    let (resource, group) = parts(name);
    let wider = all.iter().filter(|other| *other != name && refused(other).is_none()).find(|other| {
        let (other_resource, other_group) = parts(other);
        *other == "*.*" || other_resource == "*" && other_group == group && resource != "*"
    })?;
    Some(("is among others of this list", format!("remove it: {wider} has it already")))
}

/// A resource that this version does not have, or has and does not keep.
fn unknown(path: &str, name: &str, version: &Version) -> Option<Problem> {
    let (resource, group) = parts(name);
    if !resources::are_known(version) || name == "*.*" {
        return None;
    }
    let told =
        |message: String, fix: String| Some(Problem::error(path, format!("{path} {message}")).fix(fix));
    if !resources::is_group(group) {
        // Groups of custom resources have a dot.
        return match group.contains('.') {
            true => None,
            false => told(
                format!("{name}: Kubernetes {version} has no group {group}"),
                did_you_mean(name, resources::stored(version), AMONG_FEW)
                    .unwrap_or_else(|| "name the group as the API has it, for instance apps".to_owned()),
            ),
        };
    }
    if resource == "*" {
        return None;
    }
    match resources::resource(version, name) {
        Some(found) if found.stored => None,
        Some(_) => {
            told(format!("{name} is never stored: there is nothing to encrypt"), "remove it".to_owned())
        }
        None if resources::is_resource(name) => told(
            format!("{name} is not a resource of Kubernetes {version}"),
            "remove it: only other versions have it".to_owned(),
        ),
        None => told(
            format!("{name} is not a resource of Kubernetes {version}"),
            suggestion(resource, name, version),
        ),
    }
}

/// The same resource of another group, or one that is spelt alike.
fn suggestion(resource: &str, name: &str, version: &Version) -> String {
    let same = resources::stored(version).find(|known| parts(known).0 == resource);
    same.map(|known| format!("did you mean `{known}`?"))
        .or_else(|| did_you_mean(name, resources::stored(version), AMONG_FEW))
        .unwrap_or_else(|| {
            "see `kubectl api-resources`: write the name, and its group after a dot".to_owned()
        })
}
