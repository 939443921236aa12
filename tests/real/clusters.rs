//! The clusters of the examples, started with real programs as their units start them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::complaints::complaints;
use crate::lab::{Lab, kubectl};
use crate::machine::{self, Machine};
use crate::releases::Releases;

/// Declares a test for each example and minor of Kubernetes, and lists them for the table.
macro_rules! runs {
    ($($test:ident: $example:literal $minor:literal)*) => {
        pub const RUNS: &[(&str, &str)] = &[$(($example, $minor)),*];
        $(#[test] fn $test() { runs_as_rendered($example, $minor); })*
    };
}

runs! {
    single_runs_1_36: "single" "1.36"
    cilium_runs_1_36: "cilium" "1.36"
    ha_haproxy_runs_1_36: "ha-haproxy" "1.36"
    ha_ipvs_runs_1_36: "ha-ipvs" "1.36"
    production_runs_1_36: "production" "1.36"
    single_runs_1_37: "single" "1.37"
    cilium_runs_1_37: "cilium" "1.37"
    ha_haproxy_runs_1_37: "ha-haproxy" "1.37"
    ha_ipvs_runs_1_37: "ha-ipvs" "1.37"
    production_runs_1_37: "production" "1.37"
}

/// The API server of the host where a program runs, rather than whichever the endpoint leads to.
const HERE: &str = "--server=https://127.0.0.1:6443";

fn runs_as_rendered(example: &str, minor: &str) {
    let Some(()) = machine::can_be_had() else { return };
    let Some(releases) = Releases::of(minor, &["etcd"]) else { return };
    let folder = releases.cluster_of(example);
    let lab = Lab::of(&folder, &releases);
    lab.start_control_plane();
    every_api_server_has_its_lease(&lab);
    is_given_what_it_needs(&lab);
    signs_and_accepts_tokens(&lab);
    leads_token_checkers_to_the_endpoint(&lab);
    encrypts_secrets(&lab);
    lets_a_kubelet_write_its_own_node(&lab);
    leads_to_services(&lab);
    lab.worker().serve("kubelet.service");
    lab.eventually("the kubelet complains", || !complaints_of(lab.worker(), "kubelet.service").is_empty());
    let mut found = String::new();
    for machine in &lab.machines {
        for unit in machine.started() {
            for line in complaints_of(machine, &unit) {
                found += &format!("{unit}: {line}\n");
            }
        }
    }
    // The control groups of this machine are hidden, so that every machine gives the same answer.
    insta::allow_duplicates! { insta::assert_snapshot!(found, @r#"kubelet.service: E "command failed" err="failed to validate kubelet configuration, error: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release, path: &TypeMeta{Kind:,APIVersion:,}""#) }
    refuses_strangers(&lab);
}

fn complaints_of(machine: &Machine, unit: &str) -> BTreeSet<String> {
    complaints(unit, &machine.said(unit))
}

fn every_api_server_has_its_lease(lab: &Lab) {
    let hosts: BTreeSet<&str> = lab.control_planes().map(|machine| machine.name.as_str()).collect();
    let leases = kubectl(
        "get leases --namespace kube-system --selector apiserver.kubernetes.io/identity=kube-apiserver --output json",
        "super-admin",
    );
    lab.eventually("every API server has a lease in its host's name", || {
        let leases: Value = serde_json::from_str(&lab.first().says(&leases)).expect("kubectl writes JSON");
        let leases = leases["items"].as_array().expect("a list").clone();
        let names =
            leases.iter().filter_map(|lease| lease["metadata"]["labels"]["kubernetes.io/hostname"].as_str());
        leases.len() == hosts.len() && names.collect::<BTreeSet<_>>() == hosts
    });
}

/// Only afterwards may administrators do anything, and a second time changes nothing.
fn is_given_what_it_needs(lab: &Lab) {
    let may = kubectl(&format!("auth can-i delete nodes {HERE}"), "admin");
    assert_eq!(lab.first().run(&may).stdout, "no\n");
    let objects = lab.bootstrap();
    assert!(objects.iter().any(|object| object.starts_with("clusterrolebinding.")), "{objects:?}");
    assert_eq!(lab.first().says(&may), "yes\n");
    assert_eq!(lab.bootstrap(), objects);
}

fn signs_and_accepts_tokens(lab: &Lab) {
    lab.eventually("there is a service account", || {
        lab.first().run(&kubectl(&format!("get serviceaccount default {HERE}"), "admin")).code == Some(0)
    });
    let token = lab.first().says(&kubectl(&format!("create token default {HERE}"), "admin"));
    let token = token.trim();
    let (head, signature) = token.rsplit_once('.').expect("a token is three parts");
    let other: String = signature.chars().rev().collect();
    for machine in lab.control_planes() {
        let review = |token: &str| {
            let review = json!({
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token},
            });
            let create =
                kubectl(&format!("create --validate=false --filename - --output json {HERE}"), "admin");
            let answer = machine.given(&review.to_string(), &create).result();
            serde_json::from_str::<Value>(&answer).expect("kubectl writes JSON")["status"].clone()
        };
        let status = review(token);
        assert_eq!(status["authenticated"], true, "{status}");
        assert_eq!(status["user"]["username"], "system:serviceaccount:default:default");
        assert_eq!(review(&format!("{head}.{other}"))["authenticated"], Value::Null);
        let who = format!(
            "curl --silent --insecure --header Authorization:Bearer\\ {token} https://127.0.0.1:6443/api"
        );
        let answer = machine.shell(&who).result();
        assert!(answer.contains("APIVersions"), "{answer}");
    }
}

/// Whichever API server tells where the keys are, they are at the endpoint, and the same everywhere.
fn leads_token_checkers_to_the_endpoint(lab: &Lab) {
    let tells =
        |machine: &Machine, path: &str| machine.says(&kubectl(&format!("get --raw={path} {HERE}"), "admin"));
    let keys = tells(lab.first(), "/openid/v1/jwks");
    for machine in lab.control_planes() {
        let told: Value =
            serde_json::from_str(&tells(machine, "/.well-known/openid-configuration")).expect("JSON");
        assert_eq!(told["jwks_uri"], format!("{}/openid/v1/jwks", lab.cluster.api.endpoint));
        assert_eq!(tells(machine, "/openid/v1/jwks"), keys);
    }
}

/// The configuration of `production` encrypts what others keep as it is.
fn encrypts_secrets(lab: &Lab) {
    let first = lab.first();
    first.says(&kubectl(&format!("create secret generic kept --from-literal=word=sesame {HERE}"), "admin"));
    first.says(&kubectl(&format!("create configmap told --from-literal=word=sesame {HERE}"), "admin"));
    let member = lab.members().last().expect("at least one");
    let stored = |key: &str| {
        let pki = "/etc/kubernetes/pki/etcd";
        let get = format!(
            "etcdctl --endpoints=https://127.0.0.1:2379 --cacert={pki}/ca.crt --cert={pki}/healthcheck-client.crt \
             --key={pki}/healthcheck-client.key get --print-value-only {key} | tr -cd '[:print:]'"
        );
        member.shell(&get).result()
    };
    let provider = lab.cluster.encryption.provider;
    let mark = format!("k8s:enc:{provider}:v1:");
    let secret = stored("/registry/secrets/default/kept");
    assert!(secret.starts_with(&mark) && !secret.contains("sesame"), "{secret}");
    let told = stored("/registry/configmaps/default/told");
    let is_encrypted = lab.cluster.encryption.resources.iter().any(|kind| kind == "configmaps");
    assert!(told.starts_with(&mark) == is_encrypted && told.contains("sesame") != is_encrypted, "{told}");
    let read = kubectl(&format!("get secret kept --output jsonpath={{.data.word}} {HERE}"), "admin");
    assert_eq!(first.says(&read), "c2VzYW1l");
}

fn refuses_strangers(lab: &Lab) {
    let pki = "/etc/kubernetes/pki";
    let first = lab.first();
    let asks = |who: &str, machine: &Machine, credentials: &str, url: &str| {
        let line = format!(
            "curl --silent --insecure --max-time 5 --output /dev/null --write-out '%{{http_code}}' {credentials} {url}"
        );
        let ran = machine.shell(&line);
        format!("{who}: {}", if ran.code == Some(0) { ran.stdout } else { "no connection".to_owned() })
    };
    let certificate = |name: &str| format!("--cert {pki}/{name}.crt --key {pki}/{name}.key");
    let secrets = "https://127.0.0.1:6443/api/v1/secrets";
    let member = lab.cluster.etcd_members().next().expect("at least one").address;
    let etcd = format!("https://{member}:2379/version");
    // What the kubelet shows to the API server.
    let kubelet = lab.worker().tree.read("/etc/kubernetes/kubelet.conf");
    let part = |key: &str| {
        kubelet.lines().find_map(|line| line.trim().strip_prefix(key)).expect("it is inside").trim()
    };
    for (key, file) in [("client-certificate-data:", "kubelet.crt"), ("client-key-data:", "kubelet.key")] {
        lab.worker().given(part(key), &format!("base64 --decode >/tmp/{file}")).exits(0);
    }
    let kubelet = "--cert /tmp/kubelet.crt --key /tmp/kubelet.key";
    let answers = [
        asks("nobody at the API server", first, "", secrets),
        asks(
            "another authority's client at the API server",
            first,
            &certificate("front-proxy-client"),
            secrets,
        ),
        asks("etcd's client at the API server", first, &certificate("apiserver-etcd-client"), secrets),
        asks(
            "the API server at the API server",
            first,
            &certificate("apiserver-kubelet-client"),
            "https://127.0.0.1:6443/api",
        ),
        asks("etcd's client at etcd", first, &certificate("apiserver-etcd-client"), &etcd),
        asks("nobody at etcd", first, "", &etcd),
        asks("the API server's other client at etcd", first, &certificate("apiserver-kubelet-client"), &etcd),
        asks("a kubelet at etcd", lab.worker(), kubelet, &etcd),
    ];
    // Where strangers may ask for health alone, they are told to say who they are.
    let nobody = match lab.cluster.authentication.anonymous {
        kthw::cluster::Anonymous::Health => "401",
        _ => "403",
    };
    assert_eq!(
        answers,
        [
            format!("nobody at the API server: {nobody}"),
            "another authority's client at the API server: 401".into(),
            "etcd's client at the API server: 401".into(),
            "the API server at the API server: 200".into(),
            "etcd's client at etcd: 200".into(),
            "nobody at etcd: no connection".into(),
            "the API server's other client at etcd: no connection".into(),
            "a kubelet at etcd: no connection".into(),
        ]
    );
}

/// The kubelet ends before it registers itself, so this does so in its stead, with its credentials.
fn lets_a_kubelet_write_its_own_node(lab: &Lab) {
    let name = &lab.worker().name;
    let address = lab.cluster.host(name).expect("its own").address;
    let kubeconfig = lab.worker().tree.read("/etc/kubernetes/kubelet.conf");
    lab.first().given(&kubeconfig, "cat >/tmp/kubelet.conf").exits(0);
    let creates = |node: &str| {
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": node},
            "status": {"addresses": [{"type": "InternalIP", "address": address}]},
        });
        let create = format!(
            "/usr/local/bin/kubectl --kubeconfig=/tmp/kubelet.conf create --validate=false --filename - {HERE}"
        );
        lab.first().given(&node.to_string(), &create)
    };
    assert_eq!(creates(name).result(), format!("node/{name} created\n"));
    let refusal = creates("another").refusal(1);
    assert!(refusal.contains("is not allowed to modify node \"another\""), "{refusal}");
}

/// Where kube-proxy leads to services, the API is one of them.
fn leads_to_services(lab: &Lab) {
    if !lab.cluster.network.kube_proxy {
        return;
    }
    lab.worker().serve("kube-proxy.service");
    let address = lab.cluster.network.api_service_address();
    let ask = format!("curl --silent --insecure --max-time 2 https://{address}/readyz");
    lab.eventually("kube-proxy leads to the API", || lab.worker().run(&ask).stdout == "ok");
}
