//! The controllers of a cloud, which run beside Kubernetes' own.

use super::control_plane::place;
use super::flags::{self, path};
use super::planner::{HostFiles, Planner};
use crate::artifact::{Download, Readiness, Unit};
use crate::cluster::{Arch, CloudControllerManager, CloudDownload};
use crate::lock::{Algorithm, Checksum, Pin};
use crate::tree::Stage;

const PROGRAM: &str = "cloud-controller-manager";
const UNIT: &str = "config/cloud-controller-manager.service";

fn program_name(arch: Arch) -> String {
    format!("release/{PROGRAM}/{arch}/{PROGRAM}")
}

impl Planner<'_> {
    pub(super) fn runs_cloud_controllers(&self) -> bool {
        self.cloud_controllers().is_some()
    }

    fn cloud_controllers(&self) -> Option<&CloudControllerManager> {
        self.cluster.cloud_provider.as_ref()?.controller_manager.as_ref()
    }

    pub(super) fn define_cloud(&mut self) {
        let Some(controllers) = self.cloud_controllers().cloned() else { return };
        let server = flags::local_apiserver(self.cluster);
        let user = super::pki::CLOUD_CONTROLLER_MANAGER;
        self.define_kubeconfig(
            "kubeconfig/cloud-controller-manager",
            user,
            "pki/cloud-controller-manager",
            server,
        );
        for (arch, download) in &controllers.downloads {
            if self.cluster.control_planes().any(|host| host.arch == *arch) {
                self.define(&program_name(*arch), program(&controllers, *arch, download), []);
            }
        }
        let unit = Unit::service(
            "Cloud controller manager",
            "https://kubernetes.io/docs/concepts/architecture/cloud-controller/",
            Readiness::Exec,
            flags::cloud_controller_manager(self.cluster, &controllers),
        )
        .after("kube-apiserver.service")
        .hardened();
        self.define(UNIT, unit, []);
    }

    pub(super) fn place_cloud(&mut self, files: &mut HostFiles<'_>) {
        if !self.runs_cloud_controllers() {
            return;
        }
        let program = self.name(&program_name(files.host.arch));
        files.program(path::CLOUD_CONTROLLER_MANAGER, program);
        let kubeconfig = self.name("kubeconfig/cloud-controller-manager");
        files.secret(path::CLOUD_CONTROLLER_MANAGER_CONF, kubeconfig);
        let server = format!("host/{}/pki/cloud-controller-manager", files.host.name);
        let server = self.pair(&server);
        place(files, server, path::CLOUD_CONTROLLER_MANAGER_SERVER);
        let unit = self.name(UNIT);
        files.service(
            Stage::Controllers,
            "cloud-controller-manager.service",
            unit,
            [
                path::CLOUD_CONTROLLER_MANAGER,
                path::CLOUD_CONTROLLER_MANAGER_CONF,
                path::CLOUD_CONTROLLER_MANAGER_SERVER.0,
                path::CLOUD_CONTROLLER_MANAGER_SERVER.1,
                path::CA_CERT,
                path::FRONT_PROXY_CA_CERT,
            ],
        );
    }
}

/// The cluster's file pins this program itself: there is nothing left for the lock to decide.
fn program(controllers: &CloudControllerManager, arch: Arch, download: &CloudDownload) -> Download {
    let checksum = Checksum::new(Algorithm::Sha256, &download.sha256);
    let pin = Pin {
        name: PROGRAM.to_owned(),
        version: controllers.version.clone(),
        os: "linux".to_owned(),
        arch: arch.to_string(),
        url: download.url.clone(),
        checksum: checksum.expect("the section cloudProvider was checked"),
        published: None,
        measured: false,
    };
    Download { pin, written_in: Some("cloudProvider.controllerManager") }
}
