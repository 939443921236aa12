//! Changes of a cluster that were made side by side and touch different things: git merges all that kthw wrote for them.

use std::path::PathBuf;

use crate::cluster_folder::ClusterFolder;
use crate::repository::{commit, example, git};

/// A change of one file: what stands there once, and what stands there afterwards.
type Change = (&'static str, &'static str, &'static str);

const SINGLE: &[Change] = &[
    ("cluster.yaml", "  kubernetes: 1.35.1\n", "  kubernetes: 1.36.2\n"),
    ("cluster.yaml", "# Ranges that", "  runc: 1.2.9\n\n# Ranges that"),
    ("cluster.yaml", "  hosts: 10.0.0.0/24\n", "  hosts: 10.0.0.0/23\n"),
    ("cluster.yaml", "  # Who connects", "  # Those who connect"),
    ("cluster.yaml", "# Where clients find", "audit: {maxAge: 9}\n\n\n# Where clients find"),
    ("cluster.yaml", ":6443\n", ":6443\n  sans: [api.example.org]\n"),
    ("cluster.yaml", "    address: 10.0.0.4\n", "    address: 10.0.0.4\n    labels: {rack: r1}\n"),
    ("cluster.yaml", "    address: 10.0.0.37\n", "    address: 10.0.0.37\n    labels: {rack: r2}\n"),
    (
        "cluster.yaml",
        "#   kubelet: {config: {maxPods: 150}}\n",
        "components:\n  kubelet: {config: {maxPods: 90}}\n",
    ),
    ("kthw.lock", "encryption = [1]", "encryption = [2, 1]"),
    ("kthw.lock", "ca = 2026-11-20", "ca = 2026-11-19"),
    ("kthw.lock", "leaf = 2026-11-20", "leaf = 2026-11-22"),
    (
        "kthw.lock",
        "\n[[pin]]\nname = \"cni",
        "\n[generations]\n\"pki/service-accounts\" = 2\n\n[[pin]]\nname = \"cni",
    ),
];

const IPVS: &[Change] = &[
    ("cluster.yaml", "  etcd: 3.5.9\n", "  etcd: 3.5.33\n"),
    ("cluster.yaml", "  memory: 3GiB\n", "  memory: 5GiB\n"),
    ("cluster.yaml", "packages: [curl]", "packages: [curl, lsof]"),
    ("cluster.yaml", "    address: 192.168.1.15\n", "    address: 192.168.1.15\n    labels: {disk: fast}\n"),
    (
        "cluster.yaml",
        "# The machines. Each",
        "controlPlane: {nodeMonitor: {gracePeriod: 60s}}\n\n\n# The machines. Each",
    ),
    ("kthw.lock", "encryption = [1]", "encryption = [2, 1]"),
];

/// Makes each change in a branch of its own, as people do, and returns the branches.
fn branches(folder: &ClusterFolder, changes: &[Change]) -> Vec<String> {
    let run = |args: &[&str]| git(&folder.path(), args).expect("git is there").exits(0);
    let make = |(number, (file, from, to)): (usize, &Change)| {
        let branch = format!("change-{number}");
        run(&["checkout", "--quiet", "-b", &branch, "main"]);
        let text = folder.read(file);
        assert!(text.contains(from), "{file} holds {from:?}");
        folder.write(file, &text.replacen(from, to, 1));
        folder.kthw(&["lock"]).exits(0);
        folder.kthw(&["snapshot"]).exits(0);
        commit(folder, to.trim());
        branch
    };
    changes.iter().enumerate().map(make).collect()
}

/// Merges every pair; each merge is whole, and what it yields is right.
fn check(name: &str, changes: &[Change]) {
    let Some(folder) = example(name) else { return };
    let path: PathBuf = folder.path();
    let run = |args: &[&str]| git(&path, args).expect("git is there");
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "golden files");
    let branches = branches(&folder, changes);
    for (number, one) in branches.iter().enumerate() {
        for other in &branches[number + 1..] {
            run(&["checkout", "--quiet", "-B", "merged", one]).exits(0);
            let merged = run(&["merge", "--quiet", "--message", "both", other]);
            let left = run(&["diff", "--name-only", "--diff-filter=U"]).result();
            let pair = format!("{name}: {} and {}", changes[number].2, other);
            assert_eq!((merged.code, &*left), (Some(0), ""), "{pair}");
            let checked = folder.kthw(&["snapshot", "--check"]);
            assert_eq!(checked.code, Some(0), "{pair}: {}", checked.stderr);
            folder.kthw(&["lock", "--check"]).exits(0);
        }
    }
}

#[test]
fn changes_of_a_small_cluster_that_touch_different_things_are_merged() {
    check("single", SINGLE);
}

#[test]
fn changes_of_a_cluster_with_machines_that_touch_different_things_are_merged() {
    check("ha-ipvs", IPVS);
}
