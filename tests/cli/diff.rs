//! What `kthw diff` compares, and what it refuses to compare.

use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;
use crate::repository::{begin, commit, example, git};

fn report(folder: &ClusterFolder, args: &[&str]) -> Value {
    let said = folder.kthw(&[&["diff", "--format", "json"], args].concat()).exits(0).stdout;
    serde_json::from_str(&said).expect("a document")
}

fn paths(report: &Value) -> Vec<&str> {
    let files = report["files"].as_array().expect("a list").iter();
    files.map(|file| file["path"].as_str().expect("a path")).collect()
}

#[test]
fn nothing_differs_from_itself_and_comments_are_nothing() {
    let Some(folder) = example("single") else { return };
    assert_eq!(report(&folder, &[])["summary"], "nothing changes");
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + "# a word\n"));
    let said = folder.kthw(&["diff", "--exit-code"]).exits(0).stdout;
    assert!(said.starts_with("nothing changes\n") && said.contains("not committed"), "{said}");
}

#[test]
fn a_difference_is_an_exit_code_where_it_is_asked_for() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.kthw(&["diff"]).exits(0);
    folder.kthw(&["diff", "--exit-code"]).exits(3);
    folder.kthw(&["diff", "--exit-code", "--output", "../page.md", "--format", "markdown"]).exits(3);
    assert!(folder.read("../page.md").starts_with("### "));
}

#[test]
fn a_build_is_compared_as_it_was_recorded() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.build();
    folder.edit("cluster.yaml", "domain: k8s.example", "domain: k8s.example.org");
    // Without git, the last build is what one compares with.
    let last = report(&folder, &[]);
    assert_eq!(last["before"], "build 2");
    let field = &last["inputs"][0];
    assert_eq!((&field["before"], &field["after"]), (&"k8s.example".into(), &"k8s.example.org".into()));
    let between = report(&folder, &["build:1", "build:2"]);
    assert_eq!(between["inputs"][0]["after"], "k8s.example");
    assert!(paths(&between).contains(&"/etc/kubernetes/kubelet-config.yaml"), "{between:#}");
    assert_eq!(report(&folder, &["build:2", "build"])["summary"], "nothing changes");
}

#[test]
fn a_host_and_a_file_can_be_asked_for() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let of = |target: &str| report(&folder, &["--only", target]);
    let all = report(&folder, &[]);
    let worker = of("worker-node-2");
    assert!(paths(&worker).len() < paths(&all).len());
    for file in worker["files"].as_array().expect("a list") {
        assert_eq!(file["hosts"], serde_json::json!(["worker-node-2"]));
    }
    let one = of("worker-node-2:/etc/kubernetes/kubelet-config.yaml");
    assert_eq!(paths(&one), ["/etc/kubernetes/kubelet-config.yaml"]);
}

#[test]
fn a_target_that_neither_state_has_is_refused() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "worker-node-2", "worker-node-3");
    let only = |targets: &[&str]| {
        let targets = targets.iter().flat_map(|target| ["--only", target]);
        folder.kthw(&[vec!["diff"], targets.collect()].concat())
    };
    for (target, meant) in [
        ("worker-node-22", "worker-node-2"),
        (
            "worker-node-1:/etc/kubernetes/kubelet-confg.yaml",
            "worker-node-1:/etc/kubernetes/kubelet-config.yaml",
        ),
        ("worker-1:/etc/hosts", "worker-node-1:/etc/hosts"),
    ] {
        let said = only(&[target]).refusal(2);
        assert!(said.contains(&format!("there is no `{target}`")), "{said}");
        assert!(said.contains(&format!("did you mean `{meant}`?")), "{said}");
    }
    let said = only(&["nosuch", "worker-node-1", "nosuch:/x"]).refusal(2);
    assert_eq!(said.matches("there is no").count(), 2, "{said}");
    // What one of them has is known, whether it differs or not.
    for target in ["worker-node-2", "worker-node-3", "worker-node-1", "worker-node-1:/etc/crictl.yaml"] {
        only(&[target]).exits(0);
    }
}

#[test]
fn a_key_that_steers_a_terminal_is_written_out() {
    let Some(folder) = example("cilium") else { return };
    let values = r#"addons: {cilium: {values: {"\e[2Jx\n\ny": {"a\u202e": "b\e[1m\r"}}}}"#;
    folder.write("cluster.yaml", &format!("{}{values}\n", folder.read("cluster.yaml")));
    for command in [&["diff"][..], &["diff", "--format", "markdown"], &["plan"]] {
        let said = folder.kthw(command).exits(0).stdout;
        assert!(!said.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{said:?}");
        assert!(said.contains("u{1b}") && !said.contains("\ny"), "{said}");
    }
}

#[test]
fn git_is_asked_of_the_folder_whatever_the_environment_says() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let mut within = folder.command(&["diff"]);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"] {
        within.env(variable, "/nowhere");
    }
    let said = Ran::of(&mut within).exits(0).stdout;
    assert!(said.contains("\nfrom HEAD ("), "{said}");
    assert!(said.contains("to the folder, with changes that are not committed\n"), "{said}");
}

