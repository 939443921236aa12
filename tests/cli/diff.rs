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
fn how_the_lines_of_an_input_end_is_nothing() {
    let Some(folder) = example("production") else { return };
    let text = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &text.replace('\n', "\r\n"));
    let found = report(&folder, &[]);
    assert_eq!((&found["summary"], &found["inputs"]), (&"nothing changes".into(), &serde_json::json!([])));
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
fn the_order_of_hosts_is_told_and_causes_nothing() {
    let Some(folder) = example("production") else { return };
    let text = folder.read("cluster.yaml");
    let first = text.find("  - name: etcd-1").expect("a host");
    let second = text.find("  - name: etcd-2").expect("a host");
    let third = text.find("  - name: etcd-3").expect("a host");
    let swapped = [&text[..first], &text[second..third], &text[first..second], &text[third..]].concat();
    folder.write(
        "cluster.yaml",
        &swapped.replace("topology.kubernetes.io/zone: b", "topology.kubernetes.io/zone: c"),
    );
    let report = report(&folder, &[]);
    let inputs: Vec<_> =
        report["inputs"].as_array().into_iter().flatten().map(|input| &input["field"]).collect();
    assert_eq!(inputs, ["hosts[worker-2].labels[topology.kubernetes.io/zone]", "hosts"]);
    assert_eq!((&report["inputs"][1]["order"], &report["inputs"][0]["order"]), (&true.into(), &Value::Null));
    let files = report["files"].as_array().expect("a list");
    assert!(!files.is_empty(), "{report:#}");
    for file in files {
        assert_eq!(file["causes"], serde_json::json!([0]), "{file:#}");
        assert_eq!(file["hosts"], serde_json::json!(["worker-2"]), "{file:#}");
    }
}

