//! Settings with values of which the real programs and kthw say the same: taken, or refused.
//!
//! Each row of `settings.txt` is `taken`, `refused` or `stricter` (kthw refuses what the program takes, for the reason above
//! it), what the setting belongs to, the first and the last minor that it is true of, and the settings as JSON.

#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kthw::spec;
use serde_json::{Map, Value, json};

use crate::printers;
use crate::programs::Programs;
use crate::ran::Ran;

/// The minors of Kubernetes that are built for other tests too.
const NEIGHBOURS: &[&str] = &["1.36", "1.37"];

/// One line of the data file.
#[derive(Debug, Clone)]
struct Row {
    line: usize,
    verdict: String,
    subject: String,
    since: String,
    until: String,
    settings: Map<String, Value>,
}

impl Row {
    fn parse(line: usize, text: &str) -> Row {
        let words: Vec<&str> = text.splitn(5, ' ').collect();
        let [verdict, subject, since, until, settings] = words[..] else {
            panic!("settings.txt:{line}: not five words: {text}")
        };
        let settings = serde_json::from_str(settings).unwrap_or_else(|e| panic!("settings.txt:{line}: {e}"));
        let [verdict, subject, since, until] = [verdict, subject, since, until].map(str::to_owned);
        Row { line, verdict, subject, since, until, settings }
    }

    fn covers(&self, minor: &str) -> bool {
        number(&self.since) <= number(minor) && (self.until == "-" || number(minor) <= number(&self.until))
    }

    /// Whether the program is to take it, and kthw.
    fn expected(&self) -> (bool, bool) {
        match self.verdict.as_str() {
            "taken" => (true, true),
            "refused" => (false, false),
            "stricter" => (true, false),
            other => panic!("settings.txt:{}: {other}", self.line),
        }
    }

