//! A secret in cluster.yaml, where none belongs: whatever is said of it, the secret is not repeated.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cluster_folder::ClusterFolder;
use crate::repository::{commit, example};

/// What must not be found, in lower case.
const POISON: &str = "mhccaqeeipoisonpoisonpoisonpoisonpoison";
const BODY: &str = "MHcCAQEEIPoisonPoisonPoisonPoisonPoisonPoison0oAoGCCqGSM49AwEHoUQD";

fn pem() -> String {
    format!("-----BEGIN EC PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END EC PRIVATE KEY-----\n")
}

/// Sections that the example lacks.
fn more() -> Value {
    json!({
        "machines": {
            "memory": "4GiB",
            "folder": "/srv/machines",
            "image": {
                "amd64": {"url": "https://i.example/a", "checksum": format!("sha256:{}", "a".repeat(64))},
                "arm64": {"url": "https://i.example/b", "checksum": format!("sha256:{}", "b".repeat(64))},
            },
            "network": {"name": "net", "gateway": "10.20.0.1", "nameservers": ["10.20.0.1"], "domain": "vms"},
            "user": {
                "name": "me",
                "groups": ["adm"],
                "sshAuthorizedKeys":
                    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex"],
            },
            "userData": {
                "timezone": "Europe/London",
                "write_files": [{"path": "/a", "content": "b"}],
                "wireguard": {"interfaces": [{"name": "wg0", "content": "c"}]},
            },
        },
        "downloads": {"mirrors": ["https://mirror.example"]},
        "cloudProvider": {"name": "c", "controllerManager": {
            "version": "1.36.0",
            "downloads": {"amd64": {"url": "https://c.example/a", "sha256": "c".repeat(64)}},
            "flags": {"cloud-config": "/etc/cloud.conf"},
        }},
        // These files are missing, so the whole is refused even where nothing else is wrong.
        "pki": {"authorities": {
            "cluster": {"certificate": "ca/cluster.crt", "key": ".kthw/ca/cluster.key"},
            "etcd": {"certificate": "ca/etcd.crt", "key": ".kthw/ca/etcd.key"},
        }},
    })
}

/// A cluster's file in which nearly everything is written.
pub fn full(folder: &ClusterFolder) -> Value {
    let mut full: Value = serde_saphyr::from_str(&folder.read("cluster.yaml")).expect("an example");
    full.as_object_mut().expect("a mapping").extend(more().as_object().expect("a mapping").clone());
    full["components"]["kube-apiserver"] = json!({"flags": {"event-ttl": "2h"}});
    full["components"]["kubelet"] = json!({"config": {"maxPods": 150}});
    full["addons"] = json!({"cilium": {"values": {"debug": {"enabled": false}}}});
    full["api"]["sans"] = json!(["api.example"]);
    full
}