#[test]
fn what_git_refuses_is_said_as_git_says_it() {
    let Some(folder) = example("single") else { return };
    let mut refused = folder.command(&["diff", "HEAD"]);
    // As if somebody else owned the repository.
    let said = Ran::of(refused.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")).refusal(1);
    assert!(said.contains("error: git: detected dubious ownership"), "{said}");
    assert!(!said.contains("is in no git repository"), "{said}");
}

#[test]
fn the_order_of_hosts_is_a_cause() {
    let Some(folder) = example("production") else { return };
    let text = folder.read("cluster.yaml");
    let first = text.find("  - name: etcd-1").expect("a host");
    let second = text.find("  - name: etcd-2").expect("a host");
    let third = text.find("  - name: etcd-3").expect("a host");
    let swapped = [&text[..first], &text[second..third], &text[first..second], &text[third..]].concat();
    folder.write("cluster.yaml", &swapped);
    let report = report(&folder, &[]);
    for file in report["files"].as_array().expect("a list") {
        assert!(!file["causes"].as_array().expect("a list").is_empty(), "{file:#}");
    }
}

#[test]
fn the_same_differs_without_the_root() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.edit("kthw.lock", "\n[epochs]", "\n[generations]\n\"pki/ca\" = 2\n\n[epochs]");
    let with = report(&folder, &[]);
    std::fs::remove_file(folder.path().join("kthw.root")).expect("our own folder");
    let without = report(&folder, &[]);
    assert_eq!((&with["rootIsHere"], &without["rootIsHere"]), (&true.into(), &false.into()));
    assert_eq!(paths(&with), paths(&without));
    for (one, other) in with["files"].as_array().into_iter().zip(without["files"].as_array()) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!((&one["hosts"], &one["causes"]), (&other["hosts"], &other["causes"]));
            assert_eq!(one["text"], other["text"]);
        }
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let Some(folder) = example("single") else { return };
    let mut refusals = String::new();
    let mut refused = |folder: &ClusterFolder, args: &[&str], code| {
        let said = folder.kthw(&[&["diff"], args].concat()).refusal(code);
        refusals += &format!("$ kthw diff {}\n{said}\n", args.join(" "));
    };
    for args in [&["no-such-branch"][..], &["build:7"], &["build:x"], &["applied"], &["--", "--output=x"]] {
        refused(&folder, args, 1);
    }
    folder.build();
    refused(&folder, &["build:7"], 1);
    folder.edit("cluster.yaml", "10.96.0.0/24", "10.96.0.0/33");
    let Some(()) = commit(&folder, "broken") else { return };
    folder.edit("cluster.yaml", "10.96.0.0/33", "10.96.0.0/24");
    refused(&folder, &["HEAD"], 2);
    let Some(moved) = git(&folder.path(), &["mv", "cluster.yaml", "elsewhere.yaml"]) else { return };
    moved.exits(0);
    let Some(()) = commit(&folder, "moved") else { return };
    git(&folder.path(), &["mv", "elsewhere.yaml", "cluster.yaml"]).expect("git is there").exits(0);
    refused(&folder, &["HEAD"], 2);
    refused(&ClusterFolder::single(), &["HEAD"], 1);
    insta::with_settings!({filters => vec![
        (r"[0-9a-f]{10}:cluster", "1a2b3c4d5e:cluster"),
        (r"[0-9a-f]{10} has no", "1a2b3c4d5e has no"),
    ]}, { insta::assert_snapshot!(refusals) });
}

/// What a file of a host changes because of, as fields and entries.
fn causes(report: &Value, path: &str, host: &str) -> Vec<String> {
    let mut files = report["files"].as_array().expect("a list").iter();
    let held = |file: &&Value| {
        let hosts = file["hosts"].as_array().expect("a list");
        file["path"] == path && (hosts.is_empty() || hosts.iter().any(|found| found == host))
    };
    let file = files.find(held).unwrap_or_else(|| panic!("{host}:{path} changes: {report:#}"));
    let inputs = file["causes"].as_array().expect("a list").iter();
    let inputs = inputs.map(|index| &report["inputs"][index.as_u64().expect("an index") as usize]);
    let name =
        |input: &Value| input["field"].as_str().or(input["entry"].as_str()).unwrap_or("kthw").to_owned();
    inputs.map(name).collect()
}