    /// What is asked of the judge that reads documents or flags.
    fn question(&self) -> String {
        let document = |version: &str, kind: &str| {
            let mut all = json!({"apiVersion": version, "kind": kind});
            all.as_object_mut().expect("a mapping").extend(self.settings.clone());
            all
        };
        let asked = match self.subject.as_str() {
            "AuthenticationConfiguration" => {
                document("apiserver.config.k8s.io/v1", "AuthenticationConfiguration")
            }
            "PodSecurity" => document("pod-security.admission.config.k8s.io/v1", "PodSecurityConfiguration"),
            "EventRateLimit" => document("eventratelimit.admission.k8s.io/v1alpha1", "Configuration"),
            "ResourceQuota" => document("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
            "PodTolerationRestriction" => {
                document("podtolerationrestriction.admission.k8s.io/v1alpha1", "Configuration")
            }
            _ => Value::from(self.settings.clone()),
        };
        json!({ self.subject.clone(): asked }).to_string()
    }

    /// The section of a cluster file that says the same.
    fn section(&self) -> String {
        let settings = Value::from(self.settings.clone());
        let asked: Value = serde_json::from_str(&self.question()).expect("JSON");
        match self.subject.as_str() {
            "AuthenticationConfiguration" => format!("authentication: {settings}"),
            plugin @ ("PodSecurity"
            | "EventRateLimit"
            | "ResourceQuota"
            | "PodTolerationRestriction"
            | "ImagePolicyWebhook") => {
                let config = &asked[plugin];
                format!(
                    "controlPlane: {}",
                    json!({"admissionPlugins": [plugin], "admissionConfig": {plugin: config}})
                )
            }
            "containerd" => format!("components: {{containerd: {{config: {settings}}}}}"),
            program => format!("components: {{{program}: {{flags: {settings}}}}}"),
        }
    }

    /// What kthw says: nothing where it takes it.
    fn ours(&self, versions: &str) -> String {
        let text = format!(
            "apiVersion: kthw.dev/v1alpha1\nkind: Cluster\nname: hard-way\nversions: {versions}\n\
             hosts:\n  - {{name: a, address: 10.0.0.4, roles: [control-plane]}}\n{}\n",
            self.section()
        );
        let Err(problems) = spec::load(&text) else { return String::new() };
        let errors = problems.iter().filter(|located| located.problem.severity == spec::Severity::Error);
        let lines: Vec<_> = errors.map(|located| located.problem.message.clone()).collect();
        lines.join("; ")
    }
}

fn number(minor: &str) -> (u64, u64) {
    let (major, minor) = minor.split_once('.').expect("a minor");
    (major.parse().expect("a number"), minor.parse().expect("a number"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real")
}

/// The rows about these subjects.
fn rows(about: &[&str]) -> Vec<Row> {
    let text = fs::read_to_string(folder().join("settings.txt")).expect("a data file");
    let mut reason = false;
    let mut rows = Vec::new();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        if line.starts_with('#') {
            reason = true;
            continue;
        }
        let row = Row::parse(i + 1, line);
        assert!(
            row.verdict != "stricter" || reason,
            "settings.txt:{}: a stricter row has no reason",
            row.line
        );
        reason = row.verdict == "stricter";
        rows.push(row);
    }
    rows.retain(|row| about.contains(&row.subject.as_str()));
    rows
}

const FLAGS: &[&str] = &["kube-apiserver", "kube-controller-manager"];
const DOCUMENTS: &[&str] = &[
    "AuthenticationConfiguration",
    "EventRateLimit",
    "PodSecurity",
    "PodTolerationRestriction",
    "ResourceQuota",
];

/// What is wrong with the rows at one minor, given the judge's answers.
fn differences(rows: &[Row], versions: &str, minor: &str, said: &[String]) -> Vec<String> {
    assert_eq!(rows.len(), said.len(), "an answer for each row");
    let mut wrong = Vec::new();
    for (row, said) in rows.iter().zip(said) {
        let ours = row.ours(versions);
        let (theirs, expected) = row.expected();
        let place = format!(
            "settings.txt:{} at {minor}: {} {}",
            row.line,
            row.verdict,
            Value::from(row.settings.clone())
        );
        if said.is_empty() != theirs {
            wrong.push(format!("{place}\n  the program says: {said}"));
        }
        if ours.is_empty() != expected {
            wrong.push(format!("{place}\n  kthw says: {ours}\n  the program says: {said}"));
        }
    }
    wrong
}

fn kubernetes_agrees(minors: &[&str]) {
    let mut wrong = Vec::new();
    for minor in minors {
        let module = format!("kubernetes-{minor}");
        let Some(version) = crate::programs::required_by(&module, "k8s.io/kubernetes") else { return };
        for (subjects, main) in [(FLAGS, "flags"), (DOCUMENTS, "configurations")] {
            let rows: Vec<Row> = rows(subjects).into_iter().filter(|row| row.covers(minor)).collect();
            let questions: String = rows.iter().map(|row| row.question() + "\n").collect();
            let files = ["kinds", "probe", "words", main];
            let Some(said) = printers::answers(&module, "values", &files, &version, &questions) else {
                return;
            };
            wrong.extend(differences(&rows, &format!("{{kubernetes: {version}}}"), minor, &said));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn kubernetes_and_kthw_say_the_same() {
    kubernetes_agrees(NEIGHBOURS);
}

#[test]
#[ignore = "it builds one more release of Kubernetes: `just tables`"]
fn kubernetes_of_every_minor_and_kthw_say_the_same() {
    kubernetes_agrees(&["1.35", "1.36", "1.37"]);
}

#[test]
fn etcd_and_kthw_say_the_same() {
    let mut wrong = Vec::new();
    for (minor, module, kubernetes) in [("3.6", "etcd", "1.36.3"), ("3.7", "etcd-3.7", "1.37.2")] {
        let Some(programs) = Programs::of(module) else { return };
        let etcd = programs.program("etcd").expect("a program of this module");
        let rows: Vec<Row> = rows(&["etcd"]).into_iter().filter(|row| row.covers(minor)).collect();
        let said: Vec<String> = rows.iter().map(|row| starts(&etcd, &row.settings)).collect();
        wrong.extend(differences(&rows, &format!("{{kubernetes: {kubernetes}}}"), minor, &said));
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Starts etcd as kthw would, at an address that nobody has: what it says before it comes to that.
fn starts(etcd: &Path, settings: &Map<String, Value>) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut flags: BTreeMap<&str, Value> = [
        ("listen-peer-urls", "http://192.0.2.1:2380"),
        ("initial-advertise-peer-urls", "http://192.0.2.1:2380"),
        ("initial-cluster", "default=http://192.0.2.1:2380"),
        ("data-dir", "data"),
        // What kthw sets.
        ("tls-min-version", "TLS1.3"),
        ("feature-gates", "InitialCorruptCheck=true"),
    ]
    .map(|(name, value)| (name, Value::from(value)))
    .into();
    flags.extend(settings.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let mut daemon = Command::new("timeout");
    daemon.arg("10").arg(etcd).current_dir(folder.path());
    for (name, value) in flags {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match &value {
            Value::Null => continue,
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(text).collect();
                daemon.arg(format!("--{name}={}", items.join(",")));
            }
            value => _ = daemon.arg(format!("--{name}={}", text(value))),
        }
    }
    let Ran { stdout, stderr, .. } = Ran::of(&mut daemon);
    let said = stdout + &stderr;
    match said.contains("cannot assign requested address") {
        true => String::new(),
        false => said.lines().rfind(|line| !line.is_empty()).unwrap_or("it ended without a word").to_owned(),
    }
}
