//! What every control plane runs: the API server, the controller manager and the scheduler.

use super::flags::{self, path};
use super::pki::{self, Pair};
use super::planner::{HostFiles, Planner};
use serde_json::{Value, json};

use crate::artifact::{
    AuditPolicy, DecidedBy, Documents, EncryptionConfig, Patch, Readiness, SchedulerApi, SchedulerConfig,
    Section, Unit,
};
use crate::cluster::{Anonymous, Authentication, Authority, Cluster, Host, LeaderElection, Program, Role};
use crate::tree::Stage;

/// The nodes that all control planes share.
const ENCRYPTION_CONFIG: &str = "config/encryption";
const AUDIT_POLICY: &str = "config/audit-policy";
const SCHEDULER_CONFIG: &str = "config/scheduler";
const AUTHENTICATION_CONFIG: &str = "config/authentication";
const ADMISSION_CONFIG: &str = "config/admission";
const CONTROLLER_MANAGER_UNIT: &str = "config/kube-controller-manager.service";
const SCHEDULER_UNIT: &str = "config/kube-scheduler.service";

impl Planner<'_> {
    pub(super) fn define_control_plane(&mut self) {
        let (cluster, local) = (self.cluster, flags::local_apiserver(self.cluster));
        let endpoint = cluster.api.endpoint.to_string();
        self.define_kubeconfig("kubeconfig/admin", "kubernetes-admin", "pki/admin", endpoint.clone());
        self.define_kubeconfig(
            "kubeconfig/super-admin",
            "kubernetes-super-admin",
            "pki/super-admin",
            endpoint,
        );
        let user = "system:kube-controller-manager";
        self.define_kubeconfig(
            "kubeconfig/controller-manager",
            user,
            "pki/controller-manager",
            local.clone(),
        );
        self.define_kubeconfig("kubeconfig/scheduler", "system:kube-scheduler", "pki/scheduler", local);

        let encryption = EncryptionConfig {
            cluster: self.lock.cluster.clone(),
            root: self.root,
            provider: cluster.encryption.provider,
            resources: cluster.encryption.resources.clone(),
            generations: self.lock.encryption.clone(),
        };
        self.define(ENCRYPTION_CONFIG, encryption, []);
        let audit_policy = match &cluster.audit.policy {
            Some(policy) => AuditPolicy::Custom(policy.clone()),
            None => AuditPolicy::Standard,
        };
        self.define(AUDIT_POLICY, audit_policy, []);
        let scheduler = SchedulerConfig {
            api: SchedulerApi::for_kubernetes(&cluster.versions.kubernetes),
            kubeconfig: path::SCHEDULER_CONF.to_owned(),
            leases: leases(&cluster.control_plane.leader_election),
            patch: Patch::of(Program::KubeScheduler, &cluster.components),
        };
        self.define(SCHEDULER_CONFIG, scheduler, []);
        self.define_api_files();
        self.define(CONTROLLER_MANAGER_UNIT, controller_manager_unit(self.cluster), []);
        self.define(SCHEDULER_UNIT, scheduler_unit(self.cluster), []);
    }

    /// What the API server reads if the cluster has it.
    fn define_api_files(&mut self) {
        let cluster = self.cluster;
        if cluster.authentication.needs_file() {
            let decided_by = DecidedBy::Spec("authentication".to_owned());
            let document = authentication_config(cluster);
            self.define(AUTHENTICATION_CONFIG, Documents::of([(decided_by, document)]), []);
        }
        let plugins = &cluster.control_plane.admission_config;
        if !plugins.is_empty() {
            let plugin = |(name, config): (&String, _)| json!({"name": name, "configuration": config});
            let document = json!({
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "AdmissionConfiguration",
                "plugins": plugins.iter().map(plugin).collect::<Vec<_>>(),
            });
            let decided_by = DecidedBy::Spec("controlPlane.admissionConfig".to_owned());
            self.define(ADMISSION_CONFIG, Documents::of([(decided_by, document)]), []);
        }
    }

    /// The same, on a host: their paths.
    fn place_api_files(&mut self, files: &mut HostFiles<'_>) -> Vec<&'static str> {
        let cluster = self.cluster;
        let mut paths = Vec::new();
        for (is_there, name, path) in [
            (cluster.authentication.needs_file(), AUTHENTICATION_CONFIG, path::AUTHENTICATION_CONFIG),
            (!cluster.control_plane.admission_config.is_empty(), ADMISSION_CONFIG, path::ADMISSION_CONFIG),
        ] {
            if is_there {
                let id = self.name(name);
                files.public(path, id);
                paths.push(path);
            }
        }
        paths
    }

    pub(super) fn place_control_plane(&mut self, files: &mut HostFiles<'_>) {
        self.define_identities(pki::control_plane_identities(self.cluster, files.host));
        self.place_shared_pki(files);
        self.place_own_pki(files);
        for (name, path) in [
            ("kubeconfig/admin", path::ADMIN_CONF),
            ("kubeconfig/controller-manager", path::CONTROLLER_MANAGER_CONF),
            ("kubeconfig/scheduler", path::SCHEDULER_CONF),
            (ENCRYPTION_CONFIG, path::ENCRYPTION_CONFIG),
        ] {
            let id = self.name(name);
            files.secret(path, id);
        }
        for (name, path) in [(AUDIT_POLICY, path::AUDIT_POLICY), (SCHEDULER_CONFIG, path::SCHEDULER_CONFIG)] {
            let id = self.name(name);
            files.public(path, id);
        }
        self.place_control_plane_services(files);
        self.place_pod_routes(files);
        if self.cluster.bootstraps(files.host) {
            self.place_bootstrap(files);
        }
    }

    fn place_shared_pki(&mut self, files: &mut HostFiles<'_>) {
        let ca = self.authority(Authority::Cluster);
        place(files, ca, (path::CA_CERT, path::CA_KEY));
        let etcd_ca = self.authority(Authority::Etcd);
        files.public(path::ETCD_CA_CERT, etcd_ca.cert);
        let front_proxy_ca = self.authority(Authority::FrontProxy);
        files.public(path::FRONT_PROXY_CA_CERT, front_proxy_ca.cert);
        let key = self.name("pki/service-accounts/key");
        files.secret(path::SERVICE_ACCOUNT_KEY, key);
        let public = self.name("pki/service-accounts/public");
        files.public(path::SERVICE_ACCOUNT_PUBLIC, public);
        for (name, paths) in [
            ("pki/apiserver-etcd-client", path::APISERVER_ETCD),
            ("pki/apiserver-kubelet-client", path::APISERVER_KUBELET),
            ("pki/front-proxy-client", path::FRONT_PROXY),
        ] {
            let pair = self.pair(name);
            place(files, pair, paths);
        }
    }

    fn place_own_pki(&mut self, files: &mut HostFiles<'_>) {
        for (part, paths) in [
            ("apiserver", path::APISERVER),
            ("controller-manager", path::CONTROLLER_MANAGER),
            ("scheduler", path::SCHEDULER),
        ] {
            let pair = self.pair(&format!("host/{}/pki/{part}", files.host.name));
            place(files, pair, paths);
        }
    }

    fn place_control_plane_services(&mut self, files: &mut HostFiles<'_>) {
        let (cluster, host) = (self.cluster, files.host);
        let of = |unit: &str| format!("host/{}/{unit}", host.name);
        let apiserver = self.define(&of("kube-apiserver.service"), apiserver_unit(cluster, host), []);
        let more = self.place_api_files(files);
        files.service(
            Stage::ApiServers,
            "kube-apiserver.service",
            apiserver,
            more.into_iter().chain([
                "/usr/local/bin/kube-apiserver",
                path::CA_CERT,
                path::APISERVER.0,
                path::APISERVER.1,
                path::APISERVER_ETCD.0,
                path::APISERVER_ETCD.1,
                path::APISERVER_KUBELET.0,
                path::APISERVER_KUBELET.1,
                path::FRONT_PROXY.0,
                path::FRONT_PROXY.1,
                path::FRONT_PROXY_CA_CERT,
                path::ETCD_CA_CERT,
                path::SERVICE_ACCOUNT_KEY,
                path::SERVICE_ACCOUNT_PUBLIC,
                path::ENCRYPTION_CONFIG,
                path::AUDIT_POLICY,
            ]),
        );
        let controller_manager = self.name(CONTROLLER_MANAGER_UNIT);
        files.service(
            Stage::Controllers,
            "kube-controller-manager.service",
            controller_manager,
            [
                "/usr/local/bin/kube-controller-manager",
                path::CONTROLLER_MANAGER_CONF,
                path::CONTROLLER_MANAGER.0,
                path::CONTROLLER_MANAGER.1,
                path::CA_CERT,
                path::CA_KEY,
                path::FRONT_PROXY_CA_CERT,
                path::SERVICE_ACCOUNT_KEY,
            ],
        );
        let scheduler = self.name(SCHEDULER_UNIT);
        files.service(
            Stage::Controllers,
            "kube-scheduler.service",
            scheduler,
            [
                "/usr/local/bin/kube-scheduler",
                path::SCHEDULER_CONFIG,
                path::SCHEDULER_CONF,
                path::SCHEDULER.0,
                path::SCHEDULER.1,
                path::CA_CERT,
                path::FRONT_PROXY_CA_CERT,
            ],
        );
    }
}

