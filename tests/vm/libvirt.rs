//! Machines by libvirt: what it is told, and what becomes of their files.

#![expect(clippy::disallowed_methods, reason = "tests read what was written")]

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::cluster_folder::ClusterFolder;
use crate::virsh::Virsh;

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
    let start = "start hard-way-worker-node-1\n";
    let define = format!("define {place}/worker-node-1/domain.xml\n");
    let network = format!("net-define {place}/hard-way.xml\n");
    assert_eq!(virsh.told(), format!("{network}net-start hard-way\n{define}{start}"));
    folder.kthw(&["build", "--out", "out"]).exits(0);
    let built = |path: &str| fs::read(folder.path().join("out/machines").join(path)).expect("it was built");
    for name in ["disk.qcow2", "seed.img", "domain.xml"] {
        let path = format!("worker-node-1/{name}");
        assert_eq!(at(&folder, &path), built(&path), "{name}");
    }
    assert_eq!(at(&folder, "image-amd64.qcow2"), b"one");

    virsh.kthw(&folder, &args("up")).exits(0);
    assert_eq!(virsh.told(), "", "it runs already");
    let down = virsh.kthw(&folder, &args("down")).result();
    assert_eq!(
        (down.as_str(), virsh.told().as_str()),
        ("worker-node-1: shut down\n", "shutdown hard-way-worker-node-1\n")
    );
    fs::write(folder.place().join("images/worker-node-1/disk.qcow2"), "written to").expect("a disk");
    virsh.kthw(&folder, &args("up")).exits(0);
    assert_eq!(virsh.told(), format!("{network}{define}{start}"), "the network runs already");
    assert_eq!(at(&folder, "worker-node-1/disk.qcow2"), b"written to", "the disk is the machine's own");
    let down = virsh.kthw(&folder, &["vm", "down", "--destroy", "worker-node-1"]).result();
    assert_eq!(down, "worker-node-1: shut down, disk deleted\n");
    assert!(virsh.told().ends_with("undefine hard-way-worker-node-1 --nvram\n"));
    assert!(!folder.place().join("images/worker-node-1").exists());
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
    let thesis = folder.place().join("images/worker-node-2/thesis");
    fs::create_dir(thesis.parent().expect("a folder")).expect("our own folder");
    fs::write(&thesis, "years of work").expect("our own folder");
    let refusal = virsh.kthw(&folder, &destroy).refusal(1);
    assert!(refusal.contains("is no folder of a machine that kthw made"), "{refusal}");
    fs::remove_file(&thesis).expect("our own file");
    fs::remove_dir(thesis.parent().expect("a folder")).expect("our own folder");
    virsh.fail("list");
    let refusal = virsh.kthw(&folder, &destroy).refusal(1);
    assert!(refusal.contains("virsh list --name: list is not possible today"), "{refusal}");
    assert!(folder.place().join("images/worker-node-1/disk.qcow2").exists());
}

#[test]
fn what_libvirt_refuses_is_passed_on() {
    let folder = cluster();
    let virsh = Virsh::new(&folder);
    virsh.fail("start");
    let refusal = virsh.kthw(&folder, &["vm", "up", "worker-node-1"]).refusal(1);
    assert!(refusal.contains("virsh start hard-way-worker-node-1: start is not possible today"), "{refusal}");
    let refusal = virsh.kthw(&folder, &["vm", "up", "--emulate", "worker-node-1"]).refusal(1);
    assert!(refusal.contains("acceleration: emulation"), "{refusal}");
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
