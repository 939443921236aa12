//! What programs refuse of their settings beyond kinds and ranges: real programs and kthw agree about every row of `refusals/`.
//!
//! A row is `VERSIONS VERDICT SECTION`: `1.34-` or `1.34-1.36`, then `accepted`, `refused` or `stricter`, then what stands below
//! the program in `components`, as JSON. A row is stricter where kthw refuses what the program takes, and ends with its reason.

#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

use std::fs;
use std::io::Write;
use std::path::Path;

use kthw::artifact::{KubeProxyConfig, KubeletConfig, Patch, SchedulerApi, SchedulerConfig};
use kthw::cluster::fields;
use serde_json::{Map, Value, json};

use crate::printers;

/// The minors that are built for other tests too, and every one that there are rows for.
const NEIGHBOURS: &[&str] = &["1.36", "1.37"];
const ALL: &[&str] = &["1.34", "1.35", "1.36", "1.37"];

#[test]
fn programs_and_kthw_refuse_the_same() {
    agree(NEIGHBOURS);
}

#[test]
#[ignore = "it builds two more releases of Kubernetes"]
fn programs_of_every_minor_and_kthw_refuse_the_same() {
    agree(ALL);
}

fn agree(minors: &[&str]) {
    let rows: Vec<Row> = ["kubelet", "kube-proxy", "kube-scheduler"].into_iter().flat_map(rows).collect();
    for minor in minors {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.covers(minor)).collect();
        let Some(said) = said(minor, &rows) else { return };
        assert_eq!(said.len(), rows.len(), "an answer to each row");
        let mut wrong = Vec::new();
        for (row, said) in rows.iter().zip(said) {
            let kthw = row.refusal(minor);
            let expected = match row.verdict.as_str() {
                "accepted" => (true, true),
                "refused" => (false, false),
                _ => (true, false),
            };
            if expected != (said.is_empty(), kthw.is_none()) {
                let kthw = kthw.unwrap_or_default();
                wrong.push(format!("{row} is {}\n    program: {said}\n    kthw:    {kthw}", row.verdict));
            }
        }
        assert!(wrong.is_empty(), "{minor}: {} rows are wrong\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn plugins_of_the_scheduler_do_something_where_its_framework_says() {
    const POINTS: [&str; 15] = [
        "bind",
        "filter",
        "permit",
        "placementGenerate",
        "placementScore",
        "podGroupPostFilter",
        "postBind",
        "postFilter",
        "preBind",
        "preEnqueue",
        "preFilter",
        "preScore",
        "queueSort",
        "reserve",
        "score",
    ];
    for minor in NEIGHBOURS {
        let version = format!("{minor}.0").parse().expect("a version");
        let root = fields::root("KubeSchedulerConfiguration", &version).expect("its fields are known");
        let point = |name: &str| root.member("profiles")?.item()?.member("plugins")?.member(name);
        let enabled =
            point("multiPoint").and_then(|point| point.member("enabled")?.item()?.member("name")?.leaf());
        let plugins = enabled.expect("a field").1.words();
        assert!(plugins.len() > 10);
        let asked: Vec<(&str, &str)> = POINTS
            .into_iter()
            .filter(|name| point(name).is_some())
            .flat_map(|point| plugins.iter().map(move |plugin| (point, *plugin)))
            .collect();
        let row = |(point, plugin): &(&str, &str)| Row {
            program: "kube-scheduler",
            since: 0,
            until: None,
            verdict: String::new(),
            section: json!({"config": {"profiles": [{"plugins": {*point: {"enabled": [{"name": plugin}]}}}]}}),
        };
        let rows: Vec<Row> = asked.iter().map(row).collect();
        let Some(said) = said(minor, &rows.iter().collect::<Vec<_>>()) else { return };
        for ((point, plugin), said) in asked.into_iter().zip(said) {
            let is_known = fields::scheduler_plugins(point, &version).contains(&plugin);
            assert_eq!(is_known, said.is_empty(), "{minor} {point} {plugin}: {said}");
        }
    }
}

struct Row {
    program: &'static str,
    since: u64,
    until: Option<u64>,
    verdict: String,
    section: Value,
}

fn rows(program: &'static str) -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/refusals");
    let text = fs::read_to_string(folder.join(format!("{program}.txt"))).expect("rows");
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Row::read(program, line))
        .collect()
}

