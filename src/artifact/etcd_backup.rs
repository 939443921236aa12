//! The script that copies what a host could not make again.

use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};

use super::etcd_defragmentation::EtcdClient;
use super::{Ingredients, Make};
use crate::cluster::LayerKind;

/// A script that takes a snapshot of the member of its own host or an archive of /etc/kubernetes, verifies it, names it,
/// forgets old ones, and hands it on. The newest copy is never forgotten: nothing is, unless a newer one was good.
pub struct EtcdBackup {
    pub client: EtcdClient,
    pub verifier: SnapshotTool,
    /// An absolute path of plain characters, as is the command.
    pub directory: String,
    pub layers: Vec<BackupLayer>,
    /// What is run with each new copy as its argument, and whether with archives of /etc/kubernetes too.
    pub off_site: Option<(String, bool)>,
}

/// How long copies of one age are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupLayer {
    pub kind: LayerKind,
    pub keep_minutes: u64,
}

/// Who verifies and restores snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotTool {
    /// Before etcd 3.5.
    Etcdctl,
    Etcdutl,
}

impl SnapshotTool {
    /// The one that this version of etcd comes with.
    pub fn for_etcd(version: &semver::Version) -> Self {
        if (version.major, version.minor) < (3, 5) { Self::Etcdctl } else { Self::Etcdutl }
    }

    /// Its name.
    pub fn program(self) -> &'static str {
        match self {
            Self::Etcdctl => "etcdctl",
            Self::Etcdutl => "etcdutl",
        }
    }
}

const HEAD: &str = "\
#!/bin/sh
# Copies what this host could not make again: a snapshot of its member of etcd, or an archive of /etc/kubernetes.
# Usage: etcd-backup --layer=LAYER
set -eu
umask 077

";

const LOCATE: &str = r#"
mkdir -p "$directory"
stamp=$(uname -n)-$(date -u +%Y%m%dT%H%M%SZ)
partial=$directory/.partial-$stamp-$$
trap 'rm -f "$partial" "$partial.part"' EXIT
find "$directory" -type f -name '.partial-*' -mmin +1440 -delete

if [ "$layer" = configuration ]; then
    copy=$directory/configuration-$stamp.tar.gz
    tar -czf "$partial" -C / etc/kubernetes
    tar -tzf "$partial" > /dev/null
else
    copy=$directory/etcd-$stamp.db
    # Without this, a snapshot of a member that is down waits for ever. A member whose quota is full has a status, too.
    etcdctl endpoint status
    etcdctl snapshot save "$partial"
"#;

const KEEP: &str = r#"fi
sync "$partial"
mv "$partial" "$copy"

# Only now, and never the copy that has just been found good.
find "$directory" -type f -name '[ce]*-*' -mmin "+$minutes" ! -path "$copy" -delete
"#;

impl EtcdBackup {
    fn render(&self) -> String {
        let mut text = HEAD.to_owned();
        text += &self.client.exports();
        text += "\nlayer=${1#--layer=}\ncase $layer in\n";
        for BackupLayer { kind, keep_minutes } in &self.layers {
            text += &format!("{kind}) minutes={keep_minutes} ;;\n");
        }
        text += "*) echo \"etcd-backup: there is no layer $layer\" >&2; exit 2 ;;\nesac\n";
        // What is above it is everybody's.
        text += &format!("(umask 022; mkdir -p -m 700 {})\n", self.directory);
        text += &format!("directory={}/$layer\n", self.directory);
        text += LOCATE;
        text += &format!("    {} snapshot status \"$partial\"\n", self.verifier.program());
        text += KEEP;
        match &self.off_site {
            None => {}
            Some((command, true)) => text += &format!("\n{command} \"$copy\"\n"),
            Some((command, false)) => {
                text += &format!("\n[ \"$layer\" = configuration ] || {command} \"$copy\"\n");
            }
        }
        text
    }
}

