//! `kthw plan`: what changes of real clusters lead to, read as an operator would.

use crate::cluster_folder::ClusterFolder;
use crate::ran::PUBLIC_ROOT;
use crate::repository::{begin, commit, example, git};

/// The plan from the last commit to the folder.
#[track_caller]
fn plan(folder: &ClusterFolder) -> String {
    unnamed(folder, &folder.kthw(&["plan"]).result())
}

/// What was said, without the last commit's id.
fn unnamed(folder: &ClusterFolder, said: &str) -> String {
    let id = git(&folder.path(), &["rev-parse", "--short=10", "HEAD"]).expect("git is there").result();
    said.replace(id.trim(), "1a2b3c4d5e")
}

#[test]
fn another_clusters_root_is_refused_whatever_changes() {
    let Some(folder) = example("ha-haproxy") else { return };
    let stranger = ClusterFolder::empty();
    stranger.kthw(&["init"]).exits(0);
    std::fs::remove_file(folder.path().join("kthw.root")).expect("the example has one");
    std::fs::create_dir_all(folder.path().join(".kthw")).expect("our own folder");
    std::fs::copy(stranger.path().join(".kthw/root"), folder.path().join(".kthw/root")).expect("a root");
    for command in ["plan", "diff"] {
        let refusal = folder.kthw(&[command]).refusal(2);
        assert!(refusal.contains("kthw.lock belongs to root:"), "{refusal}");
    }
}

#[test]
fn the_first_rollout_founds_etcd_at_once_and_ends_with_the_workers() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init", "--preset", "ha-haproxy"]).exits(0);
    insta::assert_snapshot!(folder.kthw(&["plan", "nothing"]).result());
    let json = folder.kthw(&["plan", "nothing", "--format", "json"]).result();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["before"], "nothing");
    let founders = json["waves"][0]["batches"][0].as_array().expect("a batch");
    assert_eq!(founders.len(), 3);
    for arguments in [["diff", "nothing", "."], ["plan", ".", "nothing"]] {
        let refusal = folder.kthw(&arguments).refusal(1);
        assert!(refusal.contains("`kthw plan nothing` tells "), "{refusal}");
    }
}

#[test]
fn nothing_changed_is_nothing_to_do() {
    let Some(folder) = example("ha-haproxy") else { return };
    insta::assert_snapshot!(plan(&folder), @"
    nothing to do: no file of any host changes
    from HEAD (1a2b3c4d5e) to the folder
    ");
    folder.write("cluster.yaml", &format!("# a comment\n{}", folder.read("cluster.yaml")));
    folder.kthw(&["plan", "--exit-code"]).exits(0);
}

#[test]
fn a_flag_restarts_one_program() {
    let Some(folder) = example("ha-haproxy") else { return };
    let spec = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &(spec + "components:\n  kube-apiserver:\n    flags: {v: '4'}\n"));
    insta::assert_snapshot!(plan(&folder));
    folder.kthw(&["plan", "--exit-code"]).exits(3);
}

#[test]
fn an_upgrade_is_previewed_without_a_cluster() {
    let folder = ClusterFolder::of_example("ha-haproxy");
    folder.edit("cluster.yaml", "1.36.1", "1.35.1");
    folder.kthw(&["lock"]).exits(0);
    let Some(()) = begin(&folder) else { return };
    folder.edit("cluster.yaml", "1.35.1", "1.36.1");
    folder.kthw(&["lock"]).exits(0);
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn a_way_back_over_a_minor_is_refused() {
    let folder = ClusterFolder::single();
    let Some(()) = begin(&folder) else { return };
    folder.edit("cluster.yaml", "kubernetes: 1.35.1", "kubernetes: 1.36.1");
    folder.kthw(&["lock"]).exits(0);
    let Some(()) = commit(&folder, "1.36") else { return };
    let ran = folder.kthw(&["plan", "HEAD", "HEAD~1"]).exits(4);
    assert!(ran.stdout.starts_with("1 thing must not be done; "), "{}", ran.stdout);
    insta::assert_snapshot!(ran.stderr.replacen(PUBLIC_ROOT, "", 1));
}

/// The smallest example as it would have been with an old Kubernetes, committed, and then with a new one.
fn leap(before: &str) -> Option<ClusterFolder> {
    let folder = ClusterFolder::single();
    let spec = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &(spec.replace("1.35.1", "1.28.3") + before));
    folder.kthw(&["lock"]).exits(0);
    begin(&folder)?;
    folder.edit("cluster.yaml", "1.28.3", "1.35.1");
    folder.kthw(&["lock"]);
    Some(folder)
}

