//! What docs/real-programs.md says of the hosts: which programs they run, and what is watched there.

#![expect(clippy::disallowed_methods, reason = "the tests are read")]

use std::fs;
use std::path::Path;

use crate::cluster::MINOR;
use crate::document;
use crate::programs::required_by;
use crate::{base_root, vm};

/// Programs that are built for hosts: the folder and the module of each.
const BUILT: &[(&str, &str, &str)] = &[
    ("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    ("containerd", "containers", "github.com/containerd/containerd/v2"),
    ("CNI plugins", "containers", "github.com/containernetworking/plugins"),
    ("CoreDNS", "coredns", "github.com/coredns/coredns"),
    ("kube-bench", "kube-bench", "github.com/aquasecurity/kube-bench"),
];

/// Files whose tests are about the tests themselves.
const OF_THE_HARNESS: &[&str] = &["journal", "left_behind", "table", "trace"];

#[test]
fn the_document_says_what_runs_and_what_is_watched() {
    document::holds("docs/real-programs.md", "what tests/hosts starts", &programs());
    document::holds("docs/real-programs.md", "what tests/hosts watches", &watched());
}

fn programs() -> String {
    let version = |folder: &str, module: &str| required_by(folder, module).expect("a module of the tests");
    let mut table = "| program | version |\n|---|---|\n".to_owned();
    let kubernetes = version(&format!("kubernetes-{MINOR}"), "k8s.io/kubernetes");
    table += &format!("| Kubernetes | {kubernetes} |\n");
    for (name, folder, module) in BUILT {
        table += &format!("| {name} | {} |\n", version(folder, module));
    }
    let (hosts, machines) = (suite(base_root::RECIPE), suite(vm::RECIPE));
    table += &format!("| HAProxy, keepalived | those of Debian {hosts} |\n");
    table += &format!("| ldirectord, the kernel of emulated machines | those of Debian {machines} |\n");
    table
}

fn watched() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts");
    let entries =
        fs::read_dir(folder).expect("this file is there").map(|entry| entry.expect("readable").path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect();
    files.sort();
    let mut table = "| about | tests |\n|---|---|\n".to_owned();
    for file in files {
        let text = fs::read_to_string(&file).expect("a file of ours");
        let tests = tests(&text);
        let name = file.file_stem().and_then(|name| name.to_str()).expect("plain names");
        if !tests.is_empty() && !OF_THE_HARNESS.contains(&name) {
            table += &format!("| [{0}](../tests/hosts/{name}.rs) | {1} |\n", about(&text), tests.join("; "));
        }
    }
    table
}

/// The release of Debian that a recipe makes.
fn suite(recipe: &str) -> &str {
    let (before, _) = recipe.split_once(" \"$1\"\n").expect("it is made in a folder");
    before.rsplit(' ').next().expect("the last argument")
}

/// What a file says that it is about.
fn about(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    lines.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// The tests of a file, as their names say them.
fn tests(text: &str) -> Vec<String> {
    let after = text.split("#[test]\n").skip(1);
    let names = after.filter_map(|rest| rest.strip_prefix("fn ")?.split('(').next());
    names.map(|name| name.replace('_', " ")).collect()
}
