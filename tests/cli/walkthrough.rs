//! Changes of every example as a reviewer sees them, in every format. docs/review.md shows some and leads to all.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::page;
use crate::repository::begin;

const EXAMPLES: [&str; 5] = ["single", "cilium", "ha-ipvs", "ha-haproxy", "production"];

/// What somebody may want to change.
const CHANGES: [&str; 5] = ["flag", "version", "range", "host", "key"];

/// A repository with the example as it was, and its folder as it is after the change.
fn changed(example: &str, change: &str) -> Option<ClusterFolder> {
    let folder = ClusterFolder::of_example(example);
    let now = ["cluster.yaml", "kthw.lock"].map(|name| folder.read(name));
    if change == "version" {
        older(&folder, example);
    }
    begin(&folder)?;
    match change {
        "flag" => {
            let text = folder.read("cluster.yaml");
            let flag = "  kube-apiserver: {flags: {event-ttl: 2h}}\n";
            let text = match text.contains("\ncomponents:\n") {
                true => text.replace("\ncomponents:\n", &format!("\ncomponents:\n{flag}")),
                false => format!("{text}\ncomponents:\n{flag}"),
            };
            folder.write("cluster.yaml", &text);
        }
        "version" => {
            let [spec, lock] = &now;
            folder.write("cluster.yaml", spec);
            folder.write("kthw.lock", lock);
        }
        "range" => {
            let text = folder.read("cluster.yaml");
            let moved = text.replace(" 10.96.0.", " 10.97.0.").replace(" 10.32.0.", " 10.33.0.");
            assert_ne!(moved, text);
            folder.write("cluster.yaml", &moved);
        }
        "host" => {
            let address = match example {
                "ha-ipvs" => "192.168.1.19",
                "ha-haproxy" => "10.240.0.29",
                "production" => "10.20.0.109",
                _ => "10.0.0.49",
            };
            let arch = if example == "ha-ipvs" { "arm64" } else { "amd64" };
            let host = format!(
                "hosts:\n  - {{name: worker-9, address: {address}, roles: [worker], arch: {arch}}}\n"
            );
            folder.edit("cluster.yaml", "hosts:\n  - name: ", &(host + "  - name: "));
        }
        "key" => folder.edit("kthw.lock", "\n[epochs]", "\n[generations]\n\"pki/etcd/ca\" = 2\n\n[epochs]"),
        _ => unreachable!("every change is one of the list"),
    }
    Some(folder)
}

/// The example before it had its versions.
fn older(folder: &ClusterFolder, example: &str) {
    match example {
        "single" | "cilium" => {
            folder.edit("cluster.yaml", "  kubernetes: 1.35.1", "  kubernetes: 1.35.1\n  crictl: 1.36.0")
        }
        "ha-ipvs" => folder.edit("cluster.yaml", "etcd: 3.5.9", "etcd: 3.5.33"),
        _ => folder.edit("cluster.yaml", "  kubernetes: 1.36.1", "  kubernetes: 1.35.1"),
    }
    folder.kthw(&["lock"]).exits(0);
}

fn diff(folder: &ClusterFolder, format: &str) -> String {
    folder.kthw(&["diff", "--format", format]).exits(0).stdout
}

/// The page says what the document says, and each of its changes can be found in the graph.
fn assert_page(folder: &ClusterFolder, report: &Value) {
    let overview = page::json(&diff(folder, "html"), "overview");
    let changes = &overview["changes"];
    let said = changes["headline"].as_str().expect("a headline").to_lowercase();
    assert_eq!(said, report["summary"].as_str().expect("text").to_lowercase());
    let list = |value: &Value| value.as_array().expect("a list").clone();
    for (shown, told) in
        [("groups", "files"), ("restarts", "restarts"), ("drains", "drains"), ("warnings", "warnings")]
    {
        assert_eq!(list(&changes[shown]).len(), list(&report[told]).len(), "{shown}");
    }
    let arrivals = list(&report["hostsAdded"]).len() + list(&report["hostsRemoved"]).len();
    assert_eq!(list(&changes["arrivals"]).len(), arrivals);
    let states = overview["states"].as_object().expect("nodes by state");
    let count = |state: &str| states.get(state).map_or(0, |nodes| list(nodes).len());
    assert!(count("cause") + count("added") > 0, "{states:?}");
    assert!(count("cascade") > 0, "the cluster follows from whatever changes: {states:?}");
    let marked: BTreeSet<u64> = states.values().flat_map(list).filter_map(|node| node.as_u64()).collect();
    for group in list(&changes["groups"]) {
        assert!(!list(&group["causes"]).is_empty(), "{group:#}");
        let node = group["node"].as_u64().expect("a node in the graph");
        assert!(marked.contains(&node), "{group:#}");
        assert_eq!(list(&group["hosts"]).is_empty(), group["whose"] == "cluster", "{group:#}");
    }
}

