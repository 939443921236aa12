//! The components section: flags that the versions know and users may decide, and configuration patches.

use semver::Version;
use serde_json::{Map, Value};

use super::documents;
use crate::cluster::duration;
use crate::cluster::fields;
use crate::cluster::flags::{self, Flag, Kind, Owned};
use crate::cluster::{Api, Audit, Component, Components, FlagValue, Network, Program, Versions};
use crate::field_path::join;
use crate::meant::{AMONG_MANY, meant};
use crate::spec::document::{ComponentSpec, ComponentsSpec};
use crate::spec::problem::Problem;

/// What other sections decided that flags follow from; a section with problems is missing.
pub struct Decided<'a> {
    pub name: &'a str,
    pub versions: &'a Versions,
    pub network: Option<&'a Network>,
    pub api: Option<&'a Api>,
    pub audit: Option<&'a Audit>,
}

/// Decides the changes to every program.
pub fn resolve(spec: &ComponentsSpec, decided: &Decided<'_>, problems: &mut Vec<Problem>) -> Components {
    let mut component = |program, spec: &ComponentSpec| Component {
        flags: spec
            .flags
            .iter()
            .filter_map(|(name, value)| {
                let place = Place::new(program, name);
                let value = flag(&place, value, decided, problems)?;
                Some((name.clone(), value))
            })
            .collect(),
        config: config(program, &spec.config, problems),
    };
    Components {
        kube_apiserver: component(Program::KubeApiserver, &spec.kube_apiserver),
        kube_controller_manager: component(Program::KubeControllerManager, &spec.kube_controller_manager),
        kube_scheduler: component(Program::KubeScheduler, &spec.kube_scheduler),
        kubelet: component(Program::Kubelet, &spec.kubelet),
        kube_proxy: component(Program::KubeProxy, &spec.kube_proxy),
        etcd: component(Program::Etcd, &spec.etcd),
        containerd: component(Program::Containerd, &spec.containerd),
    }
}

/// Where a flag is written.
struct Place<'n> {
    program: Program,
    name: &'n str,
    path: String,
}

impl<'n> Place<'n> {
    fn new(program: Program, name: &'n str) -> Place<'n> {
        let path = join(&format!("components.{program}.flags"), name);
        Place { program, name, path }
    }

    fn error(&self, message: impl std::fmt::Display) -> Problem {
        Problem::error(&self.path, format!("{} {message}", self.path))
    }
}

/// The user's value of one flag, `Some(None)` to remove it; `None` if it was refused.
fn flag(
    place: &Place<'_>,
    value: &Value,
    decided: &Decided<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Option<FlagValue>> {
    let version = decided.versions.of(place.program);
    let Some(flag) = flags::lookup(place.program, version, place.name) else {
        problems.push(unknown(place, decided));
        return None;
    };
    let value = match value {
        Value::Null => None,
        value => match flag_value(&flag, value) {
            Some(value) => Some(value),
            None => {
                problems.push(wrong_kind(place, &flag, value));
                return None;
            }
        },
    };
    if let Some(problem) = contradiction(place, value.as_ref(), decided) {
        problems.push(problem);
        return None;
    }
    if let Some(value) = &value {
        let refused = not_taken(place, &flag, value, version);
        if refused.is_empty() {
            problems.extend(malformed(place, &flag, value, version));
        }
        problems.extend(refused);
    }
    if place.program == Program::Etcd && place.name == FORK && value == Some(FlagValue::Bool(true)) {
        problems.push(forks(place));
    }
    if flag.deprecated && value.is_some() {
        problems.push(deprecated(place, decided));
    }
    Some(value)
}

/// Good for one start of one member, on the day when all others are lost.
const FORK: &str = "force-new-cluster";

fn forks(place: &Place<'_>) -> Problem {
    let message = format!(
        "{} true has each member leave the others whenever it starts, and go on alone with a copy of the data",
        place.path
    );
    Problem::warning(&place.path, message)
        .fix("remove the flag: a quorum that is lost is restored from a copy (docs/etcd-restore.md)")
}

/// Texts that the program itself reads in a form of their own.
fn malformed(place: &Place<'_>, flag: &Flag, value: &FlagValue, version: &Version) -> Option<Problem> {
    let format = fields::format(place.program, place.name)?;
    let together = match value {
        FlagValue::List(items) => items.join(","),
        FlagValue::Text(text) => text.clone(),
        FlagValue::Bool(_) => return None,
    };
    let texts = if format.each { words(flag, value) } else { vec![together.as_str()] };
    let wrong = texts.into_iter().find(|text| !format.takes(text, version))?;
    let message = match wrong {
        "" => format!("with nothing in it is not taken by {} {version}", place.program),
        wrong => format!("{wrong} is not taken by {} {version}", place.program),
    };
    Some(place.error(message).fix(format!("write {}", format.expected)))
}

/// The parts of a value, which a list may have.
fn words<'v>(flag: &Flag, value: &'v FlagValue) -> Vec<&'v str> {
    match (value, flag.kind) {
        (FlagValue::Bool(_), _) => Vec::new(),
        (FlagValue::Text(text), Kind::List) => text.split(',').collect(),
        (FlagValue::List(items), Kind::List) => items.iter().flat_map(|item| item.split(',')).collect(),
        (FlagValue::Text(text), _) => vec![text],
        (FlagValue::List(items), _) => items.iter().map(String::as_str).collect(),
    }
}

