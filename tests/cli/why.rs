//! `kthw why`: cause and cascade, with the line that decided.

use crate::cluster_folder::ClusterFolder;

/// What `why` says about a target from the change on.
fn change(folder: &ClusterFolder, target: &str) -> String {
    let said = folder.kthw(&["why", target]).result();
    let start = said.find("changed since").unwrap_or_else(|| panic!("no change: {said}"));
    let end = said.find("made of").expect("what it is made of comes last");
    said[start..end].to_owned()
}

#[test]
fn an_output_is_told_by_what_it_is_made_of_and_who_decided() {
    let folder = ClusterFolder::single();
    insta::assert_snapshot!(folder.kthw(&["why", "pki/admin/cert"]).result(), @"
    pki/admin/cert is a certificate, b3:ef1c6b3ab47e8326699fc01b0983b8647ef50616dda86aad1940560a51746674
    unchanged: no build is recorded yet
    made of
      profile = client
      common-name = kubernetes-admin
      organisation = kthw:cluster-admins
      epoch = 1795132800  (kthw.lock epochs.leaf)  in 19 files of 3 hosts
      lifetime = 31536000  (default of pki.certificateValidityPeriod)  in 19 files of 3 hosts
      issuer-cert ← pki/ca/cert b3:442c994ce773  in 17 files of 3 hosts
      issuer-key ← pki/ca/key mac:56b6fe1e1845  in 18 files of 3 hosts
      key ← pki/admin/key mac:4e03bedca34c  in 1 file of 1 host
    ");
    insta::assert_snapshot!(
        folder.kthw(&["why", "worker-node-1:/etc/kubernetes/kubelet-config.yaml"]).result(), @"
    host/worker-node-1/kubelet-config is a kubelet-config, b3:736370b86e313c6f61a2614ea458589098d5c2907b8a955a729801a3ac4da2a1
    unchanged: no build is recorded yet
    made of
      cluster-dns = 10.96.0.10  (cluster.yaml:16 network.dns)  in 3 files of 3 hosts
      cluster-domain = cluster.local  (cluster.yaml:15 network.domain)  in 5 files of 3 hosts
      client-ca = /etc/kubernetes/pki/ca.crt
      certificate = /etc/kubernetes/pki/kubelet.crt
      private-key = /etc/kubernetes/pki/kubelet.key
      runtime-endpoint = unix:///run/containerd/containerd.sock
    ");
}

#[test]
fn an_edit_is_a_cause_with_its_line_and_what_follows_is_a_cascade() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let cause = change(&folder, "worker-node-1:/etc/kubernetes/kubelet-config.yaml");
    insta::assert_snapshot!(cause, @"
    changed since build 1 (cause)
      cluster-domain: cluster.local → k8s.example
    because of cluster.yaml:15 network.domain: cluster.local → k8s.example
    ");
    let cascade = change(&folder, "worker-node-1");
    insta::assert_snapshot!(cascade, @"
    changed since build 1 (cascade)
      /etc/kubernetes/kubelet-config.yaml: b3:736370b86e31 → b3:372f1b940f43  host/worker-node-1/kubelet-config
    through host/worker-node-1/kubelet-config
    because of cluster.yaml:15 network.domain: cluster.local → k8s.example
    ");
    folder.build();
    assert_eq!(change(&folder, "worker-node-1"), cascade, "building does not change the reason");
    let other = folder.kthw(&["why", "worker-node-1:/etc/crictl.yaml"]).result();
    assert!(other.contains("\nunchanged: "), "{other}");
}

#[test]
fn an_edit_of_the_lock_is_a_cause_too() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("kthw.lock", "leaf = 2026-11-20", "leaf = 2026-11-21");
    insta::assert_snapshot!(change(&folder, "pki/admin/cert"), @"
    changed since build 1 (cause)
      epoch: 1795132800 → 1795219200
    because of kthw.lock epochs.leaf: 2026-11-20T00:00:00Z → 2026-11-21T00:00:00Z
    ");
    insta::assert_snapshot!(change(&folder, "kubeconfig/admin"), @"
    changed since build 1 (cascade)
      cert: b3:ef1c6b3ab47e → b3:a7cd6584bbd6  pki/admin/cert
    through pki/admin/cert
    because of kthw.lock epochs.leaf: 2026-11-20T00:00:00Z → 2026-11-21T00:00:00Z
    ");
}

#[test]
fn causes_are_told_as_diff_tells_them_and_by_the_way_through() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "dns: 10.96.0.10", "dns: 10.97.0.10");
    folder.edit("cluster.yaml", "services: 10.96.0.0/24", "services: 10.97.0.0/24");
    // Nobody wrote the address of the API's service: it follows from the range.
    insta::assert_snapshot!(change(&folder, "host/control-plane-1/pki/apiserver/cert"), @"
    changed since build 1 (cause)
      address: 10.96.0.1 → 10.97.0.1
    because of cluster.yaml:13 network.services: 10.96.0.0/24 → 10.97.0.0/24
    ");
    let diff = folder.kthw(&["diff", "build:1"]).exits(0).stdout;
    for line in
        change(&folder, "control-plane-1").lines().filter_map(|line| line.split("cluster.yaml:").nth(1))
    {
        assert!(diff.contains(&format!("\n  cluster.yaml:{line}\n")), "{line}\n{diff}");
    }
    // A node of the newest build is compared with the one before, in which it was other.
    folder.build();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    folder.build();
    let dns = change(&folder, "control-plane-1:/etc/systemd/system/kube-controller-manager.service");
    assert!(dns.starts_with("changed since build 1 "), "{dns}");
}

#[test]
fn what_a_build_was_made_from_may_be_lost() {
    let folder = ClusterFolder::single();
    // What is large is a file of its own.
    let padding = "# a long word of explanation\n".repeat(4_000);
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &padding));
    folder.build();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    assert!(change(&folder, "worker-node-1").contains("k8s.example"));
    std::fs::remove_dir_all(folder.path().join(".kthw/store/blobs")).expect("our own store");
    assert_eq!(
        change(&folder, "worker-node-1"),
        "changed since build 1; what changed cannot be told: the store has lost what build 1 was made from\n"
    );
}

#[test]
fn asking_why_does_not_count_as_a_build() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "dns: 10.96.0.10", "dns: 10.96.0.11");
    let first = change(&folder, "worker-node-1");
    assert_eq!(change(&folder, "worker-node-1"), first);
}

