//! Reading and checking the authorities that the cluster's file says are made elsewhere.

use std::collections::BTreeMap;

use crate::artifact::Validity;
use crate::cluster::{Authority, AuthorityFiles, Cluster};
use crate::failure::Failure;
use crate::imported::{ImportedAuthorities, ImportedAuthority, ImportedKeys};
use crate::lock::Lock;
use crate::shell::quoted;
use crate::sources::{NamedFile, Origin, PRIVATE, SPEC, Sources, SourcesError};
use crate::spec::Positions;
use crate::sys::files::{self, FileError};
use crate::ui::Diagnostic;

/// The authorities as they were read.
#[derive(Default)]
pub struct Authorities {
    pub public: ImportedAuthorities,
    /// Those that are at hand: what is made already needs none.
    pub keys: ImportedKeys,
    /// The files that this was read from.
    pub files: Vec<NamedFile>,
    pub warnings: Vec<Diagnostic>,
}

/// Something that is wrong with a file: the field that names it, what, and what to do.
type Problem = (String, String, String);

/// Reads every authority that the cluster names; every problem of them at once.
pub fn read(sources: &Sources, cluster: &Cluster, lock: &Lock) -> Result<Authorities, Failure> {
    let mut authorities = Authorities::default();
    let mut problems = Vec::new();
    let epoch = lock.epochs.leaf.unix().unsigned_abs();
    let leaves = Validity { epoch, lifetime: cluster.pki.leaf_lifetime.as_secs() };
    for (authority, files) in &cluster.pki.authorities {
        match certificate(sources, *authority, files, leaves, &mut authorities.files)? {
            Ok(imported) => {
                problems.extend(key(sources, *authority, files, &imported, &mut authorities)?);
                authorities.public.insert(*authority, imported);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(twins(cluster, &authorities.public));
    authorities.warnings = located(sources, Diagnostic::warning, committed_keys(sources, cluster));
    match problems.is_empty() {
        true => Ok(authorities),
        false => Err(Failure::wrong_input(located(sources, Diagnostic::error, problems))),
    }
}

fn certificate(
    sources: &Sources,
    authority: Authority,
    files: &AuthorityFiles,
    leaves: Validity,
    read: &mut Vec<NamedFile>,
) -> Result<Result<ImportedAuthority, Problem>, Failure> {
    let field = format!("pki.authorities.{authority}.certificate");
    let name = &files.certificate;
    let file = match sources.named(name) {
        Err(SourcesError::File(error)) if error.is_content() => {
            return Ok(Err(unreadable(field, name, &error)));
        }
        file => file?,
    };
    let Some(bytes) = file.bytes() else {
        let fix = "put the authority's certificate there; it may be committed".to_owned();
        return Ok(Err((field, format!("{name} does not exist"), fix)));
    };
    let imported = ImportedAuthority::read(bytes.expose());
    let imported = imported
        .and_then(|imported| imported.outlives(leaves.not_before()..=leaves.not_after()).map(|()| imported));
    read.push(file);
    Ok(imported.map_err(|error| (field, format!("{name}: {error}"), error.fix(name))))
}

fn key(
    sources: &Sources,
    authority: Authority,
    files: &AuthorityFiles,
    imported: &ImportedAuthority,
    authorities: &mut Authorities,
) -> Result<Option<Problem>, Failure> {
    let field = format!("pki.authorities.{authority}.key");
    let name = &files.key;
    let file = match sources.named(name) {
        Err(SourcesError::File(error)) if error.is_content() => {
            return Ok(Some(unreadable(field, name, &error)));
        }
        file => file?,
    };
    let problem = match file.bytes() {
        None => None,
        Some(_) if file.is_open() => {
            let path = sources.folder.join(name);
            let (what, fix) = ("can be read by others", format!("run `chmod 600 {}`", quoted(path.as_str())));
            Some((field, format!("{name} {what}"), fix))
        }
        Some(key) => {
            let added = authorities.keys.add(key, &imported.public_key);
            // The key of an authority that has been replaced since is not here any more.
            let then = !matches!(sources.origin, Origin::Folder);
            added.err().filter(|_| !then).map(|error| (field, format!("{name} {error}"), error.fix(name)))
        }
    };
    authorities.files.push(file);
    Ok(problem)
}

/// What is there is no file that is read.
fn unreadable(field: String, name: &str, error: &FileError) -> Problem {
    (field, error.to_string(), format!("put a PEM file in the place of {name}"))
}

/// Authorities that could be taken for each other.
fn twins(cluster: &Cluster, imported: &ImportedAuthorities) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<String, Authority> = Authority::ALL
        .into_iter()
        .filter(|authority| !cluster.pki.authorities.contains_key(authority))
        .map(|authority| (format!("CN={}", authority.common_name()), authority))
        .collect();
    let mut keys: BTreeMap<&[u8], Authority> = BTreeMap::new();
    for (authority, one) in imported {
        let name = seen.insert(one.subject(), *authority).map(|other| (other, "name"));
        let key = keys.insert(&one.public_key, *authority).map(|other| (other, "key"));
        if let Some((other, shared)) = key.or(name) {
            let file = &cluster.pki.authorities[authority].certificate;
            let message = format!("{file}: `{}` has the {shared} of the authority {other}", one.subject());
            let fix =
                "a client of one authority must be nobody to the others: have one made for each".to_owned();
            problems.push((format!("pki.authorities.{authority}.certificate"), message, fix));
        }
    }
    problems
}

/// Keys that are where git finds them.
fn committed_keys(sources: &Sources, cluster: &Cluster) -> Vec<Problem> {
    let keys = cluster.pki.authorities.iter().map(|(authority, files)| (authority, &files.key));
    let committed =
        keys.filter(|(_, key)| files::exists(&sources.folder.join(key)) && sources.folder.is_committed(key));
    let warn = |(authority, key): (&Authority, &String)| {
        let message = format!("{key} is a private key among the files that are committed");
        let fix = format!("move it below {PRIVATE}/, which git passes over, or out of the cluster's folder");
        (format!("pki.authorities.{authority}.key"), message, fix)
    };
    committed.map(warn).collect()
}

/// The problems, each at the line of the cluster's file that names the file.
fn located(
    sources: &Sources,
    diagnostic: impl Fn(String) -> Diagnostic,
    problems: Vec<Problem>,
) -> Vec<Diagnostic> {
    let (file, spec) = (format!("{}{SPEC}", sources.origin.prefix()), &sources.spec);
    let positions = Positions::new(spec);
    let locate = |(field, message, fix): Problem| {
        let place = positions.locate(&field);
        diagnostic(message).at(&file, spec, place.line, place.column, place.len).help(Some(fix))
    };
    problems.into_iter().map(locate).collect()
}
