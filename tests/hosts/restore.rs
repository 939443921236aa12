//! `docs/etcd-restore.md`, line by line, on the hosts of the cluster that it is about.

use crate::cluster::at_once;
use crate::control_planes::{comes_up, is_up};
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;

const PAGE: &str = include_str!("../../docs/etcd-restore.md");

#[test]
fn an_etcd_of_its_own_comes_up_and_is_restored_as_its_page_says() {
    let off_site = "mkdir -p /srv/off-site && cp \"$1\" /srv/off-site/";
    let Some(cluster) = comes_up(
        "production",
        // What is written here fits many times.
        |folder| folder.edit("cluster.yaml", "quota: 8GiB", "quota: 32MiB"),
        |cluster| {
            for member in cluster.etcd_members() {
                member.write("/usr/local/bin/copy-off-site", &format!("#!/bin/sh\n{off_site}\n"));
                member.run("chmod 755 /usr/local/bin/copy-off-site");
            }
        },
    ) else {
        return;
    };
    let [
        look,
        compact,
        defragment,
        disarm,
        clear,
        replace,
        join,
        stop_servers,
        stop_etcd,
        restore,
        start_etcd,
        start_servers,
    ] = &blocks()[..]
    else {
        panic!("the page has other commands than this test knows: {:#?}", blocks());
    };
    let (members, servers) = (cluster.etcd_members(), cluster.control_planes());
    let (first, second) = (members[0], members[1]);

    // The copies are looked at.
    cluster.kubectl("create configmap before").expect("there is none");
    at_once(&members, copies);
    cluster.kubectl("create configmap after").expect("there is none");
    let seen = first.run(look);
    assert!(seen.contains("etcd-backup-frequent.timer") && seen.contains("0 loaded units listed"), "{seen}");
    assert_eq!(first.run("ls /srv/off-site"), first.run("ls /srv/backup/frequent"));

    // Everything is defragmented, though no quota is full.
    for member in &members {
        member.run(defragment);
    }

    // The data is wrong.
    at_once(&servers, |host| drop(host.run(stop_servers)));
    at_once(&members, |member| drop(member.run(stop_etcd)));
    let chosen = second.run("ls -t /srv/backup/frequent/*.db | head -n 1");
    for member in &members {
        let copy = format!("cp {}{} {}/root/chosen.db", second.root(), chosen.trim(), member.root());
        cluster.client(&copy).expect("a file of another host");
        let own = [("--name ", &first.name, &member.name), ("-peer-urls https://", &ip(first), &ip(member))];
        let own = own.iter().fold(restore.clone(), |text, (flag, from, to)| {
            let (from, to) = (format!("{flag}{from}"), format!("{flag}{to}"));
            assert_eq!(text.matches(&from).count(), 1, "{from}");
            text.replace(&from, &to)
        });
        member.run(&own);
    }
    let (start_etcd, ask) = start_etcd.split_once("etcdctl ").expect("etcd is asked last");
    at_once(&members, |member| drop(member.run(start_etcd)));
    let health = first.run(&format!("etcdctl {ask} 2>&1"));
    assert_eq!(health.matches("is healthy").count(), members.len(), "{health}");
    at_once(&servers, |host| drop(host.run(start_servers)));

    is_up(&cluster);
    eventually("what was written after the copy is gone", seconds(30), || {
        let maps = cluster.kubectl("get configmaps --output=name")?;
        provided(maps.contains("/before") && !maps.contains("/after"), maps)
    });
    at_once(&members, |member| {
        copies(member);
        member.run("rm --recursive /var/lib/etcd.before /srv/etcd-wal/wal.before");
    });

    // A member is lost with all that it had, and a new one in its place founds a cluster of its own before it is stopped.
    let third = members[2];
    third.run("systemctl stop etcd && rm -rf /var/lib/etcd/member /srv/etcd-wal/wal && systemctl start --no-block etcd");
    third.run(clear);
    first.run(replace);
    third.run(join);
    let joined = || {
        let health = first.ask(&format!("etcdctl {ask} 2>&1"))?;
        provided(health.matches("is healthy").count() == members.len(), health)
    };
    eventually("the new member has joined", seconds(60), joined);
    third.power_off();
    third.power_on();
    eventually("it is there after the next start of its host", seconds(60), joined);

    // The quota is full, of a key's past alone.
    let (options, _) = compact.split_once("etcdctl ").expect("etcd is asked");
    let etcdctl = |arguments: &str| first.ask(&format!("{options}etcdctl {arguments}"));
    eventually("the API takes writes", seconds(120), || cluster.kubectl("create configmap writes"));
    let megabyte = "head --bytes=1000000 /dev/zero | tr '\\0' x >/tmp/megabyte; ";
    let fill = "for _ in $(seq 100); do etcdctl put kthw/full </tmp/megabyte >/dev/null; done";
    let refusal = first.ask(&format!("{megabyte}{options}{fill}")).expect_err("the quota is less than that");
    assert!(refusal.contains("database space exceeded"), "{refusal}");
    assert!(etcdctl("alarm list").expect("etcd answers").contains("NOSPACE"));
    let refusal = cluster.kubectl("create configmap refused").expect_err("there is no space");
    assert!(refusal.contains("database space exceeded"), "{refusal}");
    copies(first);
    let sizes = first.run(compact);
    for member in &members {
        member.run(defragment);
    }
    let after = first.run(&format!("{options}{disarm}"));
    println!("{sizes}{after}");
    assert_eq!(etcdctl("alarm list").as_deref(), Ok(""));
    eventually("the API takes writes again", seconds(60), || cluster.kubectl("create configmap taken"));
}

/// Takes a copy by hand, whose revision the restored cluster has raised.
fn copies(member: &Host) {
    let list = "ls /srv/backup/frequent";
    let before = member.ask(list).unwrap_or_default().lines().count();
    member.run("systemctl start etcd-backup-frequent.service");
    assert!(member.run(list).lines().count() > before, "{} has no new copy", member.name);
}

fn ip(host: &Host) -> String {
    host.address.to_string()
}

/// The commands of the page: lines that are set off from its text.
fn blocks() -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut within = false;
    for line in PAGE.lines() {
        let is_command = line.starts_with("    ");
        if is_command && !within {
            blocks.push(String::new());
        }
        if is_command && let Some(block) = blocks.last_mut() {
            *block += &format!("{}\n", line.trim_start());
        }
        within = is_command;
    }
    blocks
}
