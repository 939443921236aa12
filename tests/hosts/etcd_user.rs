//! etcd as a user of its own, with its log on a disk of its own: on a fresh host, on one where etcd was root, and on one
//! whose disk is missing.

use crate::cluster::{Cluster, MINOR};
use crate::eventually::{eventually, provided, seconds};
use crate::host::Host;
use crate::releases::Releases;

const OWNERS: &str = "stat --format=%U:%G:%a /var/lib/etcd /var/lib/etcd/member /srv/etcd-wal/wal";
const ITS_OWN: &str = "etcd:etcd:700\netcd:etcd:700\netcd:etcd:700\n";
const ETCDCTL: &str = "etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt \
                       --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt \
                       --key=/etc/kubernetes/pki/etcd/healthcheck-client.key";

#[test]
fn etcd_is_a_user_of_its_own_whatever_it_finds() {
    let Some(releases) = Releases::of(MINOR, &["etcd"]) else { return };
    let folder = releases.cluster_of("single");
    folder.edit("cluster.yaml", "hosts:\n", "etcd: {walDir: /srv/etcd-wal}\nhosts:\n");
    let Some(mut cluster) = Cluster::bare(folder) else { return };
    cluster.deliver();
    cluster.start();
    let host = &cluster.hosts[0];

    // The folder of the log was not there.
    is_active(host);
    assert_eq!(host.run("ps -o user= -C etcd"), "etcd\n");
    assert_eq!(host.run(OWNERS), ITS_OWN);
    assert_eq!(host.run("find /etc/kubernetes ! -user root"), "", "keys are root's");
    host.run(&format!("{ETCDCTL} put kept yes"));

    // An earlier kthw ran it as root, and root restores copies.
    host.run("systemctl stop etcd && chown -R root:root /var/lib/etcd /srv/etcd-wal && systemctl start --no-block etcd");
    is_active(host);
    assert_eq!(host.run(OWNERS), ITS_OWN);
    assert_eq!(host.run(&format!("{ETCDCTL} get --print-value-only kept")), "yes\n");

    // A disk that cannot be mounted is not replaced by a folder, which would be a log without a past.
    host.run("systemctl stop etcd && mv /srv/etcd-wal /srv/disk && mkdir /srv/etcd-wal");
    host.run("echo 'disk /srv/etcd-wal broken' >>/etc/fstab && systemctl daemon-reload");
    let refusal = host.ask("systemctl start etcd").expect_err("there is no disk");
    assert!(refusal.contains("dependency"), "{refusal}");
    assert_eq!(host.run("ls /srv/etcd-wal"), "");
    host.run("sed -i 's:^disk .*:/srv/disk /srv/etcd-wal none bind:' /etc/fstab && systemctl daemon-reload");
    host.run("systemctl start --no-block etcd");
    is_active(host);
    assert_eq!(host.run(&format!("{ETCDCTL} get --print-value-only kept")), "yes\n");
}

#[track_caller]
fn is_active(host: &Host) {
    eventually("etcd is active", seconds(60), || {
        let state = host.ask("systemctl is-active etcd || journalctl --no-pager --lines=20 --unit=etcd")?;
        provided(state == "active\n", state)
    });
}