#[test]
fn no_secret_is_explained_by_its_bytes() {
    let folder = ClusterFolder::single();
    let key = folder.kthw(&["show", "pki/ca/key", "--reveal"]).result();
    let said = folder.kthw(&["why", "pki/ca/key"]).result();
    assert!(said.contains("a private-key, mac:"), "{said}");
    let body = key.lines().nth(1).expect("a key has a body");
    assert!(!said.contains(body));
}

#[test]
fn a_key_with_dots_and_an_item_of_a_list_have_their_lines() {
    let folder = ClusterFolder::single();
    let more = "components: {containerd: {config: {plugins: {
  io.containerd.cri.v1.runtime: {enable_cdi: true}}}}}
priorityClasses:
- {name: low, value: 10}
- {name: high, value: 20}
";
    let text = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &(text.clone() + more));
    let line = text.lines().count();
    let check = |target: &str, number: usize, path: &str| {
        let said = folder.kthw(&["why", target]).result();
        assert!(said.contains(&format!("  (cluster.yaml:{} {path})", line + number)), "{path}: {said}");
    };
    let plugin = "components.containerd.config.plugins[io.containerd.cri.v1.runtime].enable_cdi";
    check("worker-node-1:/etc/containerd/config.toml", 2, plugin);
    let classes = "control-plane-1:/etc/kubernetes/bootstrap/priority-classes.yaml";
    check(classes, 4, "priorityClasses[low]");
    check(classes, 5, "priorityClasses[high]");
}

/// An example, a file of it, and what decided some of its lines.
type Traced<'t> = (&'t str, &'t str, &'t [(&'t str, &'t str)]);

