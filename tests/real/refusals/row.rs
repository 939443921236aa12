//! One row: which versions it is about, what they and kthw say, and what is written.

#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use std::fmt;
use std::fs;
use std::path::Path;

use kthw::spec;
use serde_json::{Map, Value, json};

/// A minor version.
type Minor = (u64, u64);

pub struct Row {
    /// The program or the document that it is about.
    pub subject: &'static str,
    since: Minor,
    until: Option<Minor>,
    verdict: String,
    pub section: Value,
}

impl Row {
    /// A row about every version.
    pub fn accepted(subject: &'static str, section: Value) -> Row {
        Row { subject, since: (0, 0), until: None, verdict: "accepted".to_owned(), section }
    }

    /// All rows about a subject.
    pub fn all(subject: &'static str) -> Vec<Row> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/refusals");
        let text = fs::read_to_string(folder.join(format!("{subject}.txt"))).expect("rows");
        let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        rows.map(|line| Row::read(subject, line).unwrap_or_else(|| panic!("{subject}.txt: {line}"))).collect()
    }

    fn read(subject: &'static str, line: &str) -> Option<Row> {
        let (versions, rest) = line.split_once(' ')?;
        let (verdict, rest) = rest.split_once(' ')?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let section = values.next()?.ok()?;
        let has_reason = !rest[values.byte_offset()..].trim().is_empty();
        let is_known = ["accepted", "refused", "stricter"].contains(&verdict);
        if !is_known || has_reason != (verdict == "stricter") {
            return None;
        }
        let (since, until) = versions.split_once('-')?;
        let until = if until.is_empty() { None } else { Some(minor(until)?) };
        Some(Row { subject, since: minor(since)?, until, verdict: verdict.to_owned(), section })
    }

    pub fn covers(&self, version: &str) -> bool {
        let version = minor(version).expect("a minor");
        self.since <= version && self.until.is_none_or(|until| version <= until)
    }

    /// What is wrong with it, given what the program says and which versions the cluster file has.
    pub fn difference(&self, versions: &str, said: &str) -> Option<String> {
        let ours = self.refusal(versions);
        let expected = (self.verdict != "refused", self.verdict == "accepted");
        let found = (said.is_empty(), ours.is_none());
        let ours = ours.unwrap_or_default();
        let verdict = &self.verdict;
        (found != expected).then(|| format!("{self} is {verdict}\n    program: {said}\n    kthw:    {ours}"))
    }

    /// What kthw says to it.
    fn refusal(&self, versions: &str) -> Option<String> {
        let section = &self.section;
        let section = match self.subject {
            "AuthenticationConfiguration" => json!({"authentication": section}),
            plugin @ ("EventRateLimit" | "PodSecurity" | "PodTolerationRestriction" | "ResourceQuota") => {
                let config = json!({plugin: self.document()});
                json!({"controlPlane": {"admissionPlugins": [plugin], "admissionConfig": config}})
            }
            program => json!({"components": {program: section}}),
        };
        let text = section.to_string();
        let section = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).expect("a mapping");
        let cluster = format!(
            "{{apiVersion: kthw.dev/v1alpha1, kind: Cluster, name: small, versions: {versions},\n\
             hosts: [{{name: all, address: 10.0.0.9, roles: [control-plane, worker]}}],\n{section}}}\n"
        );
        let problems = spec::load(&cluster).err()?;
        let errors = problems.iter().filter(|located| located.problem.severity == spec::Severity::Error);
        Some(errors.map(|located| located.problem.message.clone()).collect::<Vec<_>>().join("; "))
    }

    /// The settings as the document that they are of.
    pub fn document(&self) -> Value {
        let (version, kind) = match self.subject {
            "AuthenticationConfiguration" => ("apiserver.config.k8s.io/v1", "AuthenticationConfiguration"),
            "EventRateLimit" => ("eventratelimit.admission.k8s.io/v1alpha1", "Configuration"),
            "PodSecurity" => ("pod-security.admission.config.k8s.io/v1", "PodSecurityConfiguration"),
            "PodTolerationRestriction" => {
                ("podtolerationrestriction.admission.k8s.io/v1alpha1", "Configuration")
            }
            "ResourceQuota" => ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
            other => panic!("{other} is no document"),
        };
        let mut document = json!({"apiVersion": version, "kind": kind});
        let settings = self.section.as_object().expect("a mapping").clone();
        document.as_object_mut().expect("a mapping").extend(settings);
        document
    }

    /// What stands below `flags` or `config`.
    pub fn members(&self, name: &str) -> Map<String, Value> {
        self.section.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.section)
    }
}

fn minor(text: &str) -> Option<Minor> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
