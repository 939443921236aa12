//! Machines by libvirt: what it is told, and what becomes of their files.

#![expect(clippy::disallowed_methods, reason = "tests read what was written")]

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::cluster_folder::ClusterFolder;
use crate::virsh::Virsh;

/// What libvirt knows the example's worker-node-1 by.
const UUID: &str = "85d11443-5fbe-8ba4-b70f-b14ef065840c";

/// The example with machines, whose image is a few bytes.
fn cluster() -> ClusterFolder {
    let folder = ClusterFolder::single();
    let machines = format!(
        "\nmachines:\n  folder: {}\n{}",
        folder.place().join("images").display(),
        image(&folder, "one")
    );
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &machines));
    folder
}

fn image(folder: &ClusterFolder, content: &str) -> String {
    let path = folder.place().join(content);
    fs::write(&path, content).expect("our own folder");
    let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("  image: {{amd64: {{url: \"file://{}\", checksum: \"sha256:{digest}\"}}}}\n", path.display())
}

fn at(folder: &ClusterFolder, path: &str) -> Vec<u8> {
    fs::read(folder.place().join("images").join(path)).expect("it was put there")
}

#[test]
fn libvirt_is_told_what_is_planned_and_no_more_than_needed() {
    let (folder, args) = (cluster(), |verb| ["vm", verb, "worker-node-1"]);
    let virsh = Virsh::new(&folder);
    let place = folder.place().join("images");
    let place = place.display();
    let up = virsh.kthw(&folder, &args("up")).result();
    assert_eq!(up, "worker-node-1  ssh root@10.0.0.36 -p 22\n");
    let start = format!("start {UUID}\n");
    let define = format!("define {place}/hosts/worker-node-1/domain.xml\n");
    let network = format!("net-define {place}/network.xml\n");
    assert_eq!(virsh.told(), format!("{network}net-start hard-way-example\n{define}{start}"));
    assert_eq!(virsh.running(), ["hard-way-example-worker-node-1"]);
    folder.kthw(&["build", "--out", "out"]).exits(0);
    let built = |path: &str| fs::read(folder.path().join("out/machines").join(path)).expect("it was built");
    for name in ["disk.qcow2", "seed.img", "domain.xml"] {
        let path = format!("hosts/worker-node-1/{name}");
        assert_eq!(at(&folder, &path), built(&path), "{name}");
    }
    assert_eq!(at(&folder, "image-amd64.qcow2"), b"one");

    virsh.kthw(&folder, &args("up")).exits(0);
    assert_eq!(virsh.told(), "", "it runs already");
    let down = virsh.kthw(&folder, &args("down")).result();
    assert_eq!(
        (down.as_str(), virsh.told().as_str()),
        ("worker-node-1: shut down\n", &*format!("shutdown {UUID}\n"))
    );
    fs::write(folder.place().join("images/hosts/worker-node-1/disk.qcow2"), "written to").expect("a disk");
    virsh.kthw(&folder, &args("up")).exits(0);
    assert_eq!(virsh.told(), format!("{network}{define}{start}"), "the network runs already");
    assert_eq!(at(&folder, "hosts/worker-node-1/disk.qcow2"), b"written to", "the disk is the machine's own");
    let down = virsh.kthw(&folder, &["vm", "down", "--destroy", "worker-node-1"]).result();
    assert_eq!(down, "worker-node-1: shut down, disk deleted\n");
    assert!(virsh.told().ends_with(&format!("undefine {UUID} --nvram\n")));
    assert!(!folder.place().join("images/hosts/worker-node-1").exists());
}

