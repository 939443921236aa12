//! Strangers read what hosts will read: certificates, units, kubeconfigs and configurations.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::{judge, python};
use crate::ran::Ran;

const HOSTS: [&str; 3] = ["control-plane-1", "worker-node-1", "worker-node-2"];

/// A day after the example's certificates were issued, and a day after its leaves have run out.
const VALID: &str = "1795219200";
const EXPIRED: &str = "1826841600";

#[derive(Deserialize)]
struct Graph {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    kind: String,
    inputs: BTreeMap<String, String>,
}

/// The nodes of one kind.
fn nodes(folder: &ClusterFolder, kind: &str) -> Vec<Node> {
    let graph = folder.kthw(&["graph", "--format", "json"]).result();
    let Graph { nodes } = serde_json::from_str(&graph).expect("JSON");
    nodes.into_iter().filter(|node| node.kind == kind).collect()
}

/// The summary of a certificate in the golden files: field to value.
fn summaries(folder: &ClusterFolder) -> BTreeMap<String, BTreeMap<String, String>> {
    folder.kthw(&["snapshot", "--dir", "golden"]).exits(0);
    let own = HOSTS.map(|host| format!("golden/hosts/{host}/pki.txt"));
    let texts: Vec<String> =
        own.iter().map(String::as_str).chain(["golden/pki.txt"]).map(|path| folder.read(path)).collect();
    let text = texts.join("\n");
    let entry = |entry: &str| {
        let (name, fields) = entry.split_once('\n').expect("a name and fields");
        let field =
            |line: &str| line.trim().split_once(' ').map(|(key, value)| (key.into(), value.trim().into()));
        (name.to_owned(), fields.lines().filter_map(field).collect())
    };
    text.split("\n\n").map(entry).collect()
}

/// A file name for a node.
fn file(node: &str) -> String {
    node.replace('/', "_")
}

#[test]
fn openssl_accepts_every_certificate_for_its_purpose_its_names_and_its_authority_alone() {
    let folder = ClusterFolder::single();
    let certificates = nodes(&folder, "certificate");
    let summaries = summaries(&folder);
    assert!(certificates.len() > 15 && certificates.len() == summaries.len());
    for node in &certificates {
        folder.write(&file(&node.name), &folder.kthw(&["show", &node.name]).result());
    }
    let issuer = |node: &Node| file(node.inputs.get("issuer-cert").unwrap_or(&node.name));
    let authorities: Vec<String> = certificates
        .iter()
        .filter(|node| !node.inputs.contains_key("issuer-cert"))
        .map(|n| file(&n.name))
        .collect();
    assert_eq!(authorities, ["pki_ca_cert", "pki_etcd_ca_cert", "pki_front-proxy-ca_cert"]);
    for node in &certificates {
        let subject = file(&node.name);
        let verify = |authority: &str, time: &str, more: &[&str]| {
            let mut openssl = judge("openssl")?;
            openssl.args(["verify", "-x509_strict", "-check_ss_sig", "-attime", time, "-CAfile", authority]);
            Some(Ran::of(openssl.args(more).arg(&subject).current_dir(folder.path())).code == Some(0))
        };
        let authority = issuer(node);
        if verify(&authority, VALID, &[]).is_none() {
            return;
        }
        let accepts = |more: &[&str]| verify(&authority, VALID, more) == Some(true);
        assert!(accepts(&[]), "{subject}");
        for other in &authorities {
            assert_eq!(verify(other, VALID, &[]), Some(*other == authority), "{subject} under {other}");
        }
        let summary = &summaries[&node.name];
        let usage = summary["usage"].as_str();
        if usage == "authority" {
            assert_eq!(verify(&authority, EXPIRED, &[]), Some(true), "{subject} outlives what it signs");
            continue;
        }
        assert_eq!(verify(&authority, EXPIRED, &[]), Some(false), "{subject} runs out");
        assert_eq!(accepts(&["-purpose", "sslserver"]), usage.contains("server"), "{subject}");
        assert_eq!(accepts(&["-purpose", "sslclient"]), usage.contains("client"), "{subject}");
        assert!(!accepts(&["-purpose", "crlsign"]), "{subject} is no authority");
        for name in summary.get("names").map_or("", String::as_str).split_whitespace() {
            let question =
                if name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
            assert!(accepts(&[question, name]), "{subject} for {name}");
        }
        assert!(!accepts(&["-verify_hostname", "example.com"]), "{subject}");
        assert!(!accepts(&["-verify_ip", "192.0.2.1"]), "{subject}");
    }
}

