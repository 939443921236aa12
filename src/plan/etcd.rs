//! What every member of etcd runs.

use super::control_plane::place;
use super::flags::{self, path};
use super::pki;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, Readiness, Section, Unit};
use crate::cluster::{Authority, Cluster, Host};

impl Planner<'_> {
    pub(super) fn place_etcd(&mut self, files: &mut HostFiles<'_>) {
        let host = files.host;
        self.define_identities(pki::etcd_identities(host));
        let ca = self.authority(Authority::Etcd);
        files.public(path::ETCD_CA_CERT, ca.cert);
        let of = |part: &str| format!("host/{}/{part}", host.name);
        for (name, paths) in [
            ("pki/etcd/healthcheck-client".to_owned(), path::ETCD_HEALTHCHECK),
            (of("pki/etcd-server"), path::ETCD_SERVER),
            (of("pki/etcd-peer"), path::ETCD_PEER),
        ] {
            let pair = self.pair(&name);
            place(files, pair, paths);
        }
        let etcd = self.define(&of("etcd.service"), etcd_unit(self.cluster, host), []);
        files.service(
            "etcd.service",
            etcd,
            [
                "/usr/local/bin/etcd",
                path::ETCD_CA_CERT,
                path::ETCD_SERVER.0,
                path::ETCD_SERVER.1,
                path::ETCD_PEER.0,
                path::ETCD_PEER.1,
            ],
        );
    }
}

fn etcd_unit(cluster: &Cluster, host: &Host) -> Unit {
    let unit = Unit::service("etcd", "https://etcd.io/docs/", Readiness::Notify, flags::etcd(cluster, host))
        // The first member of a new cluster counts as started only when a quorum has joined it.
        .set(Section::Service, "TimeoutStartSec", "infinity")
        .set(Section::Service, "StateDirectory", "etcd")
        .set(Section::Service, "StateDirectoryMode", "0700")
        .set(Section::Service, "LimitNOFILE", "65536")
        .hardened();
    match &cluster.etcd.wal_dir {
        Some(directory) => unit.writing_to(directory, &DecidedBy::Spec("etcd.walDir".to_owned())),
        None => unit,
    }
}
