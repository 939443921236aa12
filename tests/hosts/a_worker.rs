//! A worker runs pods, and keeps what they need of its kernel, whoever takes it away.
//!
//! It takes longest, of one processor: so its name is the first, and others run beside it.

use std::fs;
use std::thread;

use crate::benchmark::{self, Benchmark};
use crate::cluster::{Cluster, MINOR};
use crate::delivery::Bundle;
use crate::eventually::{eventually, provided, seconds};
use crate::image;
use crate::programs::Programs;
use crate::ran::Ran;
use crate::reads::{self, Traced};
use crate::releases::Releases;
use crate::vm::{self, Vm};

/// What a sandbox runs: nothing, until it is told to end.
const PAUSE: &[&str] = &["/bin/busybox", "sh", "-c", "trap exit TERM; while :; do sleep 3600 & wait; done"];

const WORKER: &str = "worker-node-1";
const BUSYBOX: &str = "test.example/busybox:1";

/// A pod that serves its name, and a service that leads to it.
const WEB: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
    - name: web
      image: test.example/busybox:1
      args: [sh, -c, 'echo it serves; mkdir -p /www; hostname > /www/index.html; httpd -p 8080 -h /www; trap exit TERM;
        while :; do sleep 3600 & wait; done']
      resources: {limits: {cpu: 500m, memory: 32Mi}}
      readinessProbe: {httpGet: {path: /, port: 8080}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";

/// Says whom it sees.
const SERVER: &str = "
import socket
server = socket.create_server((\"0.0.0.0\", 9000))
server.settimeout(120)
print(server.accept()[1][0])
";

/// Gives a worker images, which it imports at its first start.
const IMPORT: &str = r#"
set -eu
root=$1 images=$2 ctr=$3
install -D -t "$root/usr/local/bin" "$ctr"
install -D -t "$root/var/lib/images" "$images"/*
cat >"$root/etc/systemd/system/images.service" <<'UNIT'
[Unit]
ConditionDirectoryNotEmpty=/var/lib/images
After=containerd.service
Before=kubelet.service
[Service]
Type=oneshot
ExecStart=/bin/sh -euc 'for image in /var/lib/images/*; do ctr -n k8s.io images import "$image"; rm "$image"; done'
[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable -q images 2>/dev/null
"#;

/// What takes something out of a worker's kernel; the link comes back by itself, since nobody could reach it otherwise.
const DISTURBANCES: &[&str] = &[
    "systemctl restart systemd-networkd",
    "networkctl reconfigure eth0",
    "ip link set eth0 down; ip link set eth0 up",
    "systemctl start nftables",
    "systemctl reload nftables",
    "systemctl stop nftables; systemctl start nftables",
    "sysctl -q net.ipv4.ip_forward=0",
];

#[test]
fn runs_pods_and_keeps_what_they_need() {
    let Some(releases) = Releases::of(MINOR, &["etcd", "containers"]) else { return };
    let (Some(containers), Some(dns)) = (Programs::of("containers"), Programs::of("coredns")) else { return };
    let (Some(root), Some(benchmark)) = (vm::root(), Benchmark::built()) else { return };
    let Some(mut cluster) = Cluster::bare(releases.cluster_of("single")) else { return };
    cluster.deliver();
    cluster.start();
    // Every image that the cluster's own files name, made here.
    let images = cluster.folder.place().join("images");
    fs::create_dir(&images).expect("our own folder");
    let busybox = root.join("usr/bin/busybox");
    let names = cluster.folder.kthw(&["fetch", "--images"]).result();
    for (number, name) in names.lines().chain([BUSYBOX]).enumerate() {
        let archive = images.join(format!("{number}.tar"));
        let (file, place, entrypoint): (_, _, &[&str]) = if name.contains("/pause:") {
            (busybox.clone(), "bin/busybox", PAUSE)
        } else if name.contains("/coredns") {
            (dns.program("coredns").expect("it was built"), "coredns", &["/coredns"])
        } else {
            assert_eq!(name, BUSYBOX, "an image that this test does not make");
            (busybox.clone(), "bin/busybox", &[])
        };
        let links = ["sh", "httpd", "wget", "nc", "cat", "hostname", "mkdir", "sleep"]
            .map(|name| format!("bin/{name}"));
        let links: Vec<&str> = links.iter().filter(|_| place == "bin/busybox").map(String::as_str).collect();
        image::write(&archive, name, entrypoint, &[(&file, place)], &links);
    }
    let ctr = containers.program("ctr").expect("it was built");
    let mut vm = Vm::started(&cluster, &root, WORKER, |place| {
        let mut import = cluster.site().command();
        Ran::of(import.args(["sh", "-c", IMPORT, "sh", place]).arg(&images).arg(&ctr)).exits(0);
        benchmark.put(cluster.site().command(), place);
    });
    eventually("the worker is ready", seconds(900), || {
        let ready = "{.status.conditions[?(@.type==\"Ready\")].status}";
        let status = cluster.kubectl(&format!("get node {WORKER} --output=jsonpath='{ready}'"))?;
        provided(status == "True", status)
    });

    let first = cluster.control_planes()[0];
    first.run(&format!("cat > /tmp/web.yaml <<'END'{WEB}END"));
    eventually("the cluster has its first objects", seconds(120), || {
        first.ask("systemctl is-active kubernetes-bootstrap")?;
        cluster.kubectl("apply --filename=/tmp/web.yaml")
    });
    let served = eventually("the pod serves", seconds(300), || served(&cluster));
    assert_eq!(served, "web\n");
    pods_are_as_they_are_told(&cluster);
    benchmark::check(&|script| vm.ask(script), "node", benchmark::WORKER);
    is_all_there(&cluster, &vm);
    for disturbance in DISTURBANCES {
        println!("{disturbance}");
        vm.run(&format!("systemd-run --quiet --wait sh -c '{disturbance}'"));
        is_all_there(&cluster, &vm);
    }
    vm.reboot();
    is_all_there(&cluster, &vm);
    units_read_what_they_are_said_to(&cluster, &vm);
    let states = vm.run(
        "systemctl is-active kubernetes-pod-routes kubernetes-pod-masquerade kubernetes-sysctls kubelet",
    );
    assert_eq!(states, "active\n".repeat(4));
}

/// Starts each unit once more under a trace, and a pod, for which the runtime executes what it is said to.
fn units_read_what_they_are_said_to(cluster: &Cluster, vm: &Vm<'_>) {
    let bundle = Bundle::of(&cluster.folder, WORKER);
    let units: Vec<&str> = bundle.units().collect();
    reads::trace(&|script| vm.ask(script), &units);
    vm.run(&format!("systemctl restart {}", units.join(" ")));
    eventually("another pod may be made", seconds(120), || {
        cluster.kubectl(&format!("run another --image={BUSYBOX} --restart=Never -- sh"))
    });
    eventually("another pod runs", seconds(300), || {
        let phase = cluster.kubectl("get pod another --output=jsonpath='{.status.phase}'")?;
        provided(phase == "Succeeded", phase)
    });
    reads::compare(&[Traced { name: WORKER, ask: &|script| vm.ask(script), bundle: &bundle, units }]);
}

/// What the pod serves to a control plane, at its own address.
fn served(cluster: &Cluster) -> Result<String, String> {
    let address = cluster.kubectl("get pod web --output=jsonpath='{.status.podIP}'")?;
    cluster.control_planes()[0].ask(&format!("curl --silent --fail --max-time 5 http://{address}:8080/"))
}

/// What a script prints in the pod.
fn in_pod(cluster: &Cluster, script: &str) -> Result<String, String> {
    let kubectl = "kubectl --kubeconfig=/etc/kubernetes/super-admin.conf --request-timeout=60s";
    let script = script.replace('\'', r"'\''");
    cluster.control_planes()[0].ask(&format!("{kubectl} exec web -- sh -c '{script}'"))
}

/// Its log, its limits, its address, its user; the reservations of its node.
fn pods_are_as_they_are_told(cluster: &Cluster) {
    let within =
        |awaited: &str, ask: &dyn Fn() -> Result<String, String>| eventually(awaited, seconds(120), ask);
    assert_eq!(within("its log", &|| cluster.kubectl("logs web")), "it serves\n");
    let limits =
        within("its limits", &|| in_pod(cluster, "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max"));
    assert_eq!(limits, "33554432\n50000 100000\n");
    let address =
        within("its address", &|| cluster.kubectl("get pod web --output=jsonpath='{.status.podIP}'"));
    assert!(address.starts_with("10.200.36."), "{address}");
    let token =
        within("its token", &|| in_pod(cluster, "cat /var/run/secrets/kubernetes.io/serviceaccount/token"));
    let review = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let said = cluster.control_planes()[0].run(&format!(
        "curl --silent --fail --max-time 20 --cacert /etc/kubernetes/pki/ca.crt --header 'Content-Type: application/json' \
         --header 'Authorization: Bearer {token}' --data '{review}' \
         https://10.0.0.4:6443/apis/authentication.k8s.io/v1/selfsubjectreviews"
    ));
    assert!(said.contains("system:serviceaccount:default:default"), "{said}");
    let reserved = within("what is left to pods", &|| {
        let amounts = "{.status.capacity.memory} {.status.allocatable.memory}";
        cluster.kubectl(&format!("get node {WORKER} --output=jsonpath='{amounts}'"))
    });
    let kibibytes: Vec<u64> =
        reserved.split(' ').map(|amount| amount.trim_end_matches("Ki").parse().expect("a number")).collect();
    assert_eq!(kibibytes[0] - kibibytes[1], (512 + 100) << 10, "reserved, and what is kept free of pods");
}

/// Routes to and from pods, the name of a service, and the address under which the world sees a pod.
fn is_all_there(cluster: &Cluster, vm: &Vm<'_>) {
    eventually("the worker has a route to the pods of the other", seconds(300), || {
        let routes = vm.ask("ip route show proto 120")?;
        provided(routes.trim_end() == "10.200.37.0/24 via 10.0.0.37 dev eth0", routes)
    });
    eventually("the worker forwards", seconds(60), || vm.ask("grep 1 /proc/sys/net/ipv4/ip_forward"));
    eventually("the worker masquerades", seconds(60), || {
        vm.ask("nft list table ip kubernetes-pods | grep masquerade")
    });
    eventually("a control plane reaches the pod", seconds(300), || served(cluster));
    eventually("the pod reaches a service by its name", seconds(300), || {
        let page = in_pod(cluster, "wget -q -T 5 -O - http://web.default.svc.cluster.local/")?;
        provided(page == "web\n", page)
    });
    let gateway = cluster.gateway();
    let seen = thread::scope(|scope| {
        let server = scope.spawn(|| cluster.client(&format!("python3 -c '{SERVER}'")));
        eventually("the pod reaches the world", seconds(120), || {
            in_pod(cluster, &format!("nc -w 5 {gateway} 9000 < /dev/null"))
        });
        server.join().expect("it does not panic")
    });
    assert_eq!(seen.as_deref(), Ok("10.0.0.36\n"), "the pod is seen under its host's address");
}