/// The pointers to all scalars of a document, or to all of its mappings.
pub fn places(value: &Value, mappings: bool) -> Vec<String> {
    fn walk(value: &Value, mappings: bool, path: &str, found: &mut Vec<String>) {
        if value.is_object() == mappings && !value.is_array() {
            found.push(path.to_owned());
        }
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    walk(value, mappings, &format!("{path}/{key}"), found);
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    walk(item, mappings, &format!("{path}/{i}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(value, mappings, "", &mut found);
    found
}

/// Whether something is said about this text, and that without the secret.
#[track_caller]
fn assert_discreet(folder: &ClusterFolder, text: &str, what: &str) {
    assert!(text.to_lowercase().contains(POISON), "{what} is poisoned");
    folder.write("cluster.yaml", text);
    let ran = folder.kthw(&["fetch", "--list"]);
    let printed = (ran.stdout + &ran.stderr).to_lowercase();
    assert!(printed.contains("cluster.yaml:"), "{what}: {printed}");
    assert!(!printed.contains("poisonpoison"), "{what}: {printed}");
}

#[test]
fn what_gives_no_reason_to_think_it_secret_is_quoted() {
    let folder = ClusterFolder::of_example("production");
    let mut document = full(&folder);
    const PLAIN: &str = "x_no_name_of_a_server_and_no_secret_either";
    document["api"]["sans"] = json!([PLAIN]);
    folder.write("cluster.yaml", &serde_saphyr::to_string(&document).expect("plain values"));
    let said = folder.kthw(&["fetch", "--list"]).refusal(2);
    // In the message and below it.
    assert_eq!(said.matches(PLAIN).count(), 2, "{said}");
}

/// In lines as people write them, and in one line, where every mistake is beside every secret.
#[track_caller]
fn assert_discreet_in_both_forms(folder: &ClusterFolder, document: &Value, what: &str) {
    assert_discreet(folder, &serde_saphyr::to_string(document).expect("plain values"), what);
    assert_discreet(folder, &document.to_string(), what);
}

#[test]
fn a_secret_in_the_place_of_any_value_is_not_repeated() {
    let folder = ClusterFolder::of_example("production");
    let full = full(&folder);
    let places = places(&full, false);
    assert!(places.len() > 100, "{places:?}");
    let secrets = [
        pem(),
        format!("https://me:x{BODY}@host.example/x"),
        format!("https://host.example/x?a=b&access_token=x{BODY}"),
    ];
    for place in &places {
        for secret in &secrets {
            let mut poisoned = full.clone();
            *poisoned.pointer_mut(place).expect("it was there") = secret.as_str().into();
            assert_discreet_in_both_forms(&folder, &poisoned, &format!("{place}: {secret}"));
        }
    }
}

#[test]
fn a_secret_in_a_field_that_nobody_knows_is_not_repeated() {
    let folder = ClusterFolder::of_example("production");
    let full = full(&folder);
    // Labels are known to everyone, whatever they are called.
    for place in places(&full, true).iter().filter(|place| !place.ends_with("/labels")) {
        for name in ["password", "bootstrapToken", "client-secret"] {
            let mut poisoned = full.clone();
            // Neither its form nor anything around it says what it is.
            poisoned.pointer_mut(place).expect("it was there")[name] = format!("x{BODY}").into();
            let what = format!("{place}/{name}");
            assert_discreet_in_both_forms(&folder, &poisoned, &what);
        }
        let mut poisoned = full.clone();
        poisoned.pointer_mut(place).expect("it was there")["unheardOf"] = format!("x{BODY}").into();
        let text = serde_saphyr::to_string(&poisoned).expect("plain values");
        assert_discreet(&folder, &text, &format!("{place}/unheardOf"));
    }
}

#[test]
fn who_asks_for_a_download_is_not_listed() {
    let folder = ClusterFolder::single();
    let image = format!("{{url: 'https://me:x{BODY}@i.example/a', checksum: 'sha256:{}'}}", "a".repeat(64));
    let machines = format!("machines: {{memory: 4GiB, image: {{amd64: {image}}}}}\n");
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &machines));
    for args in [&["fetch", "--list"][..], &["fetch", "--list", "--json"]] {
        let listed = folder.kthw(args).exits(0).stdout;
        assert!(!listed.contains(BODY) && listed.contains("https://i.example/a"), "{listed}");
    }
    // The lock is no place for secrets either.
    let url = format!("url = \"ftp://me:x{BODY}@");
    folder.write("kthw.lock", &folder.read("kthw.lock").replacen("url = \"https://", &url, 1));
    let said = folder.kthw(&["fetch", "--list"]).refusal(2);
    assert!(said.contains("kthw.lock:") && !said.contains(BODY), "{said}");
}

#[test]
fn who_asks_a_mirror_is_in_no_comparison() {
    let Some(folder) = example("single") else { return };
    let text = folder.read("cluster.yaml");
    let mirrored = |password: &str| {
        folder.write(
            "cluster.yaml",
            &format!("{text}downloads: {{mirrors: ['https://me:{password}@m.example/x']}}\n"),
        );
    };
    let assert_discreet = |said: &str| {
        for command in [
            &["diff"][..],
            &["diff", "--format", "markdown"],
            &["diff", "--format", "json"],
            &["diff", "--format", "html"],
            &["plan"],
            &["plan", "--format", "json"],
        ] {
            let printed = folder.kthw(command).exits(0).stdout;
            assert!(!printed.contains("hunter"), "{command:?}: {printed}");
            // A plan without work says nothing more in text.
            assert!(printed.contains(said) || command == ["plan"], "{command:?}: {printed}");
        }
    };
    mirrored("hunter2");
    assert_discreet("https://m.example/x");
    commit(&folder, "a mirror").expect("git is there");
    mirrored("hunter3");
    assert_discreet("https://m.example/x");
    let said = folder.kthw(&["diff"]).exits(0).stdout;
    assert!(said.contains("downloads.mirrors: [https://m.example/x], in what is secret\n"), "{said}");
    // Where anything changes on hosts, the text of a plan lists all inputs.
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let said = folder.kthw(&["plan"]).exits(0).stdout;
    assert!(said.contains("https://m.example/x") && !said.contains("hunter"), "{said}");
}

#[test]
fn a_secret_in_a_file_that_is_no_yaml_is_not_repeated() {
    let folder = ClusterFolder::of_example("production");
    let text = folder.read("cluster.yaml");
    let x = format!("x{BODY}");
    for broken in [
        format!("key: {}", pem()),
        format!("key: |\n{}", pem()),
        format!("key: {x}: y"),
        format!("key: \"{x}"),
        format!("key: '{x}"),
        format!("key: *{x}"),
        format!("key: !{x} y"),
        format!("key: !!int {x}"),
        format!("key: [{x}"),
        format!("key: {{{x}"),
        format!("key: %{x}"),
        format!("key: @{x}"),
        format!("key: \"\\q{x}\""),
        format!("key:\n\t{x}"),
        format!("key: y\n {x}: z"),
        x.clone(),
        format!("{x}\nkey: y"),
        format!("machines:\n  cpus: {x}"),
        format!("machines: {x}"),
        format!("machines:\n  userData:\n    runcmd:\n      - login {x}\n     - z"),
        format!("machines:\n  user: {{sshAuthorizedKeys: {x}}}"),
        format!("machines:\n  user: {{sshAuthorizedKeys: [{x}]}}"),
        format!("machines:\n  userData: {x}"),
        format!("machines:\n  userData: {{unheard_of: {x}}}"),
        format!("machines:\n  userData: {{packages: {x}}}"),
        format!("machines:\n  userData: {{runcmd: ['login {x}'], password: z}}"),
    ] {
        let mut whole = text.clone();
        writeln!(whole, "\n{broken}").expect("a string takes all");
        assert_discreet(&folder, &whole, &broken);
    }
}