#[test]
fn a_disk_on_another_image_is_not_used_and_not_lost() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    for verb in ["up", "down"] {
        virsh.kthw(&folder, &["vm", verb, "worker-node-1", "worker-node-2"]).exits(0);
    }
    let status = |expected: &str| {
        let table = virsh.kthw(&folder, &["vm", "status", "worker-node-1"]).result();
        assert_eq!(table.lines().nth(1), Some(expected), "{table}");
    };
    status("worker-node-1  stopped  -    10.0.0.36  current  -");
    let (one, two) = (image(&folder, "one"), image(&folder, "two"));
    folder.edit("cluster.yaml", &one, &two);
    virsh.told();
    status("worker-node-1  stopped  -    10.0.0.36  stale disk  -");
    let refusal = virsh.kthw(&folder, &["vm", "up", "worker-node-1"]).refusal(1);
    assert!(refusal.contains("the disk of worker-node-1 was made from another image"), "{refusal}");
    assert!(refusal.contains("`kthw vm up --recreate`"), "{refusal}");
    let refusal = virsh.kthw(&folder, &["vm", "up", "--recreate", "worker-node-1"]).refusal(1);
    assert!(refusal.contains("the disk of worker-node-2 is on another image-amd64.qcow2"), "{refusal}");
    assert_eq!((virsh.told().as_str(), at(&folder, "image-amd64.qcow2")), ("", b"one".to_vec()));
    virsh.kthw(&folder, &["vm", "up", "--recreate", "worker-node-1", "worker-node-2"]).exits(0);
    assert_eq!(at(&folder, "image-amd64.qcow2"), b"two");
    status("worker-node-1  running  -    10.0.0.36  current  root@10.0.0.36 -p 22");
}

#[test]
fn nothing_is_deleted_that_is_not_a_stopped_machine_of_ours() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    let destroy = ["vm", "down", "--destroy", "worker-node-1", "worker-node-2"];
    virsh.kthw(&folder, &["vm", "up", "worker-node-1"]).exits(0);
    let thesis = folder.place().join("images/hosts/worker-node-2/thesis");
    fs::create_dir(thesis.parent().expect("a folder")).expect("our own folder");
    fs::write(&thesis, "years of work").expect("our own folder");
    let refusal = virsh.kthw(&folder, &destroy).refusal(1);
    assert!(refusal.contains("is no folder of a machine that kthw made"), "{refusal}");
    fs::remove_file(&thesis).expect("our own file");
    fs::remove_dir(thesis.parent().expect("a folder")).expect("our own folder");
    virsh.fail("list");
    let refusal = virsh.kthw(&folder, &destroy).refusal(1);
    assert!(refusal.contains("virsh list --uuid: list is not possible today"), "{refusal}");
    assert!(folder.place().join("images/hosts/worker-node-1/disk.qcow2").exists());
}

#[test]
fn what_libvirt_refuses_is_passed_on() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    virsh.fail("start");
    let refusal = virsh.kthw(&folder, &["vm", "up", "worker-node-1"]).refusal(1);
    let expected = format!("worker-node-1: virsh start {UUID}: start is not possible today");
    assert!(refusal.contains(&expected), "{refusal}");
}

#[test]
fn one_machine_that_cannot_be_told_leaves_no_other_running() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    virsh.kthw(&folder, &["vm", "up"]).exits(0);
    assert_eq!(virsh.running().len(), 3);
    virsh.fail(&format!("shutdown-{UUID}"));
    let refusal = virsh.kthw(&folder, &["vm", "down"]).refusal(1);
    assert_eq!(virsh.running(), ["hard-way-example-worker-node-1"]);
    assert!(refusal.contains(&format!("worker-node-1: virsh shutdown {UUID}: shutdown is not")), "{refusal}");
    assert_eq!(refusal.matches("error: ").count(), 1, "{refusal}");
    virsh.kthw(&folder, &["vm", "up"]).exits(0);
    virsh.fail("shutdown");
    let refusal = virsh.kthw(&folder, &["vm", "down"]).refusal(1);
    assert_eq!(refusal.matches("error: ").count(), 3, "{refusal}");
}

