//! What programs refuse of their settings beyond kinds and ranges: real programs and kthw agree about every row of `refusals/`.
//!
//! A file there is about a program or a document that one reads. A row is `VERSIONS VERDICT SECTION`: `1.34-` or `1.34-1.36`
//! (etcd's own for etcd), then `accepted`, `refused` or `stricter`, then what stands below the program in `components`, or the
//! document's settings, as JSON. A row is stricter where kthw refuses what the program takes, and ends with its reason.

#![expect(clippy::disallowed_methods, reason = "tests start programs")]

mod row;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use kthw::artifact::{KubeProxyConfig, KubeletConfig, Patch, SchedulerApi, SchedulerConfig};
use kthw::cluster::fields;
use serde_json::{Map, Value, json};

use crate::printers;
use crate::programs::{Programs, required_by};
use crate::ran::Ran;
use row::Row;

/// The minors that are built for other tests too, and every one that there are rows for.
const NEIGHBOURS: &[&str] = &["1.36", "1.37"];
const ALL: &[&str] = &["1.34", "1.35", "1.36", "1.37"];

/// Who is asked in one go, by which program of `programs/values`, and what of a row.
struct Judge {
    subjects: &'static [&'static str],
    files: &'static [&'static str],
    question: fn(&Row) -> Value,
}

/// Programs that read a file, and flags beside it.
const WITH_FILES: Judge = Judge {
    subjects: &["kubelet", "kube-proxy", "kube-scheduler"],
    files: &["kinds", "probe", "words", "checks", "answers"],
    question: started,
};

/// Programs of flags alone.
const WITH_FLAGS: Judge = Judge {
    subjects: &["kube-apiserver", "kube-controller-manager"],
    files: &["kinds", "probe", "words", "flags"],
    question: |row| Value::Object(row.members("flags")),
};

/// What the API server reads from files.
const DOCUMENTS: Judge = Judge {
    subjects: &[
        "AuthenticationConfiguration",
        "EventRateLimit",
        "PodSecurity",
        "PodTolerationRestriction",
        "ResourceQuota",
    ],
    files: &["kinds", "probe", "words", "configurations"],
    question: Row::document,
};

#[test]
fn programs_and_kthw_refuse_the_same() {
    agree(NEIGHBOURS);
}

#[test]
#[ignore = "it builds two more releases of Kubernetes: `just tables`"]
fn programs_of_every_minor_and_kthw_refuse_the_same() {
    agree(ALL);
}

fn agree(minors: &[&str]) {
    let mut wrong = Vec::new();
    for minor in minors {
        for judge in [WITH_FILES, WITH_FLAGS, DOCUMENTS] {
            let mut rows: Vec<Row> = judge.subjects.iter().flat_map(|subject| Row::all(subject)).collect();
            rows.retain(|row| row.covers(minor));
            if rows.is_empty() {
                continue;
            }
            let Some(said) = said(&judge, minor, &rows) else { return };
            let versions = format!("{{kubernetes: {minor}.1}}");
            wrong.extend(differences(&rows, &versions, &said).map(|wrong| format!("{minor}: {wrong}")));
        }
    }
    assert!(wrong.is_empty(), "{} rows are wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn etcd_and_kthw_refuse_the_same() {
    for (minor, module, kubernetes) in [("3.6", "etcd", "1.36.3"), ("3.7", "etcd-3.7", "1.37.2")] {
        let Some(programs) = Programs::of(module) else { return };
        let etcd = programs.program("etcd").expect("a program of this module");
        let mut rows = Row::all("etcd");
        rows.retain(|row| row.covers(minor));
        let said: Vec<String> = rows.iter().map(|row| starts(&etcd, &row.members("flags"))).collect();
        let versions = format!("{{kubernetes: {kubernetes}}}");
        let wrong: Vec<String> = differences(&rows, &versions, &said).collect();
        assert!(wrong.is_empty(), "{minor}: {} rows are wrong\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// What is wrong with rows, given what programs say to each.
fn differences(rows: &[Row], versions: &str, said: &[String]) -> impl Iterator<Item = String> {
    assert_eq!(rows.len(), said.len(), "an answer to each row");
    rows.iter().zip(said).filter_map(move |(row, said)| row.difference(versions, said))
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
        let row = |(point, plugin): &(&str, &str)| {
            let plugins = json!({*point: {"enabled": [{"name": plugin}]}});
            Row::accepted("kube-scheduler", json!({"config": {"profiles": [{"plugins": plugins}]}}))
        };
        let rows: Vec<Row> = asked.iter().map(row).collect();
        let Some(said) = said(&WITH_FILES, minor, &rows) else { return };
        for ((point, plugin), said) in asked.into_iter().zip(said) {
            let is_known = fields::scheduler_plugins(point, &version).contains(&plugin);
            assert_eq!(is_known, said.is_empty(), "{minor} {point} {plugin}: {said}");
        }
    }
}

/// The file that kthw would render, and the flags.
fn started(row: &Row) -> Value {
    let flags: Map<String, Value> = row
        .members("flags")
        .into_iter()
        .map(|(name, value)| {
            let value = written(&name, value);
            (name, value)
        })
        .collect();
    json!({"document": rendered(row.subject, row.members("config")), "flags": flags})
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

fn rendered(program: &str, members: Map<String, Value>) -> Value {
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

/// What programs of a minor say to each row: nothing where they take it. None where there is no Go.
fn said(judge: &Judge, minor: &str, rows: &[Row]) -> Option<Vec<String>> {
    let module = format!("kubernetes-{minor}");
    let version = required_by(&module, "k8s.io/kubernetes").expect("a release of Kubernetes");
    let question = |row: &Row| json!({row.subject: (judge.question)(row)}).to_string() + "\n";
    let questions: String = rows.iter().map(question).collect();
    printers::answers(&module, "values", judge.files, &version, &questions)
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
