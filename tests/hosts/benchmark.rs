//! The CIS benchmark of Kubernetes on the control plane and the worker of `single`, as kube-bench asks it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::programs::{Programs, source_of};
use crate::ran::Ran;

const MODULE: &str = "github.com/aquasecurity/kube-bench";

/// The newest that this kube-bench knows.
const EDITION: &str = "cis-1.10";

/// What does not pass on a control plane of the example `single`, and why.
pub const CONTROL_PLANE: &[(&str, &str)] = &[
    ("1.1.1", "programs are units, no pods"),
    ("1.1.2", "programs are units, no pods"),
    ("1.1.3", "programs are units, no pods"),
    ("1.1.4", "programs are units, no pods"),
    ("1.1.5", "programs are units, no pods"),
    ("1.1.6", "programs are units, no pods"),
    ("1.1.7", "programs are units, no pods"),
    ("1.1.8", "programs are units, no pods"),
    ("1.1.9", "a host that runs no pods has no network of pods"),
    ("1.1.10", "a host that runs no pods has no network of pods"),
    ("1.1.20", "certificates are public"),
    ("1.2.1", "load balancers ask /readyz without a certificate"),
    ("1.2.3", "it forbids something: people choose it"),
    ("1.2.9", "it needs limits: people choose it"),
    ("1.2.11", "it needs a registry at each start of a pod: people choose it"),
    ("1.2.29", "the list lacks what TLS 1.3 and later versions of Go have"),
    ("1.4.1", "the flag is deprecated, its configuration says the same"),
];

/// What does not pass on its worker.
pub const WORKER: &[(&str, &str)] = &[
    ("4.1.1", "systemd tells everybody what is in units"),
    ("4.1.3", "kube-proxy's kubeconfig is not where it is looked for"),
    ("4.1.4", "kube-proxy's kubeconfig is not where it is looked for"),
    ("4.1.7", "certificates are public"),
    ("4.2.7", "nodes are called what their certificates say"),
    ("4.2.10", "kthw renews the kubelet's certificate, not the kubelet"),
    ("4.2.12", "TLS 1.3 takes no list of ciphers"),
    ("4.2.13", "how many processes a pod has is for people to say"),
];

/// Where it is on a host.
const PLACE: &str = "/opt/kube-bench";

/// kube-bench and what it asks.
pub struct Benchmark {
    program: PathBuf,
    questions: PathBuf,
}

impl Benchmark {
    pub fn built() -> Option<Self> {
        let program = Programs::of("kube-bench")?.program("kube-bench").expect("it was built");
        Some(Self { program, questions: source_of("kube-bench", MODULE)?.join("cfg") })
    }

    /// Copies it below the root of a host, by a shell beside the hosts.
    pub fn put(&self, mut shell: Command, root: &str) {
        shell.args(["sh", "-euc", r#"mkdir "$1"; cp "$2" "$1"; cp -r "$3/config.yaml" "$3/$4" "$1""#, "sh"]);
        shell.arg(format!("{root}{PLACE}")).arg(&self.program).arg(&self.questions).arg(EDITION);
        Ran::of(&mut shell).exits(0);
    }
}

/// Insists that of these parts of the benchmark everything passes on a host, but for what is known.
pub fn check(ask: &dyn Fn(&str) -> Result<String, String>, parts: &str, known: &[(&str, &str)]) {
    let run =
        format!("{PLACE}/kube-bench run --targets {parts} --config-dir {PLACE} --benchmark {EDITION} --json");
    let said = ask(&run).unwrap_or_else(|refusal| panic!("{refusal}"));
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let within = |value: &Value, key: &str| value[key].as_array().expect("a list").clone();
    let parts = within(&said, "Controls");
    let groups = parts.iter().flat_map(|part| within(part, "tests"));
    let (passed, others): (Vec<_>, Vec<_>) = groups
        .flat_map(|group| within(&group, "results"))
        // Those are questions to people.
        .filter(|result| result["type"] != "manual")
        .partition(|result| result["status"] == "PASS");
    assert!(passed.len() > others.len(), "{said:#}");
    let found: BTreeSet<&str> = others.iter().filter_map(|result| result["test_number"].as_str()).collect();
    let expected = known.iter().map(|(check, _)| *check).collect();
    assert_eq!(found, expected, "{others:#?}");
}

#[test]
fn what_does_not_pass_is_explained_by_its_page() {
    let page = include_str!("../../docs/seeds.md");
    let (_, section) = page.split_once("## The CIS benchmark\n").expect("a section");
    let (section, _) = section.split_once("\n## ").expect("another");
    let checks = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let told: BTreeSet<String> = checks.flat_map(|checks| checks.split(", ")).flat_map(each).collect();
    for (check, why) in CONTROL_PLANE.iter().chain(WORKER) {
        assert!(told.contains(*check), "{check}: {why}; the page says nothing of it");
    }
}

/// The checks that `1.1.1 to 1.1.8` stands for, or the one that is named.
fn each(checks: &str) -> Vec<String> {
    let Some((first, last)) = checks.split_once(" to ") else { return vec![checks.to_owned()] };
    let number = |check: &str| check.rsplit_once('.').and_then(|(_, number)| number.parse::<u32>().ok());
    let (group, _) = first.rsplit_once('.').expect("numbers of checks have three parts");
    let (first, last) = (number(first).expect("a number"), number(last).expect("a number"));
    (first..=last).map(|number| format!("{group}.{number}")).collect()
}