/// Two clusters of one name, on one hypervisor and with folders of their own.
#[test]
fn clusters_of_one_name_do_not_meet() {
    let (one, other) = (cluster(), cluster());
    other.edit("kthw.lock", "cluster = \"hard-way-example\"", "cluster = \"hard-way-another\"");
    let virsh = Virsh::new(&one);
    for folder in [&one, &other] {
        virsh.kthw(folder, &["vm", "up", "worker-node-1"]).exits(0);
    }
    let names = ["hard-way-another-worker-node-1", "hard-way-example-worker-node-1"];
    assert_eq!(virsh.running(), names);
    virsh.kthw(&other, &["vm", "down", "--destroy"]).exits(0);
    assert_eq!(virsh.running(), names[1..]);
    let bridge = |folder: &ClusterFolder| {
        let network = fs::read_to_string(folder.place().join("images/network.xml")).expect("it was written");
        let line = network.lines().find(|line| line.contains("<bridge")).expect("a bridge");
        line.to_owned()
    };
    assert_ne!(bridge(&one), bridge(&other));
}

#[test]
fn what_is_another_clusters_is_left_alone() {
    let (one, other) = (cluster(), cluster());
    other.edit("kthw.lock", "cluster = \"hard-way-example\"", "cluster = \"hard-way-another\"");
    let [own, others] = [&other, &one].map(|folder| folder.place().join("images").display().to_string());
    other.edit("cluster.yaml", &own, &others);
    let virsh = Virsh::new(&one);
    virsh.kthw(&one, &["vm", "up", "worker-node-1"]).exits(0);
    virsh.told();
    for args in [&["vm", "up"][..], &["vm", "down", "--destroy"], &["vm", "status"]] {
        let refusal = virsh.kthw(&other, args).refusal(1);
        assert!(refusal.contains("images holds the machines of cluster hard-way-example"), "{refusal}");
        assert!(refusal.contains("`machines.folder`"), "{refusal}");
    }
    // Even where the folder does not say whose it is, each machine does.
    fs::remove_file(one.place().join("images/cluster")).expect("it was written");
    for args in [&["vm", "up", "--recreate", "worker-node-1"][..], &["vm", "down", "--destroy"]] {
        let refusal = virsh.kthw(&other, args).refusal(1);
        assert!(
            refusal.contains("is no folder of a machine that kthw made for hard-way-another"),
            "{refusal}"
        );
    }
    other.edit("cluster.yaml", &others, &own);
    for (kind, name, expected) in [
        ("nets", "hard-way-another", "libvirt has a network hard-way-another that is not of cluster"),
        ("defined", "hard-way-another-worker-node-1", "libvirt has a machine hard-way-another-worker-node-1"),
    ] {
        virsh.defined(kind, name);
        let refusal = virsh.kthw(&other, &["vm", "up", "worker-node-1"]).refusal(1);
        assert!(refusal.contains(expected), "{refusal}");
        virsh.forget(kind);
    }
    assert_eq!(virsh.told(), "");
    assert!(!other.place().join("images").exists(), "nothing is put there in vain");
}

#[test]
fn what_the_processor_does_not_know_is_emulated() {
    let folder = cluster();
    let (native, foreign) =
        if cfg!(target_arch = "aarch64") { ("arm64", "amd64") } else { ("amd64", "arm64") };
    let text = folder.read("cluster.yaml");
    let amd64 = text.split_once("image: {").and_then(|(_, rest)| rest.split_once("}}")).expect("an image").0;
    let both = format!("image: {{{amd64}}}, {}}}}}", amd64.replacen("amd64", "arm64", 1));
    folder.edit("cluster.yaml", &format!("image: {{{amd64}}}}}"), &both);
    for (address, arch) in [("10.0.0.36", foreign), ("10.0.0.37", native)] {
        let line = format!("address: {address}\n");
        folder.edit("cluster.yaml", &line, &format!("{line}    arch: {arch}\n"));
    }
    folder.kthw(&["lock"]).exits(0);
    let virsh = Virsh::new(&folder);
    let kind = |host: &str| {
        let domain = String::from_utf8(at(&folder, &format!("hosts/{host}/domain.xml"))).expect("text");
        domain.lines().next().expect("a line").to_owned()
    };
    let up = virsh.kthw(&folder, &["vm", "up", "worker-node-1", "worker-node-2"]).exits(0);
    let expected = format!("worker-node-1 is emulated, which is slow: this computer is not {foreign}\n");
    assert!(up.stderr.contains(&expected) && !up.stderr.contains("worker-node-2 is"), "{}", up.stderr);
    let (emulated, kvm) = ("<domain type=\"qemu\">", "<domain type=\"kvm\">");
    assert_eq!([kind("worker-node-1"), kind("worker-node-2")], [emulated, kvm]);
    virsh.kthw(&folder, &["vm", "down"]).exits(0);
    virsh.kthw(&folder, &["vm", "up", "--emulate", "worker-node-2"]).exits(0);
    assert_eq!(kind("worker-node-2"), emulated, "the user asks for it");
}

