//! Golden files in git: what a reviewer sees of a change, why a check fails, and how a merge is finished.

#![expect(clippy::disallowed_methods, reason = "tests edit golden files and run git")]

use std::fs;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;
use crate::repository::{commit, git, single};

/// What git says of the golden files after a change of an input: renames, additions, edits.
fn seen(file: &str, from: &str, to: &str) -> Option<String> {
    let folder = single()?;
    folder.edit(file, from, to);
    folder.kthw(&["snapshot"]).exits(0);
    git(&folder.path(), &["add", "--all"])?.exits(0);
    let seen =
        git(&folder.path(), &["diff", "--cached", "--find-renames", "--name-status", "--", "snapshots"])?;
    Some(seen.result())
}

#[test]
fn a_new_worker_is_its_own_files_and_a_line_of_its_role() {
    let third = "    address: 10.0.0.37\n    roles: [worker]\n  - name: worker-node-3\n    address: 10.0.0.38\n    roles: [worker]\n";
    let Some(seen) = seen("cluster.yaml", "    address: 10.0.0.37\n    roles: [worker]\n", third) else {
        return;
    };
    insta::assert_snapshot!(seen);
}

#[test]
fn a_setting_of_all_is_one_edit_and_a_label_of_one_is_one_edit() {
    let Some(all) =
        seen("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n")
    else {
        return;
    };
    insta::assert_snapshot!(all);
    let label = "    address: 10.0.0.37\n    labels: {rack: r1}\n";
    insta::assert_snapshot!(seen("cluster.yaml", "    address: 10.0.0.37\n", label).expect("git is there"));
}

#[test]
fn a_check_names_the_line_that_each_stale_file_follows_from() {
    let Some(folder) = single() else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.edit("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n");
    fs::write(folder.path().join("snapshots/stray"), "").expect("our own folder");
    let unit = "snapshots/hosts/worker-node-1/etc/systemd/system/kubelet.service";
    folder.edit(unit, "[Service]", "[service]");
    insta::assert_snapshot!(folder.kthw(&["snapshot", "--check"]).refusal(3));
    fs::remove_file(folder.path().join("snapshots/stray")).expect("it is still there");
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "accepted");
    folder.kthw(&["snapshot", "--check"]).exits(0);
    // The next base is what was accepted.
    folder.edit("cluster.yaml", "{maxPods: 150}}}", "{maxPods: 160}}}");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("components.kubelet.config.maxPods: 150 → 160\n"), "{refusal}");
    assert!(!refusal.contains("k8s.example") && !refusal.contains("network.domain"), "{refusal}");
}

#[test]
fn a_host_that_comes_is_the_cause_of_its_files() {
    let Some(folder) = single() else { return };
    let third = "    address: 10.0.0.37\n    roles: [worker]\n  - name: worker-node-3\n    address: 10.0.0.38\n    roles: [worker]\n";
    folder.edit("cluster.yaml", "    address: 10.0.0.37\n    roles: [worker]\n", third);
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert_eq!(refusal.matches("error: ").count(), 2, "one cause, and the sum: {refusal}");
    assert!(refusal.contains(" hosts[worker-node-3]: added, "), "{refusal}");
}

#[test]
fn line_ends_of_another_system_are_told_from_a_hand() {
    let Some(folder) = single() else { return };
    let file = "snapshots/roles/worker/etc/crictl.yaml";
    folder.write(file, &folder.read(file).replace('\n', "\r\n"));
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("error: git has given the lines other ends; `snapshots/** -text`"), "{refusal}");
    assert!(refusal.contains(" roles/worker/etc/crictl.yaml has lines that end with CRLF\n"), "{refusal}");
    assert!(!refusal.contains("by hand"), "{refusal}");
}

#[test]
fn another_kthw_is_told_from_a_hand() {
    let Some(folder) = single() else { return };
    let (file, node) = ("snapshots/roles/worker/etc/crictl.yaml", "config/crictl crictl-config ");
    folder.write(file, &(folder.read(file) + "# other\n"));
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("error: edited by hand, or written for inputs that were changed since; `kthw snapshot` restores it\n"), "{refusal}");
    // Another kthw would have rendered it by another version of its kind.
    let list = folder.read("snapshots/graph.txt");
    let at = list.find(node).expect("the node is listed") + node.len();
    let other = format!("{}9{}", &list[..at], &list[at..]);
    folder.write("snapshots/graph.txt", &other);
    commit(&folder, "another kthw");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    let head = git(&folder.path(), &["rev-parse", "HEAD"]).expect("git is there").result();
    let writer =
        format!("error: {} wrote it last, and the inputs of that commit yield something", &head[..10]);
    assert!(refusal.contains(&writer) && refusal.contains("or another kthw wrote it"), "{refusal}");
}