impl Make for EtcdBackup {
    const KIND: Kind = Kind {
        name: "etcd-backup",
        version: 3,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        self.client.describe(manifest);
        let verifier = self.verifier.program();
        manifest.text("verifier", verifier, Origin::Spec(format_args!("versions.etcd")));
        manifest.text("directory", &self.directory, Origin::Spec(format_args!("etcd.backup.directory")));
        for BackupLayer { kind, keep_minutes } in &self.layers {
            let origin = Origin::Spec(format_args!("etcd.backup.{kind}.keep"));
            manifest.number(kind.as_str(), *keep_minutes, origin);
        }
        if let Some((command, configuration)) = &self.off_site {
            let origin = Origin::Spec(format_args!("etcd.backup.offSite.command"));
            manifest.text("off-site", command, origin);
            let origin = Origin::Spec(format_args!("etcd.backup.offSite.configuration"));
            manifest.display("off-site-configuration", configuration, origin);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.render().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::*;
    use crate::artifact::trial::{all_differ, description, text};
    use crate::judge::{approved, file, judge};

    fn backup() -> EtcdBackup {
        EtcdBackup {
            client: EtcdClient {
                endpoint: "https://127.0.0.1:2379".to_owned(),
                ca: "/etc/kubernetes/pki/etcd/ca.crt",
                cert: "/etc/kubernetes/pki/etcd/healthcheck-client.crt",
                key: "/etc/kubernetes/pki/etcd/healthcheck-client.key",
            },
            verifier: SnapshotTool::Etcdutl,
            directory: "/var/backups/kthw".to_owned(),
            layers: vec![
                BackupLayer { kind: LayerKind::Frequent, keep_minutes: 2880 },
                BackupLayer { kind: LayerKind::Configuration, keep_minutes: 43_200 },
            ],
            off_site: Some(("/usr/local/bin/take-away".to_owned(), false)),
        }
    }

    #[test]
    fn the_script_is_pinned() {
        insta::assert_snapshot!(text(backup(), &[]));
        insta::assert_snapshot!("description", description(&backup().into()));
    }

    #[test]
    fn etcd_comes_with_etcdutl_since_3_5() {
        let check = |version, tool| assert_eq!(SnapshotTool::for_etcd(&version), tool);
        check(Version::new(3, 4, 30), SnapshotTool::Etcdctl);
        check(Version::new(3, 5, 0), SnapshotTool::Etcdutl);
        check(Version::new(3, 6, 14), SnapshotTool::Etcdutl);
    }

    #[test]
    fn a_shell_reads_it() {
        for off_site in [None, Some(("/x".to_owned(), true)), Some(("/x".to_owned(), false))] {
            let script = file(&text(EtcdBackup { off_site, ..backup() }, &[]));
            let Some(mut sh) = judge("dash") else { return };
            approved(sh.arg("-n").arg(script.path()));
        }
    }

    #[test]
    fn every_parameter_counts() {
        let layers = |kind, keep_minutes| vec![BackupLayer { kind, keep_minutes }];
        let take_away = |command: &str, configuration| Some((command.to_owned(), configuration));
        all_differ([
            backup().into(),
            EtcdBackup { client: EtcdClient { ca: "/ca.crt", ..backup().client }, ..backup() }.into(),
            EtcdBackup { verifier: SnapshotTool::Etcdctl, ..backup() }.into(),
            EtcdBackup { directory: "/srv".to_owned(), ..backup() }.into(),
            EtcdBackup { layers: layers(LayerKind::Daily, 1), ..backup() }.into(),
            EtcdBackup { layers: layers(LayerKind::Daily, 2), ..backup() }.into(),
            EtcdBackup { layers: layers(LayerKind::Weekly, 2), ..backup() }.into(),
            EtcdBackup { off_site: None, ..backup() }.into(),
            EtcdBackup { off_site: take_away("/usr/local/bin/take-away", true), ..backup() }.into(),
            EtcdBackup { off_site: take_away("/other", false), ..backup() }.into(),
        ]);
    }
}