/// Words and numbers that the program itself refuses at its start.
fn not_taken(place: &Place<'_>, flag: &Flag, wanted: &FlagValue, version: &Version) -> Vec<Problem> {
    let values = fields::flag_values(place.program, version, place.name);
    let value = |word: &str| match word.parse::<i64>() {
        Ok(number) if flag.kind == Kind::Int => Value::from(number),
        _ => Value::from(word),
    };
    let refused = words(flag, wanted).into_iter().map(value).filter(|value| !values.has(value));
    let by = format!("{} {version}", place.program);
    refused.map(|value| documents::refused(&place.path, &value, values, &by)).collect()
}

fn unknown(place: &Place<'_>, decided: &Decided<'_>) -> Problem {
    let Place { program, name, path } = place;
    let version = decided.versions.of(*program);
    let bare = name.trim_start_matches('-');
    // Dashes alone are a mistake as well.
    let same = flags::names(*program, version).find(|known| *known == bare && bare != *name);
    let fix = match same.or_else(|| meant(bare, flags::names(*program, version), AMONG_MANY)) {
        _ if flags::known(*program, bare) && bare == *name => {
            format!("remove it: only other versions of {program} have it")
        }
        Some(flag) => format!("did you mean `{flag}`?"),
        None => format!("see `{program} --help` of that version"),
    };
    Problem::error(path, format!("{program} {version} has no flag --{bare}")).fix(fix)
}

fn wrong_kind(place: &Place<'_>, flag: &Flag, value: &Value) -> Problem {
    let expected = flag.kind.describe();
    let fix = match value {
        Value::Number(_) | Value::Bool(_)
            if matches!(flag.kind, Kind::Text | Kind::Repeated | Kind::List) =>
        {
            "write it in quotes".to_owned()
        }
        Value::Object(_) if flag.kind == Kind::List => "write a list of name=value".to_owned(),
        _ => format!("write {expected}"),
    };
    place.error(format_args!("{value} is not {expected}")).fix(fix)
}

fn deprecated(place: &Place<'_>, decided: &Decided<'_>) -> Problem {
    let (program, path) = (place.program, &place.path);
    let version = decided.versions.of(program);
    let fix = match program {
        Program::Kubelet => "set the field in components.kubelet.config",
        _ => "do without it: a later version will lack it",
    };
    Problem::warning(path, format!("{path} is deprecated in {program} {version}")).fix(fix)
}

/// What is wrong with deciding a flag here that another field or kthw decides.
fn contradiction(place: &Place<'_>, value: Option<&FlagValue>, decided: &Decided<'_>) -> Option<Problem> {
    let field = match flags::owned(place.program, place.name)? {
        Owned::Field(field) => field,
        Owned::Kthw => {
            return Some(
                place.error("is kthw's own: the cluster it builds depends on it").fix("remove the flag"),
            );
        }
    };
    let message = match (decided.value(field), value) {
        (Some(own), Some(FlagValue::Text(value))) if own == *value => return None,
        (Some(own), _) => format!("is decided by {field}, which is {own}"),
        (None, _) => format!("is decided by {field}"),
    };
    let fix = format!("remove the flag and set {field}");
    Some(place.error(message).fix(fix))
}