#[test]
fn a_file_is_blamed_on_what_it_follows_from_and_on_nothing_else() {
    let check = |edits: &[(&str, &str)], expected: &[(&str, &str, &[&str])]| {
        let folder = ClusterFolder::of_example("ha-haproxy");
        begin(&folder).expect("git is here");
        let mut text = folder.read("cluster.yaml");
        for (from, to) in edits {
            text = if from.is_empty() { text + to } else { text.replace(from, to) };
        }
        folder.write("cluster.yaml", &text);
        folder.kthw(&["lock"]).exits(0);
        let report = report(&folder, &[]);
        for (host, path, fields) in expected {
            assert_eq!(causes(&report, path, host), *fields, "{host}:{path}");
        }
    };
    let services = (" 10.32.0.", " 10.33.0.");
    let pods = ("10.200.0.0/16", "10.210.0.0/16");
    let kubelet = "/etc/kubernetes/kubelet-config.yaml";
    // What needs each other to be a cluster is told from what does not.
    check(
        &[services, pods],
        &[
            ("worker-0", "/etc/cni/net.d/10-bridge.conflist", &["network.pods"]),
            ("worker-0", kubelet, &["network.dns"]),
            ("controller-1", "/etc/kubernetes/pki/apiserver.crt", &["network.services"]),
        ],
    );
    // A section that is new is one thing.
    check(
        &[services, ("", "etcd: {backup: {daily: {keep: 72h}}}\n")],
        &[
            ("controller-0", "/etc/systemd/system/etcd-backup-daily.timer", &["etcd.backup.daily.keep"]),
            ("controller-0", "/usr/local/sbin/etcd-backup", &["etcd.backup.daily.keep"]),
        ],
    );
    // A file that others have is held because of the role, whatever else the host is given.
    let worker = (
        "name: controller-0\n    address: 10.240.0.10\n    roles: [control-plane]",
        "name: controller-0\n    address: 10.240.0.10\n    roles: [control-plane, worker]",
    );
    check(
        &[worker, ("", "components: {kube-apiserver: {flags: {event-ttl: 2h}}}\n")],
        &[
            ("controller-0", "/etc/crictl.yaml", &["hosts[controller-0].roles"]),
            ("controller-0", kubelet, &["hosts[controller-0].roles"]),
        ],
    );
    // Of the fields that a value may follow from, those that it does: this host's range follows from its place.
    let moved = ("address: 10.240.0.20\n", "address: 10.240.0.29\n");
    let pods_of_all: &[&str] = &["network.pods"];
    check(
        &[pods, moved],
        &[
            ("worker-1", "/etc/cni/net.d/10-bridge.conflist", pods_of_all),
            ("worker-0", "/etc/kubernetes/pod-routes", &["network.pods", "hosts[worker-0].address"]),
        ],
    );
    // Of many changes the few are found that matter.
    let config = "maxPods: 50, podPidsLimit: 900, registryPullQPS: 9, registryBurst: 19, eventRecordQPS: 9, eventBurst: 19, \
         kubeAPIQPS: 9, kubeAPIBurst: 19, configMapAndSecretChangeDetectionStrategy: Get, maxOpenFiles: 900, \
         nodeStatusMaxImages: 9, imageGCHighThresholdPercent: 81, imageGCLowThresholdPercent: 71, \
         containerLogMaxFiles: 9, serializeImagePulls: false, maxParallelImagePulls: 3, oomScoreAdj: -990, \
         failSwapOn: true";
    let many = format!("components: {{kubelet: {{config: {{{config}}}}}}}\n");
    let backup = "etcd: {backup: {daily: {keep: 72h}, frequent: {keep: 8h}}}\n";
    let both: &[&str] = &["etcd.backup.daily.keep", "etcd.backup.frequent.keep"];
    check(&[("", &many), ("", backup)], &[("controller-0", "/usr/local/sbin/etcd-backup", both)]);
    // Of many pins each file has its own, and each architecture its own file.
    check(
        &[("1.36.1", "1.35.1"), ("", "components: {kubelet: {config: {maxPods: 50}}}\n")],
        &[
            ("worker-0", "/usr/local/bin/containerd", &["versions.kubernetes", "pin containerd linux/amd64"]),
            ("worker-1", "/usr/local/bin/containerd", &["versions.kubernetes", "pin containerd linux/arm64"]),
            ("controller-0", "/etc/kubernetes/bootstrap/coredns.yaml", &["versions.kubernetes"]),
            ("worker-0", kubelet, &["components.kubelet.config.maxPods"]),
        ],
    );
}