fn authentication_config(cluster: &Cluster) -> Value {
    let Authentication { jwt, anonymous } = &cluster.authentication;
    let api_version = Authentication::api_version(&cluster.versions.kubernetes);
    let mut document = json!({
        "apiVersion": api_version.expect("a cluster with such a file is of a version that reads it"),
        "kind": "AuthenticationConfiguration",
    });
    if !jwt.is_empty() {
        document["jwt"] = jwt.iter().cloned().map(Value::Object).collect();
    }
    if *anonymous == Anonymous::Health {
        let conditions = ["/healthz", "/livez", "/readyz"].map(|path| json!({"path": path}));
        document["anonymous"] = json!({"enabled": true, "conditions": conditions});
    }
    document
}

fn leases(election: &LeaderElection) -> Vec<(&'static str, String)> {
    let LeaderElection { lease_duration, renew_deadline, retry_period } = election;
    let fields =
        [("leaseDuration", lease_duration), ("renewDeadline", renew_deadline), ("retryPeriod", retry_period)];
    fields.into_iter().filter_map(|(field, duration)| Some((field, duration.clone()?))).collect()
}

/// A certificate for everyone and its key for root.
pub(super) fn place(files: &mut HostFiles<'_>, pair: Pair, (cert, key): (&'static str, &'static str)) {
    files.public(cert, pair.cert);
    files.secret(key, pair.key);
}

