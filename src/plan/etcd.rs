//! What every member of etcd runs.

use super::control_plane::place;
use super::flags::{self, path};
use super::pki;
use super::planner::{HostFiles, Planner};
use crate::artifact::{Command, DecidedBy, EtcdMembers, Readiness, Section, Unit};
use crate::cluster::{Authority, Cluster, Host};
use crate::tree::Stage;

const USER_UNIT: &str = "config/etcd-user.service";
const MEMBERS: &str = "config/etcd-members.env";

/// The user that etcd runs as. Files of the host are root's nevertheless: systemd reads keys and hands them on.
const USER: &str = "etcd";

/// What etcd reads as its own from `/run/credentials/etcd.service`. Certificate and key are read together, so that they
/// belong together whatever is written meanwhile.
const CREDENTIALS: [(&str, &str); 4] = [
    ("server.crt", path::ETCD_SERVER.0),
    ("server.key", path::ETCD_SERVER.1),
    ("peer.crt", path::ETCD_PEER.0),
    ("peer.key", path::ETCD_PEER.1),
];

impl Planner<'_> {
    /// What all members share.
    pub(super) fn define_etcd(&mut self) {
        self.define(USER_UNIT, user_unit(), []);
        self.define(MEMBERS, EtcdMembers { members: flags::etcd_members(self.cluster) }, []);
    }

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
        let user = self.name(USER_UNIT);
        files.public(path::ETCD_USER_UNIT, user);
        let members = self.name(MEMBERS);
        files.public(path::ETCD_MEMBERS, members);
        let etcd = self.define(&of("etcd.service"), etcd_unit(self.cluster, host), []);
        files.service(
            Stage::Etcd,
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

/// Makes the user where there is none, whenever the host has started.
fn user_unit() -> Unit {
    let line = "u etcd - etcd /var/lib/etcd";
    let exec = Command::new("/usr/bin/systemd-sysusers", Vec::new()).with("--inline").with(line);
    Unit::preparation("The user that etcd runs as", "man:sysusers.d(5)", exec)
}

fn etcd_unit(cluster: &Cluster, host: &Host) -> Unit {
    let unit = Unit::service("etcd", "https://etcd.io/docs/", Readiness::Notify, flags::etcd(cluster, host))
        .set(Section::Unit, "Requires", "etcd-user.service")
        .after("etcd-user.service")
        // The first member of a new cluster counts as started only when a quorum has joined it.
        .set(Section::Service, "TimeoutStartSec", "infinity")
        .set(Section::Service, "User", USER)
        // The second wins where it is there: etcd is founded already.
        .set(Section::Service, "EnvironmentFile", path::ETCD_MEMBERS)
        .set(Section::Service, "EnvironmentFile", format!("-{}", path::ETCD_JOINS))
        // systemd gives it to the user if it is not the user's yet.
        .set(Section::Service, "StateDirectory", "etcd")
        .set(Section::Service, "StateDirectoryMode", "0700")
        .set(Section::Service, "LimitNOFILE", "65536")
        .hardened();
    let credential = |unit: Unit, (name, path): &(&str, &str)| {
        unit.set(Section::Service, "LoadCredential", format!("{name}:{path}"))
    };
    let unit = CREDENTIALS.iter().fold(unit, credential);
    match &cluster.etcd.wal_dir {
        Some(folder) => {
            let decided_by = DecidedBy::Spec("etcd.walDir".to_owned());
            unit.writing_to(folder, &decided_by).giving(folder, "wal", USER, &decided_by)
        }
        None => unit,
    }
}