#[test]
fn every_change_of_every_example_is_shown_with_its_causes() {
    let mut headlines = String::from("| example | change | what it does |\n|---|---|---|\n");
    for example in EXAMPLES {
        for change in CHANGES {
            let Some(folder) = changed(example, change) else { return };
            let report: Value = serde_json::from_str(&diff(&folder, "json")).expect("a document");
            let inputs = report["inputs"].as_array().expect("a list").len();
            let files = report["files"].as_array().expect("a list").iter();
            let hosts = ["hostsAdded", "hostsRemoved"].map(|list| report[list].as_array().expect("a list"));
            for changed in files.chain(hosts.into_iter().flatten()) {
                let causes = changed["causes"].as_array().expect("a list");
                assert!(!causes.is_empty() && causes.len() <= inputs, "{example} {change}: {changed:#}");
            }
            assert_page(&folder, &report);
            let row = format!("| {example} | {change} | {} |\n", report["summary"].as_str().expect("text"));
            headlines += &row;
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path("../../docs/review");
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.add_filter("HEAD \\([0-9a-f]{10}\\)", "HEAD (1a2b3c4d5e)");
            settings.bind(|| {
                insta::assert_snapshot!(format!("{example}-{change}.text"), diff(&folder, "text"));
                insta::assert_snapshot!(format!("{example}-{change}.markdown"), diff(&folder, "markdown"));
            });
        }
    }
    let guide = include_str!("../../docs/review.md");
    assert!(guide.contains(&headlines), "docs/review.md lacks this table:\n{headlines}");
}

#[test]
fn only_what_is_done_to_the_hosts_that_are_asked_for_is_shown() {
    let Some(folder) = changed("production", "version") else { return };
    let said = folder.kthw(&["diff", "--only", "worker-2", "--format", "json"]).exits(0).stdout;
    let report: Value = serde_json::from_str(&said).expect("a document");
    let restarts = report["restarts"].as_array().expect("a list").iter();
    let restarts: Vec<String> =
        restarts.map(|restart| format!("{} {}", restart["unit"], restart["hosts"])).collect();
    assert_eq!(restarts, [r#""containerd.service" ["worker-2"]"#, r#""kubelet.service" ["worker-2"]"#]);
    assert_eq!(report["drains"][0]["hosts"], serde_json::json!(["worker-2"]));
    let files = report["files"].as_array().expect("a list").len();
    let summary = report["summary"].as_str().expect("text");
    let reach = format!(
        "; changes {files} files on worker-2; restarts 2 units on worker-2 in 1 wave; drains worker-2"
    );
    assert!(summary.ends_with(&reach), "{summary}");
}

#[test]
fn what_must_not_be_done_is_said_before_anything_else() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "kubernetes: 1.35.1", "kubernetes: 1.36.1");
    folder.kthw(&["lock"]).exits(0);
    let Some(()) = begin(&folder) else { return };
    folder.edit("cluster.yaml", "kubernetes: 1.36.1", "kubernetes: 1.35.1");
    folder.kthw(&["lock"]).exits(0);
    let text = diff(&folder, "text");
    let summary = folder.kthw(&["plan"]).exits(4).stdout;
    assert_eq!(text.lines().next(), summary.lines().next(), "both commands say the same");
    assert!(summary.starts_with("1 thing must not be done; "), "{summary}");
    assert!(
        text.lines().nth(3).is_some_and(|line| line.starts_with("warning: must not be done: ")),
        "{text}"
    );
    let markdown = diff(&folder, "markdown");
    let (before, _) = markdown.split_once("| what was changed |").expect("a table");
    assert!(before.contains("> [!CAUTION]\n> **Must not be done:** "), "{markdown}");
    let page = page::json(&diff(&folder, "html"), "overview");
    assert_eq!(page["changes"]["warnings"][0]["title"], "Must not be done");
}

#[test]
fn the_page_is_drawn_without_the_root() {
    let Some(folder) = changed("ha-haproxy", "range") else { return };
    let with = page::json(&diff(&folder, "html"), "overview");
    std::fs::remove_file(folder.path().join("kthw.root")).expect("our own folder");
    let html = diff(&folder, "html");
    let without = page::json(&html, "overview");
    for part in ["headline", "inputs", "restarts", "arrivals", "hosts"] {
        assert_eq!(with["changes"][part], without["changes"][part], "{part}");
    }
    assert_eq!(with["states"], without["states"]);
    let facts = without["changes"]["facts"].as_array().expect("a list");
    assert!(
        facts.iter().any(|fact| fact.as_str().is_some_and(|fact| fact.contains("root secret"))),
        "{facts:?}"
    );
}

/// The guide quotes what the program prints.
#[test]
fn the_guide_shows_what_is_printed() {
    let Some(folder) = changed("single", "range") else { return };
    let guide = include_str!("../../docs/review.md");
    for (format, fence) in [("text", "```text"), ("markdown", "````markdown")] {
        let printed = diff(&folder, format);
        let head = printed.split("HEAD (").nth(1).and_then(|rest| rest.split(')').next()).expect("a commit");
        let printed = printed.replace(head, "1a2b3c4d5e");
        let end = fence.trim_end_matches(char::is_alphabetic);
        let block = format!("{fence}\n{printed}{end}\n");
        assert!(guide.contains(&block), "docs/review.md lacks:\n{block}");
    }
}