fn apiserver_unit(cluster: &Cluster, host: &Host) -> Unit {
    let command = flags::kube_apiserver(cluster, host);
    let logs = command.value("audit-log-path").and_then(|log| log.rsplit_once('/')).map(|(folder, _)| folder);
    let elsewhere = logs.filter(|folder| *folder != path::LOGS).map(str::to_owned);
    let stops_within = flags::stops_within(&command).to_string();
    let service = Unit::service(
        "Kubernetes API server",
        "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/",
        Readiness::Notify,
        command,
    );
    let service = match host.is(Role::Etcd) {
        true => service.after("etcd.service"),
        false => service,
    };
    let unit = service
        .set(Section::Service, "LogsDirectory", "kubernetes")
        .set(Section::Service, "LogsDirectoryMode", "0700")
        .set(Section::Service, "TimeoutStopSec", stops_within)
        .set(Section::Service, "LimitNOFILE", "65536")
        .hardened();
    match elsewhere {
        Some(folder) => {
            let field = "components.kube-apiserver.flags.audit-log-path";
            unit.writing_to(&folder, &DecidedBy::Spec(field.to_owned()))
        }
        None => unit,
    }
}

fn controller_manager_unit(cluster: &Cluster) -> Unit {
    let command = flags::kube_controller_manager(cluster);
    Unit::service(
        "Kubernetes controller manager",
        "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/",
        Readiness::Exec,
        command,
    )
    .after("kube-apiserver.service")
    .set(Section::Service, "StateDirectory", "kube-controller-manager")
    .set(Section::Service, "StateDirectoryMode", "0700")
    .hardened()
}

fn scheduler_unit(cluster: &Cluster) -> Unit {
    Unit::service(
        "Kubernetes scheduler",
        "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/",
        Readiness::Exec,
        flags::kube_scheduler(cluster),
    )
    .after("kube-apiserver.service")
    .hardened()
}