#[test]
fn a_commit_that_accepted_a_part_of_its_change_is_told_from_a_hand() {
    let Some(folder) = single() else { return };
    let kubelet = "roles/worker/etc/kubernetes/kubelet-config.yaml";
    let before = folder.read(&format!("snapshots/{kubelet}"));
    folder.edit("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n");
    folder.kthw(&["snapshot"]).exits(0);
    folder.write(&format!("snapshots/{kubelet}"), &before);
    commit(&folder, "accepted in part");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    let cause = "components.kubelet.config.maxPods: added, 150\n";
    assert!(refusal.contains(&format!("{cause}         {kubelet} differs")), "{refusal}");
    assert!(refusal.contains("error: 1 golden file is stale") && !refusal.contains("by hand"), "{refusal}");
    // A state that is no cluster is passed over, and what another change leads to is told apart.
    folder.edit("cluster.yaml", "10.96.0.0/24", "10.96.0.0/33");
    commit(&folder, "broken");
    folder.edit("cluster.yaml", "10.96.0.0/33", "10.96.0.0/24");
    folder.edit(
        "cluster.yaml",
        "{maxPods: 150}}}",
        "{maxPods: 150}}, kube-apiserver: {flags: {event-ttl: 2h}}}",
    );
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains(&format!("{cause}         {kubelet} differs")), "{refusal}");
    let unit = "hosts/control-plane-1/etc/systemd/system/kube-apiserver.service differs";
    assert!(refusal.contains("event-ttl: added, 2h\n") && refusal.contains(unit), "{refusal}");
    assert!(!refusal.contains("/33"), "{refusal}");
}

#[test]
fn inputs_that_were_changed_after_their_golden_files_are_told_from_a_hand() {
    let Some(folder) = single() else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.kthw(&["snapshot"]).exits(0);
    folder.edit(
        "cluster.yaml",
        "# components:\n",
        "components: {kube-scheduler: {flags: {kube-api-qps: 60}}}\n",
    );
    folder.edit("cluster.yaml", "domain: k8s.example", "domain: k8s.example.org");
    commit(&folder, "amended");
    let head = git(&folder.path(), &["rev-parse", "HEAD"]).expect("git is there").result();
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    let of_no_state = format!(
        "error: {} wrote it last, and the inputs of that commit yield something else: they were changed after `kthw \
         snapshot`",
        &head[..10]
    );
    let kubelet = "roles/worker/etc/kubernetes/kubelet-config.yaml differs";
    assert!(refusal.contains(&of_no_state), "{refusal}");
    assert!(refusal.contains(kubelet) && !refusal.contains("error: edited by hand"), "{refusal}");
    // What the first of both changes left alone is of the state before.
    let unit = "hosts/control-plane-1/etc/systemd/system/kube-scheduler.service differs";
    assert!(refusal.contains(&format!("flags.kube-api-qps: added, 60\n         {unit}")), "{refusal}");
    // A build of what was accepted is remembered here.
    folder.edit("cluster.yaml", "domain: k8s.example.org", "domain: k8s.example");
    folder.edit(
        "cluster.yaml",
        "components: {kube-scheduler: {flags: {kube-api-qps: 60}}}\n",
        "# components:\n",
    );
    folder.build();
    git(&folder.path(), &["checkout", "--quiet", "cluster.yaml"]).expect("git is there").exits(0);
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("network.domain: k8s.example → k8s.example.org\n"), "{refusal}");
    assert!(!refusal.contains("wrote it last"), "{refusal}");
}