#[test]
fn minors_that_are_skipped_are_refused_and_told_of() {
    let Some(folder) = leap("") else { return };
    let ran = folder.kthw(&["plan", "--exit-code"]).exits(4);
    insta::assert_snapshot!(unnamed(&folder, &ran.stdout));
    insta::assert_snapshot!("refusal", ran.stderr);
}

#[test]
fn a_flag_that_the_later_version_lacks_is_an_error_of_that_state() {
    let flag =
        "components:\n  kubelet:\n    flags: {pod-infra-container-image: 'registry.k8s.io/pause:3.9'}\n";
    let Some(folder) = leap(flag) else { return };
    let Some(()) = commit(&folder, "1.35") else { return };
    let refusal = folder.kthw(&["plan", "HEAD~1", "HEAD"]).refusal(2);
    // The commit is another whenever the example is.
    let Some(commit) = git(&folder.path(), &["rev-parse", "--short=10", "HEAD"]) else { return };
    insta::assert_snapshot!(refusal.replace(commit.result().trim(), "COMMIT"));
}

/// Two more members of etcd, as the lines of a cluster's file.
const MORE: &str = "  - {name: etcd-4, address: 10.20.0.24, roles: [etcd]}
  - {name: etcd-5, address: 10.20.0.25, roles: [etcd]}
";
const WORKER: &str = "  - name: worker-1
    address: 10.20.0.101
    roles: [worker]
    labels: {topology.kubernetes.io/zone: a}
";

#[test]
fn members_join_etcd_before_the_others_are_told() {
    let Some(folder) = example("production") else { return };
    folder.edit("cluster.yaml", WORKER, &format!("{MORE}{WORKER}"));
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn hosts_that_go_go_last() {
    let folder = ClusterFolder::of_example("production");
    folder.edit("cluster.yaml", WORKER, &format!("{MORE}{WORKER}"));
    let Some(()) = begin(&folder) else { return };
    folder.edit("cluster.yaml", &format!("{MORE}{WORKER}"), "");
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn a_key_that_is_dropped_leaves_secrets_unreadable() {
    let Some(folder) = example("production") else { return };
    folder.edit("kthw.lock", "encryption = [2, 1]", "encryption = [2]");
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn a_key_that_encrypts_is_not_dropped() {
    let Some(folder) = example("production") else { return };
    folder.edit("kthw.lock", "encryption = [2, 1]", "encryption = [1]");
    let ran = folder.kthw(&["plan", "--exit-code"]).exits(4);
    assert!(ran.stdout.starts_with("1 thing must not be done; "), "{}", ran.stdout);
    let first = "in kthw.lock, one rollout each: `encryption = [1, 2]`";
    assert!(ran.stderr.contains(first), "{}", ran.stderr);
    let json = folder.kthw(&["plan", "--format", "json"]).exits(4).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["refused"], true);
}

#[test]
fn an_authority_that_is_replaced_breaks_its_clients() {
    let Some(folder) = example("ha-haproxy") else { return };
    folder.edit("kthw.lock", "\n[epochs]", "\n[generations]\n\"pki/ca\" = 2\n\n[epochs]");
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn a_moved_range_is_told_of() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "services: 10.96.0.0/24", "services: 10.97.0.0/24");
    folder.edit("cluster.yaml", "dns: 10.96.0.10", "dns: 10.97.0.10");
    insta::assert_snapshot!(plan(&folder));
}

#[test]
fn the_plan_is_the_same_without_the_root() {
    let Some(folder) = example("ha-haproxy") else { return };
    let spec = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &(spec + "components:\n  kubelet:\n    config: {maxPods: 150}\n"));
    let with = plan(&folder);
    std::fs::remove_file(folder.path().join("kthw.root")).expect("our own folder");
    assert_eq!(plan(&folder), with);
}

#[test]
fn the_json_holds_the_whole_plan() {
    let Some(folder) = example("ha-haproxy") else { return };
    let spec = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &(spec + "components:\n  kube-scheduler:\n    flags: {v: '4'}\n"));
    let mut json: serde_json::Value =
        serde_json::from_str(&folder.kthw(&["plan", "--format", "json"]).result()).expect("JSON");
    assert!(json["before"].as_str().is_some_and(|label| label.starts_with("HEAD (")), "{}", json["before"]);
    // The commit is another whenever the example is.
    json["before"] = "HEAD".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn a_plan_goes_to_a_file() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    for format in ["text", "json"] {
        let printed = folder.kthw(&["plan", "--format", format]).exits(0).stdout;
        let ran = folder.kthw(&["plan", "--format", format, "--output", "../plan"]).exits(0);
        assert_eq!((ran.stdout.as_str(), folder.read("../plan")), ("", printed));
    }
}