#[test]
fn a_change_of_what_an_anchor_holds_is_found_wherever_it_is_used() {
    let Some(folder) = example("single") else { return };
    let text = folder.read("cluster.yaml");
    let (head, _) = text.split_once("\nhosts:\n").expect("hosts");
    let anchored = head.to_owned()
        + "\nhosts:\n  - {name: control-plane-node-1, address: 10.0.0.4, roles: [control-plane]}\n\
           \x20 - &worker\n    name: worker-node-1\n    address: 10.0.0.36\n    roles: [worker]\n\
           \x20   labels: &labels\n      zone: a\n      tier: 1\n\
           \x20 - <<: *worker\n    name: worker-node-2\n    address: 10.0.0.37\n\
           \x20 - {name: worker-node-3, address: 10.0.0.38, roles: [worker], labels: {<<: *labels, tier: 2}}\n";
    folder.write("cluster.yaml", &anchored);
    folder.kthw(&["lock"]).exits(0);
    commit(&folder, "anchors").expect("git is here");
    let changed = anchored.replace("zone: a", "zone: b").replace(
        "    roles: [worker]\n",
        "    roles: [worker]\n    taints: [{key: gpu, effect: NoSchedule}]\n",
    );
    folder.write("cluster.yaml", &changed);
    let report = report(&folder, &[]);
    let line = |text: &str| changed.lines().position(|line| line.contains(text)).expect("a line") + 1;
    let inputs = report["inputs"].as_array().expect("a list").iter();
    let inputs: Vec<String> = inputs
        .map(|input| format!("{}:{} also {}", input["field"], input["lineAfter"], input["also"]))
        .collect();
    let expected = [
        format!(r#""hosts[worker-node-1].taints":{} also ["hosts[worker-node-2].taints"]"#, line("taints:")),
        format!(
            r#""hosts[worker-node-1].labels.zone":{} also ["hosts[worker-node-2].labels.zone","hosts[worker-node-3].labels.zone"]"#,
            line("zone: b")
        ),
    ];
    assert_eq!(inputs, expected);
    for host in ["worker-node-1", "worker-node-2", "worker-node-3"] {
        let unit = "/etc/systemd/system/kubelet.service";
        assert_eq!(causes(&report, unit, host), ["hosts[worker-node-1].labels.zone"]);
    }
    let kubelet = "/etc/kubernetes/kubelet-config.yaml";
    for host in ["worker-node-1", "worker-node-2"] {
        assert_eq!(causes(&report, kubelet, host), ["hosts[worker-node-1].taints"]);
    }
    let why = folder.kthw(&["why", "worker-node-3:/etc/systemd/system/kubelet.service"]).exits(0).stdout;
    assert!(
        why.contains(&format!("cluster.yaml:{} hosts[worker-node-3].labels", line("worker-node-3"))),
        "{why}"
    );
}

#[test]
fn what_the_later_state_is_warned_of_is_told_unless_the_earlier_one_was() {
    let Some(folder) = example("single") else { return };
    folder.edit("kthw.lock", "\n[epochs]", "\n[generations]\n\"pki/nonsense\" = 2\n\n[epochs]");
    let ran = folder.kthw(&["diff"]).exits(0);
    assert!(ran.stderr.contains("warning: ") && ran.stderr.contains("pki/nonsense"), "{}", ran.stderr);
    commit(&folder, "a slip");
    assert_eq!(folder.kthw(&["diff"]).exits(0).stderr, "");
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
    for args in
        [&["no-such-branch"][..], &["build:7"], &["build:x"], &["applied"], &["--", "--output=x"], &["^main"]]
    {
        refused(&folder, args, 1);
    }
    folder.build();
    refused(&folder, &["build:7"], 1);
    folder.edit("cluster.yaml", "10.96.0.0/24", "10.96.0.0/33");
    let Some(()) = commit(&folder, "broken") else { return };
    folder.edit("cluster.yaml", "10.96.0.0/33", "10.96.0.0/24");
    refused(&folder, &["HEAD"], 2);
    let lock = folder.read("kthw.lock");
    folder.write("kthw.lock", lock.split("\n[[pin]]").next().unwrap_or_default());
    let Some(()) = commit(&folder, "without pins") else { return };
    folder.write("kthw.lock", &lock);
    refused(&folder, &["HEAD"], 2);
    let Some(moved) = git(&folder.path(), &["mv", "cluster.yaml", "elsewhere.yaml"]) else { return };
    moved.exits(0);
    let Some(()) = commit(&folder, "moved") else { return };
    git(&folder.path(), &["mv", "elsewhere.yaml", "cluster.yaml"]).expect("git is there").exits(0);
    refused(&folder, &["HEAD"], 2);
    refused(&ClusterFolder::single(), &["HEAD"], 1);
    insta::with_settings!({filters => vec![
        (r"[0-9a-f]{10}:(cluster|kthw)", "1a2b3c4d5e:$1"),
        (r"[0-9a-f]{10} has no", "1a2b3c4d5e has no"),
    ]}, { insta::assert_snapshot!(refusals) });
}

#[test]
fn what_is_wrong_with_both_states_is_told_of_each() {
    let Some(folder) = example("single") else { return };
    folder.edit("cluster.yaml", "10.96.0.0/24", "10.96.0.0/33");
    let Some(()) = commit(&folder, "broken") else { return };
    folder.edit("cluster.yaml", "10.96.0.0/33", "10.96.0.0/34");
    let said = folder.kthw(&["diff"]).refusal(2);
    assert!(said.contains("10.96.0.0/33") && said.contains("10.96.0.0/34"), "{said}");
    assert!(said.contains(":cluster.yaml:") && said.contains("--> cluster.yaml:"), "{said}");
    // What is wrong with both in the same way is told once.
    folder.write("kthw.root", "none");
    let said = folder.kthw(&["diff"]).refusal(2);
    assert_eq!(said.matches("kthw.root").count(), 1, "{said}");
}

#[test]
fn what_is_wrong_with_the_lock_is_told_where_it_says_whose_builds_are_meant() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("kthw.lock", "format = 1", "format = 2");
    for args in [&["diff", "build"], &["diff", "build:1..build"]] {
        let said = folder.kthw(args).refusal(2);
        assert_eq!(said.matches("format 2 is newer than 1").count(), 1, "{said}");
        assert!(said.contains("--> kthw.lock:2:10"), "{said}");
    }
    std::fs::remove_file(folder.path().join("kthw.lock")).expect("our own folder");
    let said = folder.kthw(&["diff", "build:1..build"]).refusal(2);
    assert!(said.contains("kthw.lock is missing, and this cluster was built before"), "{said}");
}

#[test]
fn a_branch_is_compared_with_where_it_began() {
    let Some(folder) = example("single") else { return };
    let git = |args: &[&str]| git(&folder.path(), args).expect("git is there");
    git(&["switch", "--quiet", "--create", "change"]).exits(0);
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    commit(&folder, "a change");
    git(&["switch", "--quiet", "main"]).exits(0);
    folder.edit("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n");
    commit(&folder, "another change");
    let changed = |args: &[&str]| {
        let report = report(&folder, args);
        let inputs = report["inputs"].as_array().expect("a list").iter();
        inputs.map(|input| input["field"].as_str().expect("a field").to_owned()).collect::<Vec<_>>()
    };
    let both = ["components.kubelet.config.maxPods", "network.domain"];
    assert_eq!(changed(&["main...change"]), ["network.domain"]);
    assert_eq!(changed(&["change..."]), ["components.kubelet.config.maxPods"]);
    for args in [&["main..change"][..], &["main", "change"], &["..change"]] {
        let mut changed = changed(args);
        changed.sort();
        assert_eq!(changed, both, "{args:?}");
    }
    let plan = folder.kthw(&["plan", "main...change"]).exits(0).stdout;
    assert!(plan.contains("network.domain") && !plan.contains("maxPods"), "{plan}");
    git(&["switch", "--quiet", "--orphan", "alone"]).exits(0);
    folder.write("cluster.yaml", "");
    commit(&folder, "nothing in common");
    let said = folder.kthw(&["diff", "main...alone"]).refusal(1);
    assert!(said.contains("git finds no commit that both ") && said.contains("`main..alone`"), "{said}");
    let said = folder.kthw(&["diff", "main...build"]).refusal(1);
    assert!(said.contains("only git revisions have a commit that both come from"), "{said}");
    let said = folder.kthw(&["diff", "main...change", "."]).refusal(1);
    assert!(said.contains("`.` is a third one"), "{said}");
    let to = folder.place().join("clone");
    let (from, to) = (format!("file://{}", folder.path().display()), to.to_str().expect("a plain name"));
    crate::repository::git(
        folder.place(),
        &["clone", "--quiet", "--depth", "1", "--no-single-branch", &from, to],
    )
    .expect("git is there")
    .exits(0);
    let said = folder.kthw(&["diff", "-C", to, "origin/main...origin/change"]).refusal(1);
    assert!(said.contains("this clone is shallow"), "{said}");
}

