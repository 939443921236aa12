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
    host/worker-node-1/kubelet-config is a kubelet-config, b3:d3fa340bc77007d81489f7a5f4756139a396fe26657ec27495d54b43b92848c2
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
      cluster-domain: cluster.local → k8s.example  (cluster.yaml:15 network.domain)
    ");
    let cascade = change(&folder, "worker-node-1");
    insta::assert_snapshot!(cascade, @"
    changed since build 1 (cascade)
      /etc/kubernetes/kubelet-config.yaml: b3:d3fa340bc770 → b3:4bfb4bf8dfac  host/worker-node-1/kubelet-config
    because of host/worker-node-1/kubelet-config
      cluster-domain: cluster.local → k8s.example  (cluster.yaml:15 network.domain)
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
      epoch: 1795132800 → 1795219200  (kthw.lock epochs.leaf)
    ");
    insta::assert_snapshot!(change(&folder, "kubeconfig/admin"), @"
    changed since build 1 (cascade)
      cert: b3:ef1c6b3ab47e → b3:a7cd6584bbd6  pki/admin/cert
    because of pki/admin/cert
      epoch: 1795132800 → 1795219200  (kthw.lock epochs.leaf)
    ");
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
  io.containerd.grpc.v1.cri: {enable_cdi: true}}}}}
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
    let plugin = "components.containerd.config.plugins[io.containerd.grpc.v1.cri].enable_cdi";
    check("worker-node-1:/etc/containerd/config.toml", 2, plugin);
    let classes = "control-plane-1:/etc/kubernetes/bootstrap/priority-classes.yaml";
    check(classes, 4, "priorityClasses[low]");
    check(classes, 5, "priorityClasses[high]");
}
