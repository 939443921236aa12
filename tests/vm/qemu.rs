//! Machines by QEMU without libvirt: what is started and ended, and when.

#![expect(clippy::disallowed_methods, reason = "tests read what was written and run two programs at once")]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use sha2::{Digest as _, Sha256};

use crate::cluster_folder::ClusterFolder;
use crate::guest::LeftRunning;
use crate::stand_in::StandIn;

/// The hosts, in the order of the file.
const FIRST: &str = "able";
const SECOND: &str = "worker-node-1";
const THIRD: &str = "worker-node-2";

/// The example with machines, whose hosts are in no order, and whose image is a few bytes.
fn cluster() -> (ClusterFolder, LeftRunning) {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "name: control-plane-1\n", &format!("name: {FIRST}\n"));
    let image = folder.place().join("image");
    fs::write(&image, "image").expect("our own folder");
    let digest: String = Sha256::digest("image").iter().map(|byte| format!("{byte:02x}")).collect();
    let machines = format!(
        "\nmachines:\n  image: {{amd64: {{url: \"file://{}\", checksum: \"sha256:{digest}\"}}}}\n",
        image.display()
    );
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &machines));
    let left = LeftRunning(folder.path().join(".kthw/machines"));
    (folder, left)
}

/// What the stand-in calls the machines of these hosts.
fn named(hosts: &[&str]) -> Vec<String> {
    let name = |host: &&str| match *host {
        "gateway" => "gateway".to_owned(),
        host => format!("hard-way-example-{host}"),
    };
    hosts.iter().map(name).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// How `up` says that a machine's ssh is reached.
fn ssh(up: &str, host: &str) -> String {
    up.lines().find(|line| line.starts_with(host)).expect("each machine has a line").to_owned()
}

#[test]
fn the_network_lives_from_the_first_machine_to_the_last() {
    let (folder, left) = cluster();
    let Some(qemu) = StandIn::new(&folder) else { return };
    let first = qemu.kthw(&folder, &["vm", "up", FIRST]).result();
    assert_eq!(qemu.started(), named(&["gateway", FIRST]));
    assert_eq!(left.noted().len(), 3, "the switch, the gateway and the machine");
    let more = qemu.kthw(&folder, &["vm", "up"]).result();
    assert_eq!(qemu.started(), named(&["gateway", FIRST, SECOND, THIRD]), "nothing is started twice");
    assert_eq!(ssh(&first, FIRST).split_whitespace().last(), ssh(&more, FIRST).split_whitespace().last());
    qemu.kthw(&folder, &["vm", "down", FIRST, SECOND]).exits(0);
    assert_eq!(qemu.running(), named(&["gateway", THIRD]));
    assert_eq!(left.noted().len(), 3, "what has ended is not noted any more");
    qemu.kthw(&folder, &["vm", "down"]).exits(0);
    assert_eq!((qemu.running(), left.noted()), (vec![], vec![]));
}

#[test]
fn another_network_is_another_gateway_that_keeps_its_ports() {
    let (folder, _left) = cluster();
    let Some(qemu) = StandIn::new(&folder) else { return };
    let before = qemu.kthw(&folder, &["vm", "up", FIRST]).result();
    folder.edit("cluster.yaml", "address: 10.0.0.37", "address: 10.0.0.38");
    let after = qemu.kthw(&folder, &["vm", "up", FIRST, SECOND]).result();
    assert_eq!(qemu.started(), named(&["gateway", FIRST, "gateway", SECOND]));
    assert_eq!(qemu.running(), named(&[FIRST, "gateway", SECOND]));
    let port = |up: &str| ssh(up, FIRST).split_whitespace().last().map(str::to_owned);
    assert_eq!(port(&before), port(&after));
    folder.edit("cluster.yaml", "address: 10.0.0.38", "address: 10.0.0.39");
    qemu.fail(&named(&[THIRD])[0], true);
    qemu.kthw(&folder, &["vm", "up", THIRD]).refusal(1);
    assert_eq!(qemu.running(), named(&[FIRST, SECOND, "gateway"]), "those that ran keep a way out");
    qemu.kthw(&folder, &["vm", "down"]).exits(0);
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let (folder, left) = cluster();
    let Some(qemu) = StandIn::new(&folder) else { return };
    let [third] = <[String; 1]>::try_from(named(&[THIRD])).expect("one");
    qemu.fail(&third, true);
    let refusal = qemu.kthw(&folder, &["vm", "up"]).refusal(1);
    assert!(refusal.contains(&format!("cannot start {THIRD}: {third} is too large")), "{refusal}");
    assert_eq!(qemu.started(), named(&["gateway", FIRST, SECOND, THIRD]));
    assert_eq!((qemu.running(), left.noted()), (vec![], vec![]));

    qemu.fail(&third, false);
    qemu.kthw(&folder, &["vm", "up", FIRST]).exits(0);
    qemu.fail(&third, true);
    qemu.kthw(&folder, &["vm", "up"]).refusal(1);
    assert_eq!(qemu.running(), named(&["gateway", FIRST]), "what ran before goes on");
    assert_eq!(left.noted().len(), 3);
    qemu.kthw(&folder, &["vm", "down"]).exits(0);
}

#[test]
fn what_cannot_run_is_refused_before_anything_is_done() {
    let check = |change: &dyn Fn(&ClusterFolder, &StandIn), expected: &str| {
        let (folder, _left) = cluster();
        let Some(qemu) = StandIn::new(&folder) else { return };
        change(&folder, &qemu);
        // It could not be fetched either.
        fs::remove_file(folder.place().join("image")).expect("it was written");
        let refusal = qemu.kthw(&folder, &["vm", "up"]).refusal(1);
        assert!(refusal.contains(expected), "{expected}: {refusal}");
        assert_eq!((qemu.started(), folder.exists(".kthw/machines")), (vec![], false), "{expected}");
    };
    check(&|_, _| (), "image-amd64.qcow2: machines.image.amd64 could not be fetched");
    check(&|_, qemu| qemu.uninstall(), "install QEMU 7.2 or newer, or libvirt");
    let dhcp = |folder: &ClusterFolder, _: &StandIn| {
        folder.edit("cluster.yaml", "machines:\n", "machines:\n  network: {addressing: dhcp}\n");
    };
    check(&dhcp, "machines.network.addressing dhcp needs libvirt");
    let v6 = |folder: &ClusterFolder, _: &StandIn| {
        let text = folder.read("cluster.yaml").replace("10.0.0.0/24", "fd00:10::/64");
        let text = text.replace("10.96.0.0/24", "fd00:96::/112").replace("10.200.0.0/16", "fd00:200::/48");
        let text =
            text.replace("10.96.0.10", "fd00:96::a").replace("https://10.0.0.4:", "https://[fd00:10::4]:");
        folder.write("cluster.yaml", &text.replace("10.0.0.", "fd00:10::"));
    };
    check(&v6, "machines with IPv6 addresses need libvirt");
    if [
        "/usr/share/AAVMF",
        "/usr/share/qemu-efi-aarch64",
        "/usr/share/edk2",
        "/usr/share/qemu/edk2-aarch64-code.fd",
    ]
    .iter()
    .any(|place| Path::new(place).exists())
    {
        // Here such a machine could run.
        return;
    }
    let arm = |folder: &ClusterFolder, _: &StandIn| {
        let text = folder.read("cluster.yaml");
        let amd64 =
            text.split_once("image: {").and_then(|(_, rest)| rest.split_once("}}")).expect("an image").0;
        let both = format!("image: {{{amd64}}}, {}}}}}", amd64.replacen("amd64", "arm64", 1));
        folder.edit("cluster.yaml", &format!("image: {{{amd64}}}}}"), &both);
        folder.edit("cluster.yaml", "address: 10.0.0.37\n", "address: 10.0.0.37\n    arch: arm64\n");
        folder.kthw(&["lock"]).exits(0);
    };
    check(&arm, &format!("{THIRD} is arm64, and its firmware is not here"));
}

#[test]
fn two_calls_at_once_start_everything_once() {
    let (folder, _left) = cluster();
    let Some(qemu) = StandIn::new(&folder) else { return };
    let calls = [(); 2].map(|()| {
        let mut call = qemu.command(&folder, &["vm", "up"]);
        call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("kthw runs")
    });
    for mut call in calls {
        assert!(call.wait().expect("our own child").success());
    }
    assert_eq!(sorted(qemu.started()), sorted(named(&["gateway", FIRST, SECOND, THIRD])));
    qemu.kthw(&folder, &["vm", "down"]).exits(0);
    assert_eq!(qemu.running(), Vec::<String>::new());
}

#[test]
fn a_machine_whose_host_is_gone_does_not_run_for_ever() {
    let (folder, left) = cluster();
    let Some(qemu) = StandIn::new(&folder) else { return };
    qemu.kthw(&folder, &["vm", "up", SECOND, THIRD]).exits(0);
    let host = format!("  - name: {THIRD}\n    address: 10.0.0.37\n    roles: [worker]\n");
    folder.edit("cluster.yaml", &host, "");
    qemu.kthw(&folder, &["vm", "down", SECOND]).exits(0);
    let status = qemu.kthw(&folder, &["vm", "status", "--json"]).result();
    let all: Vec<serde_json::Value> = serde_json::from_str(&status).expect("JSON");
    let third = all.iter().find(|one| one["host"] == THIRD).expect("it is listed");
    assert_eq!((&third["state"], &third["stale"]), (&"running".into(), &serde_json::json!(["host"])));
    assert!(third["pid"].is_u64() && third["address"].is_null() && third["ssh"].is_null(), "{third}");
    let down = qemu.kthw(&folder, &["vm", "down"]).result();
    assert!(down.contains(&format!("{THIRD}: shut down\n")), "{down}");
    assert_eq!((qemu.running(), left.noted()), (vec![], vec![]));
}