impl Decided<'_> {
    /// The value that a field gives to flags, where it is one value for all hosts.
    fn value(&self, field: &str) -> Option<String> {
        Some(match field {
            "name" => self.name.to_owned(),
            "network.services" => self.network?.services.to_string(),
            "network.pods" => self.network?.pods.to_string(),
            "network.podMask" => self.network?.pod_mask.to_string(),
            "network.dns" => self.network?.dns.to_string(),
            "network.domain" => self.network?.domain.clone(),
            "api.endpoint" => self.api?.endpoint.port.to_string(),
            "audit.maxAge" => self.audit?.max_age.to_string(),
            "audit.maxBackup" => self.audit?.max_backup.to_string(),
            "audit.maxSize" => self.audit?.max_size.to_string(),
            _ => return None,
        })
    }
}

/// The value in the flag's kind; `None` if it is of another.
fn flag_value(flag: &Flag, value: &Value) -> Option<FlagValue> {
    match (flag.kind, value) {
        (Kind::Bool, Value::Bool(value)) => Some(FlagValue::Bool(*value)),
        (Kind::List | Kind::Repeated, Value::Array(items)) => {
            let items = items.iter().map(word).collect::<Option<_>>()?;
            Some(FlagValue::List(items))
        }
        (Kind::Float, Value::Number(number)) => Some(FlagValue::Text(number.to_string())),
        (kind, value) => {
            let word = word(value)?;
            fits(kind, &word).then_some(FlagValue::Text(word))
        }
    }
}

/// A scalar as it was written. Fractions are not: `1.30` would arrive as 1.3.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.chars().any(char::is_control) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

fn fits(kind: Kind, word: &str) -> bool {
    match kind {
        Kind::Bool => matches!(word, "true" | "false"),
        Kind::Int => word.parse::<i64>().is_ok(),
        Kind::Float => word.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Duration => duration::parse(word.trim_start_matches('-')).is_some(),
        Kind::Text | Kind::List | Kind::Repeated => true,
    }
}

/// What a configuration patch may not change, because something else decides it.
fn contradictions(program: Program, patch: &Map<String, Value>) -> Vec<Problem> {
    let refuse = |(field, owned)| {
        let path = format!("components.{program}.config.{}", set_by(patch, field)?);
        Some(match owned {
            Owned::Field(decides) => Problem::error(&path, format!("{path} is decided by {decides}"))
                .fix(format!("remove the field and set {decides}")),
            Owned::Kthw => Problem::error(&path, format!("{path} is kthw's own"))
                .fix("remove the field: kthw lays out the files and connections that it names"),
        })
    };
    flags::owned_fields(program).filter_map(refuse).collect()
}

/// The part of a field's path that a patch sets or removes: the field itself, or all that it is in.
fn set_by<'f>(patch: &Map<String, Value>, field: &'f str) -> Option<&'f str> {
    let mut members = patch;
    let mut steps = field.split('.').peekable();
    let mut length = 0;
    while let Some(step) = steps.next() {
        length += step.len() + usize::from(length > 0);
        match members.get(step)? {
            Value::Object(inner) if steps.peek().is_some() => members = inner,
            _ => break,
        }
    }
    Some(&field[..length])
}

/// The configuration patch: a mapping, for a program that reads a configuration file.
fn config(program: Program, config: &Value, problems: &mut Vec<Problem>) -> Map<String, Value> {
    let path = format!("components.{program}.config");
    match (program, config) {
        (_, Value::Null) => {}
        (Program::KubeApiserver | Program::KubeControllerManager | Program::Etcd, _) => {
            let message = format!("{path} is of no use: kthw gives {program} no configuration file");
            let fix = format!("use components.{program}.flags");
            problems.push(Problem::error(path, message).fix(fix));
        }
        (_, Value::Object(members)) => {
            problems.extend(contradictions(program, members));
            return members.clone();
        }
        _ => problems.push(
            Problem::error(&path, format!("{path} is not a mapping"))
                .fix("write the fields to change, as in the configuration file"),
        ),
    }
    Map::new()
}