#[test]
fn openssl_finds_every_certificate_to_match_its_key_and_no_serial_twice() {
    let folder = ClusterFolder::single();
    let mut serials = Vec::new();
    for node in nodes(&folder, "certificate") {
        folder.write("cert", &folder.kthw(&["show", &node.name]).result());
        folder.write("key", &folder.kthw(&["show", &node.inputs["key"], "--reveal"]).result());
        let ask =
            |args: &[&str]| Some(Ran::of(judge("openssl")?.args(args).current_dir(folder.path())).result());
        let Some(of_certificate) = ask(&["x509", "-in", "cert", "-noout", "-pubkey"]) else { return };
        assert_eq!(ask(&["pkey", "-in", "key", "-pubout"]), Some(of_certificate), "{}", node.name);
        let text = ask(&["x509", "-in", "cert", "-noout", "-text"]).expect("openssl is there");
        for part in [
            "Authority Key Identifier",
            "Subject Key Identifier",
            "Basic Constraints: critical",
            "ecdsa-with-SHA256",
        ] {
            assert!(text.contains(part), "{}: no {part} in\n{text}", node.name);
        }
        serials.push(ask(&["x509", "-in", "cert", "-noout", "-serial"]).expect("openssl is there"));
    }
    let count = serials.len();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), count, "serials are unique");
}

#[test]
fn the_public_half_of_the_service_account_key_is_that_of_the_private_one() {
    let folder = ClusterFolder::single();
    folder.write("key", &folder.kthw(&["show", "pki/service-accounts/key", "--reveal"]).result());
    let Some(mut openssl) = judge("openssl") else { return };
    let public = Ran::of(openssl.args(["pkey", "-in", "key", "-pubout"]).current_dir(folder.path())).result();
    assert_eq!(folder.kthw(&["show", "pki/service-accounts/public"]).result(), public);
}

#[test]
fn systemd_reads_every_unit_without_a_word() {
    let balanced = [("ha-ipvs", "gateway"), ("ha-ipvs", "control0"), ("ha-haproxy", "lb-0")];
    let others = ["single", "cilium"].into_iter().flat_map(|example| HOSTS.map(|host| (example, host)));
    for (example, host) in others.chain(balanced) {
        let folder = ClusterFolder::of_example(example);
        let tree = HostTree::of(&folder, host);
        // Of the operating system.
        for program in ["haproxy", "ldirectord", "nft", "update-ca-certificates"] {
            tree.stub(&format!("/usr/sbin/{program}"));
        }
        for program in
            ["/sbin/ip", "/sbin/modprobe", "/usr/bin/systemd-sysusers", "/usr/lib/systemd/systemd-sysctl"]
        {
            tree.stub(program);
        }
        for target in ["sysinit", "basic", "multi-user", "network-online", "shutdown"] {
            tree.place(&format!("/usr/lib/systemd/system/{target}.target"), "[Unit]\n");
        }
        let units = tree.paths(".service");
        assert!(!units.is_empty(), "{example}: {host}");
        let verify = |unit: &str| {
            let mut systemd = judge("systemd-analyze")?;
            systemd.args(["verify", "--man=no", "--recursive-errors=no", unit, "--root"]).arg(tree.root());
            let Ran { code, stdout, stderr } = Ran::of(systemd.current_dir(tree.root()));
            Some((code, stdout + &stderr))
        };
        for unit in units {
            let Some(said) = verify(&unit[1..]) else { return };
            assert_eq!(said, (Some(0), String::new()), "{example}: {host}:{unit}");
        }
        tree.place(
            "/etc/systemd/system/broken.service",
            "[Service]\nExecStart=/usr/local/bin/missing\nRestart=alwayz\n",
        );
        let (_, said) = verify("etc/systemd/system/broken.service").expect("systemd is there");
        assert!(!said.is_empty(), "systemd would say a word");
    }
}

#[test]
fn kubectl_reads_every_kubeconfig_and_openssl_finds_its_certificate_to_match_its_key() {
    let folder = ClusterFolder::single();
    let configs = nodes(&folder, "kubeconfig");
    assert_eq!(configs.len(), 7, "admin, super-admin, two control loops, two kubelets and the proxies");
    for node in configs {
        folder.write("kubeconfig", &folder.kthw(&["show", &node.name, "--reveal"]).result());
        let Some(mut kubectl) = judge("kubectl") else { return };
        let config =
            kubectl.args(["--kubeconfig", "kubeconfig", "config", "view", "--raw", "--minify", "-o", "json"]);
        let config = Ran::of(config.current_dir(folder.path())).result();
        let config: serde_json::Value = serde_json::from_str(&config).expect("kubectl prints JSON");
        let cluster = &config["clusters"][0]["cluster"];
        // What runs beside the API server talks to that one.
        let local = node.name.ends_with("/controller-manager") || node.name.ends_with("/scheduler");
        let server = if local { "https://127.0.0.1:6443" } else { "https://10.0.0.4:6443" };
        assert_eq!(cluster["server"], server, "{}", node.name);
        let user = &config["users"][0]["user"];
        let part = |value: &serde_json::Value| {
            let text = value.as_str().unwrap_or_else(|| panic!("{}: {config}", node.name));
            String::from_utf8(data_encoding::BASE64.decode(text.as_bytes()).expect("base64")).expect("PEM")
        };
        assert_eq!(
            part(&cluster["certificate-authority-data"]),
            folder.kthw(&["show", "pki/ca/cert"]).result()
        );
        folder.write("cert", &part(&user["client-certificate-data"]));
        folder.write("key", &part(&user["client-key-data"]));
        let ask =
            |args: &[&str]| Some(Ran::of(judge("openssl")?.args(args).current_dir(folder.path())).result());
        let Some(of_certificate) = ask(&["x509", "-in", "cert", "-noout", "-pubkey"]) else { return };
        assert_eq!(ask(&["pkey", "-in", "key", "-pubout"]), Some(of_certificate), "{}", node.name);
    }
}