#[test]
fn every_line_is_traced_to_what_decided_it() {
    let lines: &[Traced<'_>] = &[
        (
            "production",
            "cp-1:/etc/kubernetes/kubelet-config.yaml",
            &[
                ("- effect: NoSchedule", "hosts[cp-1].taints"),
                ("  key: node-role.kubernetes.io/control-plane", "hosts[cp-1].taints"),
                ("clusterDomain: cluster.local", "network.domain"),
                ("- \"10.96.0.10\"", "network.dns"),
                ("    clientCAFile: /etc/kubernetes/pki/ca.crt", "kthw itself"),
                ("readOnlyPort: 0", "kthw itself"),
            ],
        ),
        (
            "production",
            "etcd-1:/etc/systemd/system/etcd.service",
            &[
                ("  --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt \\", "--peer-trusted-ca-file = "),
                ("  --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt \\", "\n--trusted-ca-file = "),
                ("  --name=etcd-1 \\", "hosts[etcd-1].name"),
                ("  --wal-dir=/srv/etcd-wal/wal \\", "etcd.walDir"),
                ("ExecStartPre=+/bin/sh -c 'umask 022; mkdir -p -m 700 /srv/etcd-wal'", "etcd.walDir"),
                ("ReadWritePaths=-/srv/etcd-wal", "etcd.walDir"),
                ("Type=notify", "kthw itself"),
            ],
        ),
        (
            "production",
            "cp-1:/etc/kubernetes/bootstrap/priority-classes.yaml",
            &[
                ("value: 1000000", "priorityClasses[business-critical]"),
                ("  name: batch", "priorityClasses[batch]"),
                ("value: -1000", "priorityClasses[batch]"),
                ("preemptionPolicy: Never", "priorityClasses[batch]"),
            ],
        ),
        (
            "production",
            "cp-1:/etc/kubernetes/scheduler-config.yaml",
            &[
                ("percentageOfNodesToScore: 50", "components.kube-scheduler.config.percentageOfNodesToScore"),
                ("        type: MostAllocated", "components.kube-scheduler.config.profiles"),
                ("  schedulerName: default-scheduler", "components.kube-scheduler.config.profiles"),
            ],
        ),
        (
            "production",
            "worker-1:/etc/containerd/config.toml",
            &[
                ("sandbox = \"registry.k8s.io/pause:3.10.2\"", "versions.kubernetes"),
                ("SystemdCgroup = true", "kthw itself"),
            ],
        ),
        (
            "ha-haproxy",
            "lb-0:/etc/haproxy/haproxy.cfg",
            &[
                ("    bind 0.0.0.0:6443", "api.endpoint"),
                (
                    "    server controller-1 10.240.0.11:6443 check-sni controller-1 verifyhost controller-1",
                    "hosts[controller-1].address",
                ),
                ("    balance leastconn", "kthw itself"),
            ],
        ),
        (
            "ha-ipvs",
            "machine/gateway/network-config",
            &[
                ("      - 192.168.1.10/24", "hosts[gateway].address"),
                ("      - 192.168.1.21/32", "api.loadBalancer.address"),
                ("        - \"192.168.1.1\"", "machines.network.nameservers"),
                ("        via: \"192.168.1.1\"", "machines.network.gateway"),
                ("        - kubevms", "machines.network.domain"),
            ],
        ),
        (
            "single",
            "worker-node-1:/etc/cni/net.d/10-bridge.conflist",
            &[("              \"subnet\": \"10.200.36.0/24\"", "podCIDR")],
        ),
        (
            "single",
            "worker-node-1:/etc/kubernetes/pki/ca.crt",
            &[("-----BEGIN CERTIFICATE-----", "all that it is made of")],
        ),
    ];
    for (example, target, expected) in lines {
        let folder = ClusterFolder::of_example(example);
        let text = folder.kthw(&["show", target]).result();
        for (line, decided) in *expected {
            let number = text.lines().position(|found| found == *line);
            let number = number.unwrap_or_else(|| panic!("{target} has no line {line}:\n{text}")) + 1;
            let said = folder.kthw(&["why", "--line", &number.to_string(), target]).result();
            assert!(said[line.len()..].contains(decided), "{target}:{number} {said}");
        }
    }
}