#[test]
fn what_git_refuses_to_a_check_is_passed_on() {
    let Some(folder) = single() else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let mut refused = folder.command(&["snapshot", "--check"]);
    // As if somebody else owned the repository.
    let said = Ran::of(refused.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")).refusal(3);
    assert!(said.contains("its cause cannot be told: git: detected dubious ownership"), "{said}");
    assert!(said.contains("  hosts/control-plane-1/pki.txt differs"), "{said}");
}

#[test]
fn a_state_that_cannot_be_read_is_said_to_be() {
    let Some(folder) = single() else { return };
    folder.write("snapshots/pki.txt", "");
    folder.edit("cluster.yaml", "10.96.0.0/24", "10.96.0.0/33");
    commit(&folder, "broken from the beginning");
    git(&folder.path(), &["checkout", "--quiet", "--orphan", "alone"]).expect("git is there").exits(0);
    commit(&folder, "without a past");
    folder.edit("cluster.yaml", "10.96.0.0/33", "10.96.0.0/24");
    let said = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(said.contains("its cause cannot be told: no state of then can be read"), "{said}");
    assert!(said.contains("10.96.0.0/33") && said.contains(":cluster.yaml:"), "{said}");
}

#[test]
fn without_git_the_build_that_was_accepted_is_the_base() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.kthw(&["snapshot"]).exits(0);
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    // The latest build is not the one that the golden files are of.
    folder.build();
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("network.domain: cluster.local → k8s.example\n"), "{refusal}");
    fs::remove_dir_all(folder.path().join(".kthw")).expect("our own store");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("error: its cause cannot be told: git does not have these files"), "{refusal}");
}

#[test]
fn a_shallow_clone_claims_no_cause() {
    let Some(folder) = single() else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    commit(&folder, "forgotten golden files");
    let clone = |depth: &[&str]| {
        let from = format!("file://{}", folder.path().display());
        let to = folder.place().join(format!("clone-{}", depth.len()));
        let to = to.to_str().expect("a plain name").to_owned();
        git(folder.place(), &[&["clone", "--quiet"], depth, &[&from, &to]].concat())
            .expect("git is there")
            .exits(0);
        folder.kthw(&["snapshot", "--check", "-C", &to]).refusal(3)
    };
    let shallow = clone(&["--depth", "1"]);
    assert!(shallow.contains("this clone is shallow"), "{shallow}");
    let whole = clone(&[]);
    assert!(whole.contains("network.domain: cluster.local → k8s.example\n"), "{whole}");
}

const EPOCH: &str = "leaf = 2026-11-20T00:00:00Z";

#[test]
fn a_merge_of_two_changes_is_finished_by_two_commands() {
    let Some(folder) = single() else { return };
    let git = |args: &[&str]| git(&folder.path(), args).expect("git is there");
    git(&["switch", "--quiet", "--create", "theirs"]).exits(0);
    folder.edit("cluster.yaml", "kubernetes: 1.35.1", "kubernetes: 1.36.1");
    folder.kthw(&["lock"]).exits(0);
    folder.edit("kthw.lock", EPOCH, "leaf = 2026-11-21T00:00:00Z");
    folder.edit("kthw.lock", "encryption = [1]", "encryption = [2, 1]");
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "an upgrade");
    git(&["switch", "--quiet", "main"]).exits(0);
    folder.edit("kthw.lock", EPOCH, "leaf = 2026-11-22T00:00:00Z\n\n[generations]\n\"pki/ca\" = 2");
    folder.edit("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n");
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, "a rotation");
    assert_eq!(git(&["merge", "theirs"]).code, Some(1), "there is a conflict");
    for command in [&["snapshot", "--check"][..], &["snapshot"], &["build"], &["lock", "--check"]] {
        let refusal = folder.kthw(command).refusal(2);
        assert!(refusal.contains("`<<<<<<<` is left of a merge conflict"), "{refusal}");
        assert!(refusal.contains("run `kthw lock`, which reads both sides"), "{refusal}");
    }
    folder.kthw(&["lock"]).exits(0);
    let lock = folder.read("kthw.lock");
    for entry in
        ["leaf = 2026-11-22T00:00:00Z", "encryption = [2, 1]", "\"pki/ca\" = 2", "version = \"1.36.1\""]
    {
        assert!(lock.contains(entry), "{entry}: {lock}");
    }
    assert!(!lock.contains("1.35.1") && !lock.contains("<<<"), "{lock}");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(refusal.contains("a merge left its marks; `kthw snapshot` writes the file anew"), "{refusal}");
    assert!(refusal.contains("  pki.txt holds a merge conflict\n"), "{refusal}");
    folder.kthw(&["snapshot"]).exits(0);
    folder.kthw(&["snapshot", "--check"]).exits(0);
    commit(&folder, "merged");
}

#[test]
fn a_conflict_in_the_clusters_file_is_for_people() {
    let folder = ClusterFolder::single();
    folder.edit(
        "cluster.yaml",
        "  kubernetes: 1.35.1\n",
        "<<<<<<< HEAD\n  kubernetes: 1.35.1\n=======\n  kubernetes: 1.36.1\n>>>>>>> theirs\n",
    );
    insta::assert_snapshot!(folder.kthw(&["snapshot", "--check"]).refusal(2));
}
