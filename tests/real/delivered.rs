//! Real releases are pinned, fetched and delivered as they were published.

use crate::judge::judge;
use crate::ran::Ran;
use crate::releases::Releases;

#[test]
fn programs_of_every_release_arrive_and_say_their_versions() {
    let Some(releases) = Releases::of("1.36", &["etcd", "containers"]) else { return };
    let folder = releases.cluster_of("ha-haproxy");
    let out = folder.place().join("out");
    folder.kthw(&["build", "--fetch", "--out", out.to_str().expect("plain names")]).exits(0);
    let says = |program: &str, arguments: &[&str]| {
        let program = out.join(program);
        let mut env = judge("env").expect("env is everywhere");
        Ran::of(env.arg("-i").arg(program).args(arguments)).result()
    };
    let kubernetes = releases.kubernetes.kubernetes();
    for program in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let said = says(&format!("controller-0/usr/local/bin/{program}"), &["--version"]);
        assert_eq!(said, format!("Kubernetes v{kubernetes}\n"));
    }
    for program in ["kubelet", "kube-proxy"] {
        let said = says(&format!("worker-0/usr/local/bin/{program}"), &["--version"]);
        assert_eq!(said, format!("Kubernetes v{kubernetes}\n"));
    }
    let etcd = says("controller-0/usr/local/bin/etcd", &["--version"]);
    assert!(etcd.starts_with("etcd Version: 3.6.14\n"), "{etcd}");
    let containerd = says("worker-0/usr/local/bin/containerd", &["--version"]);
    assert!(containerd.contains(" v2.3.4 "), "{containerd}");
}
