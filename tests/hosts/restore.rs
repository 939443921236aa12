//! docs/etcd-restore.md, line by line: every block of commands is run where the page says, as it stands there.

use crate::cluster::Cluster;
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::releases::Releases;

const PAGE: &str = include_str!("../../docs/etcd-restore.md");

const TIMERS: &str = "etcd-backup-frequent.timer etcd-backup-daily.timer etcd-backup-weekly.timer \
                      etcd-backup-configuration.timer etcd-defragmentation.timer";

/// The blocks of commands, which are indented, in their order.
fn blocks() -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut is_within = false;
    for line in PAGE.lines() {
        let is_command = line.starts_with("    ");
        match blocks.last_mut().filter(|_| is_within && is_command) {
            Some(block) => block.push_str(&format!("\n{}", line.trim())),
            None if is_command => blocks.push(line.trim().to_owned()),
            None => {}
        }
        is_within = is_command;
    }
    blocks
}

#[test]
fn a_cluster_is_restored_as_the_page_says_and_its_copies_go_on() {
    let Some(releases) = Releases::of("1.36", &["etcd"]) else { return };
    let folder = releases.cluster_of("production");
    // One control plane is enough to see what is written.
    for name in ["cp-2", "cp-3"] {
        let text = folder.read("cluster.yaml");
        let (before, rest) = text.split_once(&format!("  - name: {name}\n")).expect("a host of the example");
        let (_, after) = rest.split_once("  - name: ").expect("it is not the last");
        folder.write("cluster.yaml", &format!("{before}  - name: {after}"));
    }
    let Some(mut cluster) = Cluster::bare(folder) else { return };
    cluster.deliver();
    cluster.on_all(|host| {
        let script =
            "printf '#!/bin/sh\\n' >/usr/local/bin/copy-off-site && chmod 755 /usr/local/bin/copy-off-site";
        host.run(script);
    });
    cluster.start();
    is_ready(&cluster);
    let blocks = blocks();
    let [look, stop_api, stop_etcd, restore, start_etcd, start_api] = blocks.as_slice() else {
        panic!("a block of the page is not run here: {blocks:#?}")
    };
    let members = cluster.etcd_members();
    let on_members = |script: &(dyn Fn(&Host) -> String + Sync)| {
        std::thread::scope(|scope| {
            for member in &members {
                scope.spawn(move || member.run(&script(member)));
            }
        });
    };

    cluster.kubectl("create configmap before").expect("it is written");
    members[0].run("systemctl start etcd-backup-frequent.service");
    assert!(members[0].run(look).contains("etcd-etcd-1-"), "a copy is listed");
    cluster.kubectl("create configmap after").expect("it is written");

    cluster.control_planes()[0].run(stop_api);
    on_members(&|_| stop_etcd.clone());
    let copy = members[0].run("cat /srv/backup/frequent/etcd-*.db | base64 --wrap=0");
    on_members(&|_| format!("base64 --decode >/root/chosen.db <<END\n{copy}\nEND"));
    on_members(&|member| {
        let own = restore.replace("--name etcd-1", &format!("--name {}", member.name));
        own.replace("urls https://10.20.0.21", &format!("urls https://{}", member.address))
    });
    on_members(&|_| start_etcd.clone());
    cluster.control_planes()[0].run(start_api);

    is_ready(&cluster);
    cluster.kubectl("get configmap before").expect("it was there");
    let refusal = cluster.kubectl("get configmap after").expect_err("it was written later");
    assert!(refusal.contains("NotFound"), "{refusal}");
    for member in &members {
        assert_eq!(member.run(&format!("systemctl is-active {TIMERS}")), "active\n".repeat(5));
        assert_eq!(member.run("stat --format=%U /var/lib/etcd /srv/etcd-wal/wal"), "etcd\netcd\n");
    }
}

fn is_ready(cluster: &Cluster) {
    eventually("the API is ready", seconds(120), || {
        let ready = cluster.kubectl("get --raw=/readyz")?;
        provided(ready == "ok", ready)
    });
}
