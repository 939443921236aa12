//! The machines of a cluster, as the hypervisor and cloud-init find them.

#![expect(clippy::disallowed_methods, reason = "tests read what was written for them")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, python};
use crate::ran::Ran;

const MACHINES: &str = "
machines:
  user: {name: ubuntu, sshAuthorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex]}
  userData: {packages: [curl], runcmd: [[echo, hello]], timezone: Europe/London}
";
const HOSTS: [&str; 3] = ["control-plane-1", "worker-node-1", "worker-node-2"];

/// The example with machines, one of them different.
fn machines(more: &str) -> ClusterFolder {
    let folder = ClusterFolder::single();
    folder.edit(
        "cluster.yaml",
        "address: 10.0.0.37\n    roles: [worker]\n",
        "address: 10.0.0.37\n    roles: [worker]\n    arch: arm64\n    machine: {disk: 40GiB}\n",
    );
    folder.write("cluster.yaml", &format!("{}{MACHINES}{more}", folder.read("cluster.yaml")));
    folder.kthw(&["lock"]).exits(0);
    folder
}

/// Where a build writes the files of the hosts and of their machines.
fn written(folder: &ClusterFolder) -> PathBuf {
    let out = folder.place().join("out");
    folder.kthw(&["build", "--out", out.to_str().expect("plain names")]).exits(0);
    out
}

