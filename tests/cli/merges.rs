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

/// Two branches of a cluster with golden files: in `gone` it has no `worker-node-1`, in `renewed` this worker's certificate says
/// is renewed.
fn removed_and_changed() -> Option<ClusterFolder> {
    let folder = example("single")?;
    let run = |args: &[&str]| git(&folder.path(), args).expect("git is there").exits(0);
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "golden files");
    run(&["checkout", "--quiet", "-b", "gone"]);
    let worker = "  - name: worker-node-1\n    address: 10.0.0.36\n    roles: [worker]\n";
    folder.edit("cluster.yaml", worker, "");
    folder.kthw(&["lock"]).exits(0);
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "no worker-node-1");
    run(&["checkout", "--quiet", "-b", "renewed", "main"]);
    folder.edit("kthw.lock", "leaf = 2026-11-20", "leaf = 2026-11-22");
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "renewed");
    Some(folder)
}

const CHANGED: &str = "snapshots/hosts/worker-node-1/pki.txt";

#[test]
fn what_a_merge_leaves_of_a_host_that_one_side_removed_is_written_anew() {
    let ways: [(&str, &[&str]); 4] = [
        ("gone", &["merge", "renewed"]),
        ("renewed", &["merge", "gone"]),
        ("gone", &["cherry-pick", "renewed"]),
        ("renewed", &["rebase", "gone"]),
    ];
    for (onto, way) in ways {
        for added in [false, true] {
            let Some(folder) = removed_and_changed() else { return };
            let run = |args: &[&str]| git(&folder.path(), args).expect("git is there");
            run(&["checkout", "--quiet", onto]).exits(0);
            run(way).exits(1);
            assert!(folder.exists(CHANGED), "{way:?} leaves it");
            if added {
                run(&["add", "--all"]).exits(0);
            }
            folder.write("snapshots/hosts/worker-node-2/notes", "mine");
            let refused = folder.kthw(&["snapshot"]);
            assert_ne!(refused.code, Some(0));
            assert!(
                refused.stderr.contains("did not write: hosts/worker-node-2/notes\n"),
                "{}",
                refused.stderr
            );
            std::fs::remove_file(folder.path().join("snapshots/hosts/worker-node-2/notes")).expect("our own");
            folder.kthw(&["snapshot"]).exits(0);
            assert!(!folder.exists(CHANGED), "{way:?}");
            folder.kthw(&["snapshot", "--check"]).exits(0);
        }
    }
}

#[test]
fn what_a_merge_left_is_removed_after_its_commit_too() {
    let Some(folder) = removed_and_changed() else { return };
    let run = |args: &[&str]| git(&folder.path(), args).expect("git is there");
    run(&["merge", "gone"]).exits(1);
    commit(&folder, "both");
    folder.kthw(&["snapshot"]).exits(0);
    assert!(!folder.exists(CHANGED));
}

#[test]
fn what_somebody_wrote_where_a_merge_left_a_file_is_refused() {
    let Some(folder) = removed_and_changed() else { return };
    let run = |args: &[&str]| git(&folder.path(), args).expect("git is there");
    run(&["merge", "gone"]).exits(1);
    folder.write(CHANGED, "mine");
    let refused = folder.kthw(&["snapshot"]);
    assert!(refused.stderr.contains("did not write: hosts/worker-node-1/pki.txt\n"), "{}", refused.stderr);
    assert_eq!(folder.read(CHANGED), "mine");
}

#[test]
fn a_list_that_names_what_its_commit_does_not_have_removes_nothing() {
    let Some(folder) = removed_and_changed() else { return };
    let run = |args: &[&str]| git(&folder.path(), args).expect("git is there");
    run(&["checkout", "--quiet", "renewed"]).exits(0);
    let list = folder.read("snapshots/.kthw-files");
    folder.write("snapshots/.kthw-files", &format!("{list}notes\nlink\n"));
    std::os::unix::fs::symlink("mine", folder.path().join("snapshots/link")).expect("our own");
    commit(&folder, "a list of more");
    std::fs::remove_file(folder.path().join("snapshots/link")).expect("our own");
    run(&["merge", "gone"]).exits(1);
    folder.write("snapshots/.kthw-files", &list);
    folder.write("snapshots/notes", "<<<<<<< mine\n=======\n>>>>>>> mine\n");
    folder.write("snapshots/link", "mine");
    let refused = folder.kthw(&["snapshot"]);
    assert!(refused.stderr.contains("did not write: link, notes\n"), "{}", refused.stderr);
}