#[test]
fn where_there_is_nothing_to_compare_with_it_is_said_what_to_do() {
    let folder = ClusterFolder::empty();
    let said = folder.kthw(&["diff"]).refusal(2);
    assert!(said.contains("cluster.yaml does not exist") && said.contains("`kthw init .`"), "{said}");
    assert!(!folder.exists(".kthw"), "who looks leaves nothing");
    let folder = ClusterFolder::single();
    let said = folder.kthw(&["diff"]).refusal(1);
    assert!(said.contains("there is no store at .kthw/store"), "{said}");
    let Some(ran) = git(&folder.path(), &["init", "--quiet"]) else { return };
    ran.exits(0);
    let said = folder.kthw(&["diff"]).refusal(1);
    assert!(said.contains("nothing is committed yet") && said.contains("commit cluster.yaml"), "{said}");
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
    let config = "maxPods: 150, podPidsLimit: 900, registryPullQPS: 9, registryBurst: 19, eventRecordQPS: 9, eventBurst: 19, \
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
        &[("1.36.1", "1.35.1"), ("", "components: {kubelet: {config: {maxPods: 150}}}\n")],
        &[
            ("worker-0", "/usr/local/bin/containerd", &["versions.kubernetes", "pin containerd linux/amd64"]),
            ("worker-1", "/usr/local/bin/containerd", &["versions.kubernetes", "pin containerd linux/arm64"]),
            ("controller-0", "/etc/kubernetes/bootstrap/coredns.yaml", &["versions.kubernetes"]),
            ("worker-0", kubelet, &["components.kubelet.config.maxPods"]),
        ],
    );
}

#[test]
fn hosts_that_come_alike_are_told_once() {
    let Some(folder) = example("production") else { return };
    let host = |n: usize| format!("  - {{name: more-{n}, address: 10.20.0.{}, roles: [worker]}}\n", 150 + n);
    let more: String = (1..=40).map(host).collect();
    folder.edit("cluster.yaml", "  - name: worker-1\n", &format!("{more}  - name: worker-1\n"));
    let text = folder.kthw(&["diff"]).exits(0).stdout;
    assert!(text.starts_with("adds 40 hosts; "), "{text}");
    assert_eq!(text.matches("\n+ hosts added: more-1 to more-40 (40 hosts)\n").count(), 1, "{text}");
    assert_eq!(text.matches("\n+ host").count(), 1, "{text}");
    let markdown = folder.kthw(&["diff", "--format", "markdown"]).exits(0).stdout;
    assert_eq!(markdown.matches("\n- Hosts added: more-1 to more-40 (40 hosts). ").count(), 1, "{markdown}");
    let plan = folder.kthw(&["plan"]).exits(0).stdout;
    assert_eq!(plan.matches("\n  more-1 to more-40 (40 hosts)\n    write ").count(), 1, "{plan}");
}

/// Control planes are in `/etc/hosts` of every host, beside a line of its own.
#[test]
fn what_every_host_is_told_of_some_is_one_change() {
    let Some(folder) = example("ha-haproxy") else { return };
    let spec = folder.read("cluster.yaml");
    let files = |text: &str| -> Vec<(String, usize)> {
        folder.write("cluster.yaml", text);
        let report = report(&folder, &[]);
        let files =
            report["files"].as_array().expect("a list").iter().filter(|file| file["path"] == "/etc/hosts");
        files
            .map(|file| (file["change"].to_string(), file["hosts"].as_array().expect("a list").len()))
            .collect()
    };
    let first = spec.find("  - name: controller-0\n").expect("a host");
    let more = "  - {name: controller-3, address: 10.240.0.13, roles: [control-plane]}
  - {name: controller-4, address: 10.240.0.14, roles: [control-plane]}
";
    let told = files(&[&spec[..first], more, &spec[first..]].concat());
    assert_eq!(told.len(), 1, "{told:?}");
}