/// Debian's containerd reads the schema of 1.x, so the cluster is of that series.
#[test]
fn containerd_reads_its_configuration_as_it_is_meant() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "  kubernetes: 1.35.1", "  kubernetes: 1.35.1\n  containerd: 1.7.34");
    folder.kthw(&["lock"]).exits(0);
    let tree = HostTree::of(&folder, "worker-node-1");
    let Some(mut containerd) = judge("containerd") else { return };
    let read =
        containerd.arg("--config").arg(tree.at("/etc/containerd/config.toml")).args(["config", "dump"]);
    let understood = Ran::of(read).exits(0);
    for line in ["SystemdCgroup = true", "bin_dir = \"/opt/cni/bin\"", "conf_dir = \"/etc/cni/net.d\""] {
        assert!(understood.stdout.contains(line), "no {line} in\n{}", understood.stdout);
    }
    assert!(!understood.stderr.contains("level=error"), "{}", understood.stderr);
}

/// Parses each file by what its path says that it is, and names what it parsed.
const PARSE: &str = "
import json, sys, tomllib, yaml
for path in sys.argv[1:]:
    text = open(path).read()
    if path.endswith('.yaml') or '/etc/kubernetes/' in path and path.endswith('.conf'):
        assert all(yaml.safe_load_all(text)), path
    elif '/etc/cni/' in path:
        assert json.loads(text)['cniVersion'], path
    elif path.endswith('.toml'):
        assert tomllib.loads(text)['version'], path
    else:
        continue
    print(path)
";

#[test]
fn a_stranger_parses_every_yaml_json_and_toml_file() {
    let folder = ClusterFolder::single();
    for (host, files) in HOSTS.iter().zip([11, 8, 8]) {
        let tree = HostTree::of(&folder, host);
        let Some(mut python) = python("tomllib, yaml") else { return };
        let read = python.args(["-c", PARSE]).args(tree.files.keys().map(|path| tree.at(path)));
        let parsed = Ran::of(read).result();
        assert_eq!(parsed.lines().count(), files, "{host}:\n{parsed}");
    }
}

#[test]
fn secrets_are_closed_to_others_and_only_secrets_are_left_out_of_the_written_tree() {
    let folder = ClusterFolder::single();
    folder.kthw(&["build", "--out", "public"]).exits(0);
    for host in HOSTS {
        for (path, file) in &HostTree::of(&folder, host).files {
            let written = folder.exists(&format!("public/{host}{path}"));
            assert_eq!(written, !file.is_secret() && !file.is_download(), "{host}:{path}");
            let is_reserved = path == "/etc/kubernetes/kubelet-config.yaml";
            assert_eq!(file.mode == "0600", file.is_secret() || is_reserved, "{host}:{path}");
        }
    }
}

/// The bootstrap's program, whose kubectl asks a port where nobody listens and takes that for success.
#[test]
fn kubectl_understands_what_the_bootstrap_asks_of_it() {
    let folder = ClusterFolder::single();
    let tree = HostTree::of(&folder, "control-plane-1");
    let (Some(kubectl), Some(mut sh)) = (judge("kubectl"), judge("sh")) else { return };
    let (real, asked) = (kubectl.get_program().display(), tree.at("/asked"));
    let wrapper = format!(
        "#!/bin/sh\n[ \"$1\" = get ] && exit\n{real} \"$@\" 2>&1 | grep -q refused && echo \"$*\" >>{}\n",
        asked.display()
    );
    tree.program("/bin/kubectl", &wrapper);
    let (path, etc) = ("/usr/local/sbin/kubernetes-bootstrap", tree.at("/etc/kubernetes"));
    tree.place(path, &tree.read(path).replace("=/etc/kubernetes", &format!("={}", etc.display())));
    sh.arg(tree.at(path)).arg("--server=https://127.0.0.1:1").current_dir(tree.root());
    sh.env("PATH", format!("{}:/usr/bin:/bin", tree.at("/bin").display()));
    Ran::of(sh.env("KUBECONFIG", tree.at("/etc/kubernetes/super-admin.conf"))).exits(0);
    let asked = tree.read("/asked");
    assert_eq!(asked.lines().filter(|line| line.starts_with("apply --server-side")).count(), 3, "{asked}");
}
