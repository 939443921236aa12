//! What keeps etcd in shape and in copies: scripts that timers run.

use super::flags::{self, path};
use super::planner::{HostFiles, Planner};
use crate::artifact::{
    BackupLayer, Command, DecidedBy, EtcdBackup, EtcdClient, EtcdDefragmentation, Flag, Section,
    SnapshotTool, Timer, Unit,
};
use crate::cluster::{Backup, Cluster, LayerKind, Role};
use crate::tree::Stage;

const BACKUP: &str = "config/etcd-backup";
const DEFRAGMENTATION: &str = "config/etcd-defragmentation";
const DEFRAGMENTATION_SERVICE: &str = "config/etcd-defragmentation.service";
const DEFRAGMENTATION_TIMER: &str = "config/etcd-defragmentation.timer";

const DOCUMENTATION: &str = "https://etcd.io/docs/latest/op-guide/";

fn client(cluster: &Cluster) -> EtcdClient {
    EtcdClient {
        endpoint: flags::local_etcd(cluster),
        ca: path::ETCD_CA_CERT,
        cert: path::ETCD_HEALTHCHECK.0,
        key: path::ETCD_HEALTHCHECK.1,
    }
}

/// The service and the timer of a layer.
fn units(kind: LayerKind) -> (&'static str, &'static str) {
    match kind {
        LayerKind::Frequent => ("etcd-backup-frequent.service", "etcd-backup-frequent.timer"),
        LayerKind::Daily => ("etcd-backup-daily.service", "etcd-backup-daily.timer"),
        LayerKind::Weekly => ("etcd-backup-weekly.service", "etcd-backup-weekly.timer"),
        LayerKind::Configuration => ("etcd-backup-configuration.service", "etcd-backup-configuration.timer"),
    }
}

/// What a layer is, for its units.
fn description(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Frequent => "Frequent snapshot of etcd",
        LayerKind::Daily => "Daily snapshot of etcd",
        LayerKind::Weekly => "Weekly snapshot of etcd",
        LayerKind::Configuration => "Archive of /etc/kubernetes",
    }
}

impl Planner<'_> {
    /// The scripts and units, which all hosts share.
    pub(super) fn define_etcd_care(&mut self) {
        let cluster = self.cluster;
        if let Some(backup) = &cluster.etcd.backup {
            self.define_backup(backup);
        }
        if let Some(schedule) = &cluster.etcd.defragmentation {
            self.define(DEFRAGMENTATION, EtcdDefragmentation { client: client(cluster) }, []);
            let command = Command::new(path::ETCD_DEFRAGMENTATION, Vec::new());
            let service = Unit::task("Defragmentation of etcd", DOCUMENTATION, command)
                .after("etcd.service")
                .set(Section::Service, "TimeoutStartSec", "1h");
            self.define(DEFRAGMENTATION_SERVICE, service, []);
            let timer = Timer {
                description: "Defragmentation of etcd",
                schedule: schedule.clone(),
                decided_by: DecidedBy::Spec("etcd.defragmentation.schedule".to_owned()),
            };
            self.define(DEFRAGMENTATION_TIMER, timer, []);
        }
    }

    fn define_backup(&mut self, backup: &Backup) {
        let layers = backup.layers.iter();
        let script = EtcdBackup {
            client: client(self.cluster),
            verifier: SnapshotTool::for_etcd(&self.cluster.versions.etcd),
            directory: backup.directory.clone(),
            layers: layers
                .map(|layer| BackupLayer { kind: layer.kind, keep_minutes: layer.keep.as_secs() / 60 })
                .collect(),
            off_site: backup.off_site.as_ref().map(|to| (to.command.clone(), to.configuration)),
        };
        self.define(BACKUP, script, []);
        for layer in &backup.layers {
            let (service, timer) = units(layer.kind);
            let flag = Flag {
                name: "layer".to_owned(),
                values: vec![layer.kind.to_string()],
                decided_by: DecidedBy::Program,
            };
            let command = Command::new(path::ETCD_BACKUP, vec![flag]);
            let decided_by = DecidedBy::Spec("etcd.backup.directory".to_owned());
            let task = Unit::task(description(layer.kind), DOCUMENTATION, command)
                .after("etcd.service")
                .on_disk_of(&backup.directory, &decided_by)
                .set(Section::Service, "TimeoutStartSec", "1h")
                .set(Section::Service, "IOSchedulingClass", "idle")
                .set(Section::Service, "Nice", "10");
            self.define(&format!("config/{service}"), task, []);
            let when = Timer {
                description: description(layer.kind),
                schedule: layer.schedule.clone(),
                decided_by: DecidedBy::Spec(format!("etcd.backup.{}.schedule", layer.kind)),
            };
            self.define(&format!("config/{timer}"), when, []);
        }
    }

    /// On members of etcd, and on control planes, whose configuration is worth a copy too.
    pub(super) fn place_backup(&mut self, files: &mut HostFiles<'_>) {
        let Some(backup) = &self.cluster.etcd.backup else { return };
        let script = self.name(BACKUP);
        files.program(path::ETCD_BACKUP, script);
        for layer in backup.layers_of(files.host.is(Role::Etcd)) {
            let (service, timer) = units(layer.kind);
            self.place_task(files, service, timer);
        }
    }

    pub(super) fn place_defragmentation(&mut self, files: &mut HostFiles<'_>) {
        if self.cluster.etcd.defragmentation.is_none() {
            return;
        }
        let script = self.name(DEFRAGMENTATION);
        files.program(path::ETCD_DEFRAGMENTATION, script);
        self.place_task(files, "etcd-defragmentation.service", "etcd-defragmentation.timer");
    }

    /// A service that is started by its timer alone.
    fn place_task(&mut self, files: &mut HostFiles<'_>, service: &'static str, timer: &'static str) {
        let service_id = self.name(&format!("config/{service}"));
        files.public(format!("/etc/systemd/system/{service}"), service_id);
        let timer_id = self.name(&format!("config/{timer}"));
        files.service(Stage::Background, timer, timer_id, []);
    }
}