impl Row {
    fn read(program: &'static str, line: &str) -> Row {
        let [versions, verdict, rest] =
            line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{line}"));
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let section = values.next().and_then(Result::ok).unwrap_or_else(|| panic!("{line}"));
        let has_reason = !rest[values.byte_offset()..].trim().is_empty();
        assert!(["accepted", "refused", "stricter"].contains(&verdict), "{line}");
        assert_eq!(has_reason, verdict == "stricter", "{line}");
        let minor = |text: &str| text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
        let (since, until) = versions.split_once('-').unwrap_or_else(|| panic!("{line}"));
        Row {
            program,
            since: minor(since).expect("a minor"),
            until: minor(until),
            verdict: verdict.to_owned(),
            section,
        }
    }

    fn covers(&self, minor: &str) -> bool {
        let minor: u64 = minor.strip_prefix("1.").and_then(|minor| minor.parse().ok()).expect("a minor");
        self.since <= minor && self.until.is_none_or(|until| minor <= until)
    }

    /// What kthw says to it.
    fn refusal(&self, minor: &str) -> Option<String> {
        let (program, section) = (self.program, &self.section);
        let cluster = format!(
            "apiVersion: kthw.dev/v1alpha1\nkind: Cluster\nname: small\nversions: {{kubernetes: {minor}.1}}\n\
             hosts: [{{name: all, address: 10.0.0.9, roles: [control-plane, worker]}}]\ncomponents: {{{program}: {section}}}\n"
        );
        let problems = kthw::spec::load(&cluster).err()?;
        let errors =
            problems.iter().filter(|located| located.problem.severity == kthw::spec::Severity::Error);
        Some(errors.map(|located| located.problem.message.clone()).collect::<Vec<_>>().join("; "))
    }

    /// The file that kthw would render, and the flags.
    fn question(&self) -> Value {
        let members =
            |name: &str| self.section.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let flags: Map<String, Value> = members("flags")
            .into_iter()
            .map(|(name, value)| {
                let value = written(&name, value);
                (name, value)
            })
            .collect();
        json!({"program": self.program, "document": document(self.program, members("config")), "flags": flags})
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.program, self.section)
    }
}

/// A flag's value as often as it is given.
fn written(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) => json!([text]),
        // It takes one pair each time.
        Value::Array(items) if name == "cpu-manager-policy-options" => Value::Array(items),
        Value::Array(items) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            json!([words.join(",")])
        }
        value => json!([value.to_string()]),
    }
}

fn document(program: &str, members: Map<String, Value>) -> Value {
    let patch = Patch { path: "components", members };
    let file = |name: &str| format!("/etc/kubernetes/{name}");
    match program {
        "kubelet" => KubeletConfig {
            host: "all".to_owned(),
            cluster_dns: [10, 96, 0, 10].into(),
            cluster_domain: "cluster.local".to_owned(),
            client_ca: file("ca.crt"),
            certificate: file("kubelet.crt"),
            private_key: file("kubelet.key"),
            runtime_endpoint: "unix:///run/containerd/containerd.sock".to_owned(),
            taints: Vec::new(),
            patch,
        }
        .document(),
        "kube-proxy" => KubeProxyConfig {
            kubeconfig: file("kube-proxy.conf"),
            pods: "10.200.0.0/16".parse().expect("a range"),
            patch,
        }
        .document(),
        _ => SchedulerConfig {
            api: SchedulerApi::V1,
            kubeconfig: file("scheduler.conf"),
            leases: Vec::new(),
            patch,
        }
        .document(),
    }
}

/// What programs of a minor say to each row: nothing where they take it.
fn said(minor: &str, rows: &[&Row]) -> Option<Vec<String>> {
    let module = format!("kubernetes-{minor}");
    let version =
        crate::programs::required_by(&module, "k8s.io/kubernetes").expect("a release of Kubernetes");
    let mut questions = tempfile::NamedTempFile::new().expect("a temporary file");
    for row in rows {
        writeln!(questions, "{}", row.question()).expect("a writable file");
    }
    let printed = printers::answered(&module, "values", &["checks", "answers"], &version, questions.path())?;
    Some(printed.lines().map(str::to_owned).collect())
}
