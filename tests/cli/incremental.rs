//! Exactly what an edit reaches is made again: no more, and no less.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use kthw_store::{ActionDigest, Store};

use crate::cluster_folder::ClusterFolder;

/// The second worker, as the example writes it.
const WORKER_2: &str = "  - name: worker-node-2\n    address: 10.0.0.37\n    roles: [worker]\n";

/// The action of every node in the latest build, by name.
fn actions(folder: &ClusterFolder) -> BTreeMap<String, ActionDigest> {
    let place = Utf8PathBuf::from_path_buf(folder.path().join(".kthw/store")).expect("plain names");
    let store = Store::open(&place).expect("the build left a store");
    let (_, record) =
        store.latest_root("build/hard-way-example").expect("roots").expect("the build is recorded");
    let record = store.record(&record).expect("readable").expect("kept");
    let nodes = record.entries.into_iter().filter(|entry| !entry.name.starts_with("input/"));
    nodes.map(|entry| (entry.name, entry.action)).collect()
}

/// What must be made again when an edit turns one cluster file into another.
///
/// A node is executed if, and only if, what it would do is new.
#[track_caller]
fn executes(edit: impl Fn(&str) -> String, expected: &[&str]) {
    let folder = ClusterFolder::single();
    folder.build();
    let before = actions(&folder);
    let spec = folder.read("cluster.yaml");
    let edited = edit(&spec);
    assert_ne!(edited, spec, "the edit changes the file");
    folder.write("cluster.yaml", &edited);
    let summary = folder.build();
    let after = actions(&folder);
    let stale = after.iter().filter(|(name, action)| before.get(*name) != Some(*action));
    let names: BTreeSet<&str> = stale.clone().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.iter().copied().collect());
    // What another node does, or has done already, is done once for all of them.
    let new = stale.map(|(_, action)| action).filter(|action| !before.values().any(|known| known == *action));
    assert_eq!(summary.executed, new.collect::<BTreeSet<_>>().len(), "nothing else is executed");
    assert_eq!(folder.build().executed, 0);
}

/// An edit of one text that occurs once.
fn replace(from: &'static str, to: &'static str) -> impl Fn(&str) -> String {
    move |spec| {
        assert_eq!(spec.matches(from).count(), 1, "{from:?} occurs once");
        spec.replace(from, to)
    }
}

/// The second worker with a further line.
fn worker_2_with(line: &'static str) -> impl Fn(&str) -> String {
    move |spec| spec.replace("address: 10.0.0.37\n", &format!("address: 10.0.0.37\n    {line}\n"))
}

#[test]
fn a_comment_reaches_nothing() {
    executes(|spec| format!("{spec}# one more word\n"), &[]);
    executes(replace("# The machines.", "# Machines:"), &[]);
}

#[test]
fn the_order_of_keys_reaches_nothing() {
    executes(
        replace(
            "  domain: cluster.local\n  dns: 10.96.0.10\n",
            "  dns: 10.96.0.10\n  domain: cluster.local\n",
        ),
        &[],
    );
    executes(replace("kind: Cluster\nname: hard-way\n", "name: hard-way\nkind: Cluster\n"), &[]);
}

#[test]
fn the_style_of_yaml_reaches_nothing() {
    executes(replace("  kubernetes: 1.35.1", "  'kubernetes': \"1.35.1\""), &[]);
    executes(replace("versions:\n  kubernetes: 1.35.1", "versions: {kubernetes: 1.35.1}"), &[]);
    executes(|spec| spec.replace('\n', "\r\n"), &[]);
}

#[test]
fn a_default_written_out_reaches_nothing() {
    executes(worker_2_with("arch: amd64"), &[]);
    executes(worker_2_with("podCIDR: 10.200.37.0/24"), &[]);
}

#[test]
fn the_order_of_workers_reaches_nothing() {
    let worker_1 = WORKER_2.replace("-2", "-1").replace("37", "36");
    executes(
        move |spec| spec.replace(&format!("{worker_1}{WORKER_2}"), &format!("{WORKER_2}{worker_1}")),
        &[],
    );
}

#[test]
fn a_label_reaches_the_kubelet_of_its_host() {
    let reached = ["cluster", "host/worker-node-2/bundle", "host/worker-node-2/kubelet.service"];
    executes(worker_2_with("labels: {example.com/disk: ssd}"), &reached);
}