#[test]
fn a_machine_whose_host_is_gone_is_seen_and_stopped() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    virsh.kthw(&folder, &["vm", "up", "worker-node-1", "worker-node-2"]).exits(0);
    let host = "  - name: worker-node-2\n    address: 10.0.0.37\n    roles: [worker]\n";
    folder.edit("cluster.yaml", host, "");
    let table = virsh.kthw(&folder, &["vm", "status"]).result();
    let line = table.lines().find(|line| line.starts_with("worker-node-2")).expect("it is listed");
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["worker-node-2", "running", "-", "-", "stale", "host", "-"]);
    let down = virsh.kthw(&folder, &["vm", "down", "worker-node-1"]).result();
    assert_eq!(down, "worker-node-1: shut down\n", "the others stay");
    let down = virsh.kthw(&folder, &["vm", "down"]).result();
    assert!(down.ends_with("worker-node-2: shut down\n"), "{down}");
    assert!(virsh.running().is_empty());
    let down = virsh.kthw(&folder, &["vm", "down", "--destroy", "worker-node-2"]).result();
    assert_eq!(down, "worker-node-2: not running, disk deleted\n");
    assert!(!virsh.kthw(&folder, &["vm", "status"]).result().contains("worker-node-2"));
}

#[test]
fn a_disk_that_nothing_is_noted_of_is_stale() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    for verb in ["up", "down"] {
        virsh.kthw(&folder, &["vm", verb, "worker-node-1"]).exits(0);
    }
    fs::remove_file(folder.place().join("images/hosts/worker-node-1/made.json")).expect("it was written");
    let table = virsh.kthw(&folder, &["vm", "status", "worker-node-1"]).result();
    assert!(table.contains("  stale disk  "), "{table}");
    virsh.kthw(&folder, &["vm", "up", "worker-node-1"]).refusal(1);
    let refusal = virsh.kthw(&folder, &["vm", "up", "--recreate", "worker-node-1"]).refusal(1);
    assert!(refusal.contains("is no folder of a machine that kthw made"), "{refusal}");
}

/// Names that files in the folder of machines have, too.
#[test]
fn a_host_may_be_called_like_any_file_of_kthws() {
    let folder = cluster();
    let names = ["image-amd64.qcow2", "cluster", "network.xml"];
    for (host, name) in ["control-plane-1", "worker-node-1", "worker-node-2"].into_iter().zip(names) {
        folder.edit("cluster.yaml", &format!("name: {host}\n"), &format!("name: {name}\n"));
    }
    let virsh = Virsh::new(&folder);
    virsh.kthw(&folder, &["vm", "up"]).exits(0);
    assert_eq!(at(&folder, "image-amd64.qcow2"), b"one");
    folder.kthw(&["build", "--out", "out"]).exits(0);
    for name in names {
        assert!(folder.path().join("out/machines/hosts").join(name).join("disk.qcow2").exists(), "{name}");
    }
    virsh.kthw(&folder, &["vm", "down", "--destroy"]).exits(0);
}

#[test]
fn who_has_no_machines_is_told() {
    let check = |folder: &ClusterFolder, args: &[&str], code: i32, expected: &str| {
        let refusal = Virsh::new(folder).kthw(folder, args).refusal(code);
        assert!(refusal.contains(expected), "{args:?}: {refusal}");
    };
    check(&ClusterFolder::single(), &["vm", "up"], 2, "write the section machines");
    check(&cluster(), &["vm", "up", "worker-node-3"], 2, "did you mean `worker-node-1`?");
    check(&cluster(), &["vm", "console", "worker-node-1"], 1, "`kthw vm up worker-node-1` starts it");
}
