//! What is said of settings that do not go together.

use super::answers;

/// Sections with machines, of which this is written as userData.
fn machines(user_data: &[&str]) -> Vec<String> {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex";
    let section = |data: &&str| {
        format!("machines: {{user: {{name: ops, sshAuthorizedKeys: ['{KEY}']}}, userData: {data}}}")
    };
    user_data.iter().map(section).collect()
}

fn told(sections: &[String]) -> String {
    let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
    answers(&sections)
}

#[test]
fn swap_and_a_kubelet_that_does_not_start_with_it() {
    let mut sections = machines(&[
        "{swap: {filename: /swapfile, size: 2G}}",
        "{swap: {size: auto}}",
        "{swap: {filename: /swapfile, size: 0}}",
        "{swap: {filename: '', size: 2G}}",
        "{swap: {filename: /swapfile}}",
        "{mounts: [[/dev/vdb, /srv], [/dev/vdc, none, swap, sw]]}",
        "{mounts: [[swap, null]]}",
        "{runcmd: [[mkswap, /f], 'mkswap /f && swapon /f']}",
        "{packages: [zram-tools, curl]}",
        "{write_files: [{path: /etc/systemd/system/a.swap, content: ''}, {path: /etc/fstab, content: 'LABEL=s none swap sw 0 0'}]}",
    ]);
    let without =
        "\ncomponents: {kubelet: {config: {failSwapOn: false, memorySwap: {swapBehavior: LimitedSwap}}}}";
    sections.push(sections[0].clone() + without);
    sections.push("components: {kubelet: {config: {memorySwap: {swapBehavior: LimitedSwap}}}}".to_owned());
    insta::assert_snapshot!(told(&sections));
}

#[test]
fn owners_that_are_not_there_when_a_file_is_written() {
    let file = |owner: &str| format!("{{write_files: [{{path: /srv/a, content: a, {owner}}}]}}");
    let of = |users: &str, owner: &str| {
        format!("{{{users}, write_files: [{{path: /srv/a, content: a, {owner}}}]}}")
    };
    let data = [
        file("owner: 'root:adm'"),
        file("owner: ops"),
        file("owner: 'ops:ops', defer: true"),
        file("owner: 'root:nginx'"),
        file("owner: 'nginx:nginx', defer: yes"),
        file("owner: 'nginx:nginx', defer: true"),
        file("owner: '1000:1000', defer: true"),
        file("owner: 0"),
        file("owner: none"),
        of("users: [{name: amy, groups: [web]}]", "owner: 'amy:web'"),
        of("groups: [{team: [amy]}]", "owner: 'root:team'"),
        of("groups: [team], cloud_init_modules: [users-groups, write-files]", "owner: 'root:team'"),
    ];
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    insta::assert_snapshot!(told(&machines(&data)));
}

#[test]
fn pods_and_the_addresses_that_a_worker_has_for_them() {
    let config = |most: u32| format!("components: {{kubelet: {{config: {{maxPods: {most}}}}}}}");
    let sections = [config(253), config(254), "components: {kubelet: {flags: {max-pods: 300}}}".to_owned()];
    insta::assert_snapshot!(told(&sections));
    super::check(
        "dns: 10.96.0.10",
        "podMask: 26",
        "5:85+2 warning: network.podMask 26 leaves a worker 61 addresses for pods, and its kubelet, where nothing else is said takes 110 pods | set maxPods in components.kubelet.config to 61 or less, or give workers wider ranges",
    );
    super::check("dns: 10.96.0.10", "podMask: 26, cni: none", "");
    super::check(
        "roles: [worker]",
        "roles: [worker], podCIDR: 10.200.7.0/27",
        "9:68+13 warning: host worker-1: podCIDR 10.200.7.0/27 leaves a worker 29 addresses for pods, and its kubelet, where nothing else is said takes 110 pods | set maxPods in components.kubelet.config to 29 or less, or give workers wider ranges",
    );
    super::check(
        "roles: [worker]",
        "roles: [worker], podCIDR: 10.200.7.0/31",
        "9:68+13 error: host worker-1: podCIDR 10.200.7.0/31 has no address for a pod: the bridge plugin takes one for itself | choose a range of at least four addresses",
    );
}

#[test]
fn paths_that_a_unit_hides_or_lets_nobody_write() {
    let sections = [
        "components: {kube-apiserver: {flags: {oidc-ca-file: /root/ca.crt, tls-sni-cert-key: ['/tmp/a.crt,/tmp/a.key:b']}}}",
        "controlPlane: {admissionConfig: {ImagePolicyWebhook: {imagePolicy: {kubeConfigFile: /root/w.conf}}}}",
        "components: {kube-apiserver: {flags: {audit-log-path: /home/audit.log, debug-socket-path: /run/debug.sock}}}",
        "components: {kube-apiserver: {flags: {audit-log-path: /srv/logs/audit.log, debug-socket-path: /var/log/kubernetes/s}}}",
        "components: {kube-controller-manager: {flags: {flex-volume-plugin-dir: /usr/libexec/kubernetes}}}",
        "components: {etcd: {flags: {log-outputs: [stderr, /var/log/etcd.log]}}}",
        "etcd: {walDir: /srv/wal}\ncomponents: {etcd: {flags: {log-outputs: [stderr, /srv/wal/etcd.log]}}}",
        "components: {containerd: {config: {root: /srv/c, state: /srv/c}}}",
        "components: {kube-scheduler: {flags: {write-config-to: /tmp/c, version: 'false'}}}",
        "components: {kube-proxy: {flags: {cleanup: true}}, kubelet: {flags: {version: 'true'}}}",
    ];
    insta::assert_snapshot!(answers(&sections));
}