fn approved(command: &mut std::process::Command) -> String {
    let ran = Ran::of(command);
    assert_eq!(ran.code, Some(0), "{command:?}\n{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

fn yaml(file: &Path) -> Option<Value> {
    const PROGRAM: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let printed = approved(python("yaml")?.args(["-c", PROGRAM]).arg(file));
    Some(serde_json::from_str(&printed).expect("python prints JSON"))
}

#[test]
fn a_second_build_has_nothing_to_do_and_every_build_is_the_same() {
    let (one, other) = (machines(""), machines(""));
    assert!(one.kthw(&["build", "--json"]).summary().executed > 0);
    assert_eq!(one.kthw(&["build", "--json"]).summary().executed, 0);
    one.kthw(&["build", "--check"]).exits(0);
    let (one, other) = (written(&one), written(&other));
    for host in HOSTS {
        for file in ["user-data", "meta-data", "network-config", "seed.img", "disk.qcow2", "domain.xml"] {
            let read = |out: &Path| fs::read(out.join("machines/hosts").join(host).join(file)).expect(file);
            assert_eq!(read(&one), read(&other), "{host} {file}");
        }
    }
}

#[test]
fn a_new_machine_holds_the_public_files_of_its_bundle_but_for_those_that_list_all_workers() {
    let folder = machines("");
    let out = written(&folder);
    for host in HOSTS {
        let Some(user_data) = yaml(&out.join("machines/hosts").join(host).join("user-data")) else { return };
        let bundle = folder.kthw(&["show", &format!("host/{host}/bundle")]).result();
        let bundle: Value = serde_json::from_str(&bundle).expect("a bundle is JSON");
        let files = bundle["files"].as_object().expect("a bundle has files");
        let public: Vec<&String> = files
            .iter()
            .filter(|(_, file)| file["output"].as_str().expect("text").starts_with("b3:"))
            .map(|(path, _)| path)
            .filter(|path| *path != "/etc/kubernetes/pod-routes")
            .collect();
        assert!(files.contains_key("/etc/kubernetes/pod-routes"), "{host}");
        let carried = user_data["write_files"].as_array().expect("it carries files");
        let paths: Vec<&str> = carried.iter().map(|file| file["path"].as_str().expect("text")).collect();
        assert_eq!(paths, public, "{host}");
        for file in carried {
            let path = file["path"].as_str().expect("text");
            let expected = fs::read_to_string(out.join(host).join(&path[1..])).expect("it is in the tree");
            assert_eq!(file["content"], expected.as_str(), "{host}:{path}");
            assert_eq!(file["permissions"], files[path]["mode"], "{host}:{path}");
            assert_eq!(file["owner"], files[path]["owner"], "{host}:{path}");
        }
        assert_eq!(user_data["timezone"], "Europe/London");
        assert_eq!(user_data["packages"].as_array().and_then(|all| all.last()), Some(&"curl".into()));
    }
}

#[test]
fn a_new_machine_may_hold_nothing() {
    let folder = machines("  carry: none\n");
    let shown = folder.kthw(&["show", "machine/worker-node-1/user-data"]).result();
    assert!(shown.starts_with("#cloud-config\nhostname: worker-node-1\n"));
    assert!(!shown.contains("write_files"), "{shown}");
}

#[test]
fn cloud_init_and_libvirt_and_qemu_take_everything() {
    let folder = machines("");
    let out = written(&folder).join("machines");
    for host in HOSTS {
        let of = |file: &str| out.join("hosts").join(host).join(file);
        let Some(mut cloud_init) = judge("cloud-init") else { return };
        approved(cloud_init.args(["schema", "--config-file"]).arg(of("user-data")));
        let Some(mut validate) = judge("virt-xml-validate") else { return };
        approved(validate.arg(of("domain.xml")).arg("domain"));
        let Some(mut blkid) = judge("blkid") else { return };
        let label = approved(blkid.args(["-p", "-s", "LABEL", "-o", "value"]).arg(of("seed.img")));
        assert_eq!(label, "cidata\n");
        for file in ["user-data", "meta-data", "network-config"] {
            let Some(mut mtype) = judge("mtype") else { return };
            let read = approved(mtype.arg("-i").arg(of("seed.img")).arg(format!("::{file}")));
            assert_eq!(read, fs::read_to_string(of(file)).expect("it is text"), "{host} {file}");
        }
    }
    let Some(mut validate) = judge("virt-xml-validate") else { return };
    approved(validate.arg(out.join("network.xml")).arg("network"));
    let Some(mut dnsmasq) = judge("dnsmasq") else { return };
    approved(dnsmasq.args(["--test", "-C"]).arg(out.join("dnsmasq.conf")));
}

/// The disks name the images where `build --out` puts them.
#[test]
fn a_disk_leads_to_its_image() {
    let folder = machines("");
    let out = written(&folder).join("machines");
    for (host, image, size) in [
        ("worker-node-1", "ubuntu-24.04-amd64.qcow2", 20_u64),
        ("worker-node-2", "ubuntu-24.04-arm64.qcow2", 40),
    ] {
        let Some(mut qemu_img) = judge("qemu-img") else { return };
        approved(qemu_img.args(["create", "-q", "-f", "qcow2"]).arg(out.join(image)).arg("3G"));
        let Some(mut qemu_img) = judge("qemu-img") else { return };
        let disk = out.join("hosts").join(host).join("disk.qcow2");
        approved(qemu_img.args(["check", "-q", "-f", "qcow2"]).arg(&disk));
        let Some(mut qemu_img) = judge("qemu-img") else { return };
        let chain = approved(qemu_img.args(["info", "--backing-chain", "--output", "json"]).arg(disk));
        let chain: Value = serde_json::from_str(&chain).expect("qemu-img prints JSON");
        assert_eq!(chain[0]["virtual-size"], size << 30);
        assert_eq!(chain[1]["virtual-size"], 3_u64 << 30);
    }
}

#[test]
fn an_image_that_is_not_pinned_is_named() {
    let folder = machines("");
    folder.edit("cluster.yaml", "machines:\n", "machines:\n  image: {name: debian-12}\n");
    let refusal = folder.kthw(&["build"]).refusal(2);
    let of = |arch: &str| format!("debian-12 20260923.2610.0 for linux/{arch}");
    let expected = format!("kthw.lock does not pin {}; nor {}; run `kthw lock`", of("amd64"), of("arm64"));
    assert!(refusal.contains(&expected), "{refusal}");
    folder.kthw(&["lock"]).exits(0);
    assert!(folder.read("kthw.lock").contains("algorithm = \"sha512\""));
    folder.kthw(&["build"]).exits(0);
}

#[test]
fn an_image_of_ones_own_is_pinned_where_it_is_written() {
    let digest = "a".repeat(64);
    let image = |digest: &str| format!("{{url: 'file:///srv/a.qcow2', checksum: 'sha256:{digest}'}}");
    let folder = machines("");
    let own = format!("machines:\n  image: {{amd64: {0}, arm64: {0}}}\n", image(&digest));
    folder.edit("cluster.yaml", "machines:\n", &own);
    folder.kthw(&["lock"]).exits(0);
    assert!(!folder.read("kthw.lock").contains("ubuntu-24.04"));
    folder.kthw(&["build"]).exits(0);
    let why = folder.kthw(&["why", "machines/image-arm64.qcow2"]).result();
    assert!(
        why.contains(&format!("checksum = sha256:{digest}")) && why.contains("machines.image.arm64"),
        "{why}"
    );
}

#[test]
fn a_change_of_one_machine_is_a_change_of_that_machine_alone() {
    let folder = machines("");
    folder.kthw(&["build"]).exits(0);
    folder.edit("cluster.yaml", "{disk: 40GiB}", "{disk: 40GiB, memory: 8GiB}");
    // The machine's definition, the list of its files, and the cluster's.
    assert_eq!(folder.kthw(&["build", "--json"]).summary().executed, 3);
}

#[test]
fn a_new_worker_leaves_the_seeds_of_others_alone() {
    let folder = machines("");
    let seeds = |out: &Path| {
        HOSTS.map(|host| fs::read(out.join("machines/hosts").join(host).join("seed.img")).expect("a seed"))
    };
    let before = seeds(&written(&folder));
    let routes =
        |out: &Path| fs::read_to_string(out.join("worker-node-1/etc/kubernetes/pod-routes")).expect("text");
    let more = "  - {name: worker-node-3, address: 10.0.0.38, roles: [worker]}\nmachines:\n";
    folder.edit("cluster.yaml", "machines:\n", more);
    let after = written(&folder);
    assert!(routes(&after).contains("10.0.0.38"), "the new worker reaches the others");
    assert!(seeds(&after) == before, "a seed changed with a worker that is not its own");
}

#[test]
fn a_file_of_a_bundle_is_not_the_users_to_write() {
    let folder = machines("");
    let written =
        "write_files: [{path: /etc/motd, content: a}, {path: /etc/hosts, content: b}], packages: [curl]";
    folder.edit("cluster.yaml", "packages: [curl]", written);
    let refusal = folder.kthw(&["build"]).refusal(2);
    let expected =
        "machines.userData.write_files[1].path /etc/hosts is a file of the bundle of host control-plane-1";
    assert!(refusal.contains(expected) && !refusal.contains("motd is"), "{refusal}");
    let line =
        1 + folder.read("cluster.yaml").lines().position(|line| line.contains("userData")).expect("a line");
    assert!(refusal.contains(&format!("cluster.yaml:{line}:")), "{refusal}");
    assert_eq!(refusal.matches("error:").count(), 1, "once for all hosts: {refusal}");
    folder.edit("cluster.yaml", ", {path: /etc/hosts, content: b}", "");
    folder.kthw(&["build"]).exits(0);
}

#[test]
fn an_image_of_ones_own_that_is_not_what_was_promised_is_named_by_its_field() {
    let folder = ClusterFolder::single();
    let image = folder.path().join("own.img");
    folder.write("own.img", "an image");
    let section = format!(
        "  image:\n    amd64:\n      url: file://{}\n      checksum: sha256:{}\n",
        image.display(),
        "a".repeat(64)
    );
    folder.write("cluster.yaml", &format!("{}{MACHINES}{section}", folder.read("cluster.yaml")));
    let said = folder.kthw(&["build", "--fetch", "machines/image-amd64.qcow2"]).refusal(1);
    let said = said.replace(folder.path().to_str().expect("plain names"), "FOLDER");
    let (_, error) = said.split_once("error: ").expect("an error");
    insta::assert_snapshot!(error, @"
    machines/image-amd64.qcow2: machines.image.amd64 could not be fetched: file://FOLDER/own.img has sha256 a5df3fde7b200c3fa2791144c7e05c5c2bced4c6ad863d3a4cf76c972c1712f9, expected aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (8 bytes); check the network or `downloads.mirrors`
      --> cluster.yaml:45:5
       |
    45 |     amd64:
       |     ^^^^^
       |
       = help: compare machines.image.amd64, its URL and its checksum, with what is published
    ");
}