#[test]
fn a_taint_reaches_the_kubelet_of_its_host() {
    let reached = ["cluster", "host/worker-node-2/bundle", "host/worker-node-2/kubelet-config"];
    executes(worker_2_with("taints: [{key: example.com/gpu, value: 'yes', effect: NoSchedule}]"), &reached);
}

#[test]
fn the_pod_range_reaches_the_networks_of_workers_and_who_hands_them_out() {
    executes(
        replace("pods: 10.200.0.0/16", "pods: 10.201.0.0/16"),
        &[
            "cluster",
            "config/kube-proxy",
            "config/pod-masquerade",
            "config/pod-routes",
            "host/control-plane-1/bundle",
            "host/worker-node-1/bundle",
            "host/worker-node-1/cni-bridge",
            "host/worker-node-2/bundle",
            "host/worker-node-2/cni-bridge",
        ],
    );
}

#[test]
fn a_kubelet_setting_reaches_every_kubelet() {
    executes(
        |spec| format!("{spec}components: {{kubelet: {{config: {{maxPods: 150}}}}}}\n"),
        &[
            "cluster",
            "host/worker-node-1/bundle",
            "host/worker-node-1/kubelet-config",
            "host/worker-node-2/bundle",
            "host/worker-node-2/kubelet-config",
        ],
    );
}

#[test]
fn a_flag_of_one_program_reaches_its_unit() {
    executes(
        |spec| format!("{spec}components: {{kube-apiserver: {{flags: {{event-ttl: 2h}}}}}}\n"),
        &["cluster", "host/control-plane-1/bundle", "host/control-plane-1/kube-apiserver.service"],
    );
}

#[test]
fn a_new_name_of_the_api_reaches_its_certificate() {
    executes(
        replace(
            "endpoint: https://10.0.0.4:6443",
            "endpoint: https://10.0.0.4:6443\n  sans: [api.example.com]",
        ),
        &["cluster", "host/control-plane-1/bundle", "host/control-plane-1/pki/apiserver/cert"],
    );
}

#[test]
fn a_renewal_reaches_leaves_and_what_holds_them_but_no_key() {
    let folder = ClusterFolder::single();
    folder.build();
    let before = actions(&folder);
    folder.edit("kthw.lock", "leaf = 2026-11-20", "leaf = 2026-11-21");
    folder.build();
    let after = actions(&folder);
    let stale: Vec<&str> = after
        .iter()
        .filter(|(name, action)| before[*name] != **action)
        .map(|(name, _)| name.as_str())
        .collect();
    for name in after.keys().map(String::as_str) {
        let leaf = name.ends_with("/cert") && !name.contains("ca/cert");
        let holder = name.starts_with("kubeconfig/")
            || name.ends_with("/kubelet.conf")
            || name.ends_with("/bundle")
            || name == "cluster";
        assert_eq!(stale.contains(&name), leaf || holder, "{name}");
    }
}

#[test]
fn one_more_worker_reaches_itself_and_the_routes_to_it() {
    executes(
        |spec| {
            spec.replace(WORKER_2, &format!("{WORKER_2}{}", WORKER_2.replace("-2", "-3").replace("37", "38")))
        },
        &[
            "cluster",
            "config/pod-routes",
            "host/control-plane-1/bundle",
            "host/worker-node-1/bundle",
            "host/worker-node-2/bundle",
            "host/worker-node-3/bundle",
            "host/worker-node-3/cni-bridge",
            "host/worker-node-3/hosts",
            "host/worker-node-3/kube-proxy.service",
            "host/worker-node-3/kubelet-config",
            "host/worker-node-3/kubelet.conf",
            "host/worker-node-3/kubelet.service",
            "host/worker-node-3/pki/kubelet-client/cert",
            "host/worker-node-3/pki/kubelet-client/key",
            "host/worker-node-3/pki/kubelet-server/cert",
            "host/worker-node-3/pki/kubelet-server/key",
        ],
    );
}

#[test]
fn what_is_taken_back_is_still_known() {
    let folder = ClusterFolder::single();
    let before = folder.build();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    assert!(folder.build().executed > 0);
    folder.edit("cluster.yaml", "domain: k8s.example", "domain: cluster.local");
    let after = folder.build();
    assert_eq!((after.executed, after.bundles), (0, before.bundles));
}
