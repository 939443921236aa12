//! The flags that each program is started with: kthw's choice, then the user's changes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

pub(super) use super::path;
use crate::artifact::{Command, DecidedBy, Flag};
use crate::cluster::flags::{FlagSet, Origin};
use crate::cluster::{
    Allocation, Anonymous, CloudControllerManager, Cluster, FlagValue, Host, LeaderElection, LoadBalancer,
    Program, duration, ports,
};

/// Collects flags with the field of cluster.yaml that decides each.
struct Flags<'a> {
    cluster: &'a Cluster,
    program: Program,
    set: FlagSet,
}

impl<'a> Flags<'a> {
    fn of(cluster: &'a Cluster, program: Program) -> Self {
        Self { cluster, program, set: FlagSet::new(program, cluster.versions.of(program)) }
    }

    /// A flag that kthw decides.
    fn ours(mut self, name: &str, value: impl Into<FlagValue>) -> Self {
        self.set.set(name, value, Origin::Default);
        self
    }

    /// A flag that a field of cluster.yaml decides.
    fn from(mut self, path: impl Into<String>, name: &str, value: impl Into<FlagValue>) -> Self {
        self.set.set(name, value, Origin::Spec(path.into()));
        self
    }

    /// A flag that a field of cluster.yaml decides, if it is written.
    fn perhaps(self, path: &str, name: &str, value: Option<impl Into<FlagValue>>) -> Self {
        match value {
            Some(value) => self.from(path, name, value),
            None => self,
        }
    }

    /// A flag of kthw's that a field of cluster.yaml may add to.
    fn extended(self, path: &str, name: &str, values: Vec<String>) -> Self {
        if values.len() > 1 { self.from(path, name, values) } else { self.ours(name, values) }
    }

    /// The durations of leases.
    fn leases(self, election: &LeaderElection) -> Self {
        let path = |field: &str| format!("controlPlane.leaderElection.{field}");
        self.perhaps(&path("leaseDuration"), "leader-elect-lease-duration", election.lease_duration.clone())
            .perhaps(&path("renewDeadline"), "leader-elect-renew-deadline", election.renew_deadline.clone())
            .perhaps(&path("retryPeriod"), "leader-elect-retry-period", election.retry_period.clone())
    }

    fn pair(self, names: (&str, &str), (cert, key): (&str, &str)) -> Self {
        self.ours(names.0, cert).ours(names.1, key)
    }

    /// The command, after the user's changes.
    fn command(mut self, program: &'static str) -> Command {
        self.set.change(self.cluster.components.of(self.program));
        let flag = |(name, values, origin): (&str, Vec<String>, &Origin)| Flag {
            name: name.to_owned(),
            values,
            decided_by: match origin {
                Origin::Default => DecidedBy::Program,
                Origin::Spec(path) => DecidedBy::Spec(path.clone()),
            },
        };
        Command::new(program, self.set.rendered().map(flag).collect())
    }
}

fn address_of(host: &Host) -> String {
    format!("hosts[{}].address", host.name)
}

fn https(address: IpAddr, port: u16) -> String {
    format!("https://{}", SocketAddr::new(address, port))
}

/// The address by which a host reaches itself, of the cluster's family.
fn localhost(cluster: &Cluster) -> IpAddr {
    match cluster.network.hosts.addr() {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// The API server of the same host.
pub fn local_apiserver(cluster: &Cluster) -> String {
    https(localhost(cluster), cluster.apiserver_port())
}

/// The member of etcd of the same host.
pub fn local_etcd(cluster: &Cluster) -> String {
    https(localhost(cluster), ports::ETCD_CLIENTS.usual)
}

/// Where etcd's unit finds what systemd has read for it: keys are root's, and etcd is not root.
fn credential(name: &str) -> String {
    format!("/run/credentials/etcd.service/{name}")
}

/// The members of etcd with the URLs of their peers.
pub fn etcd_members(cluster: &Cluster) -> Vec<(String, String)> {
    let member = |host: &Host| (host.name.clone(), https(host.address, ports::ETCD_PEERS.usual));
    cluster.etcd_members().map(member).collect()
}

pub fn etcd(cluster: &Cluster, host: &Host) -> Command {
    let local = localhost(cluster);
    let client = https(host.address, ports::ETCD_CLIENTS.usual);
    let peer = https(host.address, ports::ETCD_PEERS.usual);
    let address = || address_of(host);
    let metrics_at =
        |address: IpAddr| format!("http://{}", SocketAddr::new(address, ports::ETCD_METRICS.usual));
    let watched = cluster.monitoring.is_some().then(|| vec![metrics_at(local), metrics_at(host.address)]);
    let settings = &cluster.etcd;
    let milliseconds = |interval: Option<Duration>| interval.map(|i| i.as_millis().to_string());
    let compaction = settings.auto_compaction.as_ref();
    Flags::of(cluster, Program::Etcd)
        .from(format!("hosts[{}].name", host.name), "name", host.name.clone())
        .ours("data-dir", "/var/lib/etcd")
        .from(address(), "listen-client-urls", vec![https(local, ports::ETCD_CLIENTS.usual), client.clone()])
        .from(address(), "advertise-client-urls", vec![client])
        .from(address(), "listen-peer-urls", vec![peer.clone()])
        .from(address(), "initial-advertise-peer-urls", vec![peer])
        .from("name", "initial-cluster-token", cluster.name.clone())
        .ours("listen-metrics-urls", vec![metrics_at(local)])
        .perhaps(&address(), "listen-metrics-urls", watched)
        .ours("client-cert-auth", true)
        .ours("trusted-ca-file", path::ETCD_CA_CERT)
        .pair(("cert-file", "key-file"), (&credential("server.crt"), &credential("server.key")))
        .ours("peer-client-cert-auth", true)
        .ours("peer-trusted-ca-file", path::ETCD_CA_CERT)
        .pair(("peer-cert-file", "peer-key-file"), (&credential("peer.crt"), &credential("peer.key")))
        .ours("tls-min-version", "TLS1.3")
        .ours("snapshot-count", "10000")
        .perhaps("etcd.heartbeatInterval", "heartbeat-interval", milliseconds(settings.heartbeat_interval))
        .perhaps("etcd.electionTimeout", "election-timeout", milliseconds(settings.election_timeout))
        .perhaps("etcd.quota", "quota-backend-bytes", settings.quota.map(|bytes| bytes.to_string()))
        .perhaps(
            "etcd.autoCompaction.mode",
            "auto-compaction-mode",
            compaction.map(|compaction| compaction.mode.as_str()),
        )
        .perhaps(
            "etcd.autoCompaction.retention",
            "auto-compaction-retention",
            compaction.map(|compaction| compaction.retention.clone()),
        )
        // Below it: a new etcd renames its log into place, which the folder of a disk cannot be.
        .perhaps("etcd.walDir", "wal-dir", settings.wal_dir.as_ref().map(|folder| format!("{folder}/wal")))
        // The same two settings before and since etcd 3.6.
        .ours("experimental-initial-corrupt-check", true)
        .ours("experimental-watch-progress-notify-interval", "5s")
        .ours("feature-gates", "InitialCorruptCheck=true")
        .ours("watch-progress-notify-interval", "5s")
        .command("/usr/local/bin/etcd")
}

pub fn kube_apiserver(cluster: &Cluster, host: &Host) -> Command {
    let etcd: Vec<String> =
        cluster.etcd_members().map(|host| https(host.address, ports::ETCD_CLIENTS.usual)).collect();
    let issuer = format!("https://kubernetes.default.svc.{}", cluster.network.domain);
    let (audit, settings) = (&cluster.audit, &cluster.control_plane);
    let admission_config = (!settings.admission_config.is_empty()).then_some(path::ADMISSION_CONFIG);
    let authentication_config = cluster.authentication.needs_file().then_some(path::AUTHENTICATION_CONFIG);
    let nobody = cluster.authentication.anonymous == Anonymous::None;
    Flags::of(cluster, Program::KubeApiserver)
        .from(address_of(host), "advertise-address", host.address.to_string())
        .ours("allow-privileged", true)
        .ours("audit-log-path", path::AUDIT_LOG)
        .from("audit.maxAge", "audit-log-maxage", audit.max_age.to_string())
        .from("audit.maxBackup", "audit-log-maxbackup", audit.max_backup.to_string())
        .from("audit.maxSize", "audit-log-maxsize", audit.max_size.to_string())
        .ours("audit-policy-file", path::AUDIT_POLICY)
        .ours("authorization-mode", vec!["Node".to_owned(), "RBAC".to_owned()])
        .ours("client-ca-file", path::CA_CERT)
        .extended("controlPlane.admissionPlugins", "enable-admission-plugins", admission_plugins(cluster))
        .perhaps("controlPlane.admissionConfig", "admission-control-config-file", admission_config)
        .perhaps("authentication", "authentication-config", authentication_config)
        .perhaps("authentication.anonymous", "anonymous-auth", nobody.then_some(false))
        .perhaps(
            "controlPlane.eviction.notReady",
            "default-not-ready-toleration-seconds",
            settings.not_ready_toleration.map(|seconds| seconds.to_string()),
        )
        .perhaps(
            "controlPlane.eviction.unreachable",
            "default-unreachable-toleration-seconds",
            settings.unreachable_toleration.map(|seconds| seconds.to_string()),
        )
        // Without kube-proxy on the control planes, services are reached at their endpoints.
        .ours("enable-aggregator-routing", true)
        .ours("encryption-provider-config", path::ENCRYPTION_CONFIG)
        .ours("etcd-cafile", path::ETCD_CA_CERT)
        .pair(("etcd-certfile", "etcd-keyfile"), path::APISERVER_ETCD)
        .from("hosts", "etcd-servers", etcd)
        .ours("kubelet-certificate-authority", path::CA_CERT)
        .pair(("kubelet-client-certificate", "kubelet-client-key"), path::APISERVER_KUBELET)
        .ours(
            "kubelet-preferred-address-types",
            ["InternalIP", "ExternalIP", "Hostname"].map(str::to_owned).to_vec(),
        )
        .ours("profiling", false)
        .pair(("proxy-client-cert-file", "proxy-client-key-file"), path::FRONT_PROXY)
        .ours("requestheader-allowed-names", vec!["front-proxy-client".to_owned()])
        .ours("requestheader-client-ca-file", path::FRONT_PROXY_CA_CERT)
        .ours("requestheader-extra-headers-prefix", vec!["X-Remote-Extra-".to_owned()])
        .ours("requestheader-group-headers", vec!["X-Remote-Group".to_owned()])
        .ours("requestheader-username-headers", vec!["X-Remote-User".to_owned()])
        .from("api.endpoint", "secure-port", cluster.apiserver_port().to_string())
        .from("network.domain", "service-account-issuer", vec![issuer])
        // Without it, each API server leads whoever checks tokens to itself.
        .from("api.endpoint", "service-account-jwks-uri", format!("{}/openid/v1/jwks", cluster.api.endpoint))
        .ours("service-account-key-file", vec![path::SERVICE_ACCOUNT_PUBLIC.to_owned()])
        .ours("service-account-signing-key-file", path::SERVICE_ACCOUNT_KEY)
        .from("network.services", "service-cluster-ip-range", cluster.network.services.to_string())
        .perhaps("api.loadBalancer", "shutdown-delay-duration", shutdown_delay(cluster))
        .ours("shutdown-watch-termination-grace-period", WATCH_GRACE)
        .ours("tls-min-version", "VersionTLS13")
        .pair(("tls-cert-file", "tls-private-key-file"), path::APISERVER)
        .command("/usr/local/bin/kube-apiserver")
}

/// How long an API server goes on serving after it has begun to say that it is not ready: so long that whoever leads
/// clients to it has seen that and leads them elsewhere. Where there is nowhere else, not at all.
fn shutdown_delay(cluster: &Cluster) -> Option<&'static str> {
    cluster.control_planes().nth(1)?;
    Some(match &cluster.api.load_balancer {
        // One check a second, and the first that fails counts.
        Some(LoadBalancer::Haproxy { .. }) => "5s",
        // Two checks, one a second, and what a slow host adds to them.
        Some(LoadBalancer::Keepalived { .. }) => "8s",
        // A round of checks a second, longer by three for each server that does not answer at all.
        Some(LoadBalancer::Ipvs { .. }) => "10s",
        // kthw does not know how often others ask.
        None => "20s",
    })
}

/// How long it takes to end watches then, so that not all of them begin anew at once. The controllers beside it cannot
/// renew their leases until it is back, for which they have ten seconds.
const WATCH_GRACE: &str = "3s";

/// In how many seconds an API server that was told to stop has stopped, whatever its clients do: somebody who follows a
/// log would hold it up for a minute.
pub fn stops_within(apiserver: &Command) -> u64 {
    let flag = |name| apiserver.value(name).and_then(duration::parse).unwrap_or_default();
    let serves = flag("shutdown-delay-duration") + flag("shutdown-watch-termination-grace-period");
    serves.as_secs() + 4
}

/// Where controller managers and schedulers are asked from elsewhere, if somebody watches them.
fn watched_at(cluster: &Cluster) -> Option<String> {
    let unspecified = match cluster.network.hosts.addr() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    cluster.monitoring.is_some().then(|| unspecified.to_string())
}

/// kthw's own plugin, then those of the user.
fn admission_plugins(cluster: &Cluster) -> Vec<String> {
    let own = "NodeRestriction".to_owned();
    let more = cluster.control_plane.admission_plugins.iter().filter(|plugin| **plugin != own);
    std::iter::once(own.clone()).chain(more.cloned()).collect()
}

pub fn kube_controller_manager(cluster: &Cluster) -> Command {
    let network = &cluster.network;
    let settings = &cluster.control_plane;
    let flags = Flags::of(cluster, Program::KubeControllerManager)
        .ours("authentication-kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("authorization-kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("bind-address", localhost(cluster).to_string())
        .perhaps("monitoring", "bind-address", watched_at(cluster))
        .ours("client-ca-file", path::CA_CERT)
        .from("name", "cluster-name", cluster.name.clone())
        .pair(("cluster-signing-cert-file", "cluster-signing-key-file"), (path::CA_CERT, path::CA_KEY))
        .ours("kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("leader-elect", true)
        .leases(&settings.leader_election)
        .perhaps(
            "controlPlane.nodeMonitor.period",
            "node-monitor-period",
            settings.node_monitor_period.clone(),
        )
        .perhaps(
            "controlPlane.nodeMonitor.gracePeriod",
            "node-monitor-grace-period",
            settings.node_monitor_grace_period.clone(),
        )
        .perhaps("cloudProvider", "cloud-provider", external(cluster))
        .ours("flex-volume-plugin-dir", path::VOLUME_PLUGINS)
        .ours("profiling", false)
        .ours("requestheader-client-ca-file", path::FRONT_PROXY_CA_CERT)
        .ours("root-ca-file", path::CA_CERT)
        .ours("service-account-private-key-file", path::SERVICE_ACCOUNT_KEY)
        .from("network.services", "service-cluster-ip-range", network.services.to_string())
        // The default, said because the CIS benchmark wants somebody to have decided it.
        .ours("terminated-pod-gc-threshold", "12500")
        .ours("tls-min-version", "VersionTLS13")
        .pair(("tls-cert-file", "tls-private-key-file"), path::CONTROLLER_MANAGER)
        .ours("use-service-account-credentials", true);
    let flags = match network.pod_cidr_allocation {
        Allocation::Static => flags.from("network.podCIDRAllocation", "allocate-node-cidrs", false),
        Allocation::ControllerManager => flags
            .from("network.podCIDRAllocation", "allocate-node-cidrs", true)
            .from("network.pods", "cluster-cidr", network.pods.to_string())
            .from("network.podMask", "node-cidr-mask-size", network.pod_mask.to_string()),
    };
    flags.command("/usr/local/bin/kube-controller-manager")
}

pub fn kube_scheduler(cluster: &Cluster) -> Command {
    Flags::of(cluster, Program::KubeScheduler)
        .ours("authentication-kubeconfig", path::SCHEDULER_CONF)
        .ours("authorization-kubeconfig", path::SCHEDULER_CONF)
        .ours("bind-address", localhost(cluster).to_string())
        .perhaps("monitoring", "bind-address", watched_at(cluster))
        .ours("client-ca-file", path::CA_CERT)
        .ours("config", path::SCHEDULER_CONFIG)
        .ours("requestheader-client-ca-file", path::FRONT_PROXY_CA_CERT)
        .ours("tls-min-version", "VersionTLS13")
        .pair(("tls-cert-file", "tls-private-key-file"), path::SCHEDULER)
        .command("/usr/local/bin/kube-scheduler")
}

pub fn kubelet(cluster: &Cluster, host: &Host) -> Command {
    let labels: Vec<String> = host.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let flags = Flags::of(cluster, Program::Kubelet)
        .ours("config", path::KUBELET_CONFIG)
        .from(format!("hosts[{}].name", host.name), "hostname-override", host.name.clone())
        .ours("kubeconfig", path::KUBELET_CONF)
        .from(address_of(host), "node-ip", host.address.to_string());
    let flags = flags.perhaps("cloudProvider", "cloud-provider", external(cluster));
    let flags = match labels.is_empty() {
        true => flags,
        false => flags.from(format!("hosts[{}].labels", host.name), "node-labels", labels),
    };
    flags.command("/usr/local/bin/kubelet")
}

/// What programs are told that leave addresses and zones to the controllers of a cloud.
fn external(cluster: &Cluster) -> Option<&'static str> {
    cluster.cloud_provider.as_ref().map(|_| "external")
}

/// kthw has no table of this program's flags: what it sets, all of them have.
pub fn cloud_controller_manager(cluster: &Cluster, controllers: &CloudControllerManager) -> Command {
    let mut flags: BTreeMap<&str, (String, DecidedBy)> = BTreeMap::new();
    let name = cluster.cloud_provider.as_ref().map(|cloud| cloud.name.clone()).unwrap_or_default();
    let localhost = localhost(cluster).to_string();
    for (flag, value) in [
        ("authentication-kubeconfig", path::CLOUD_CONTROLLER_MANAGER_CONF),
        ("authorization-kubeconfig", path::CLOUD_CONTROLLER_MANAGER_CONF),
        ("bind-address", &localhost),
        ("client-ca-file", path::CA_CERT),
        ("kubeconfig", path::CLOUD_CONTROLLER_MANAGER_CONF),
        ("leader-elect", "true"),
        ("requestheader-client-ca-file", path::FRONT_PROXY_CA_CERT),
        ("tls-cert-file", path::CLOUD_CONTROLLER_MANAGER_SERVER.0),
        ("tls-private-key-file", path::CLOUD_CONTROLLER_MANAGER_SERVER.1),
    ] {
        flags.insert(flag, (value.to_owned(), DecidedBy::Program));
    }
    flags.insert("cloud-provider", (name, DecidedBy::Spec("cloudProvider.name".to_owned())));
    flags.insert("cluster-name", (cluster.name.clone(), DecidedBy::Spec("name".to_owned())));
    let LeaderElection { lease_duration, renew_deadline, retry_period } =
        &cluster.control_plane.leader_election;
    for (flag, value) in [
        ("leader-elect-lease-duration", lease_duration),
        ("leader-elect-renew-deadline", renew_deadline),
        ("leader-elect-retry-period", retry_period),
    ] {
        if let Some(value) = value {
            let decided_by = DecidedBy::Spec("controlPlane.leaderElection".to_owned());
            flags.insert(flag, (value.clone(), decided_by));
        }
    }
    for (flag, value) in &controllers.flags {
        let path = format!("cloudProvider.controllerManager.flags.{flag}");
        flags.insert(flag, (value.clone(), DecidedBy::Spec(path)));
    }
    let flag = |(name, (value, decided_by)): (&str, (String, DecidedBy))| Flag {
        name: name.to_owned(),
        values: vec![value],
        decided_by,
    };
    Command::new(path::CLOUD_CONTROLLER_MANAGER, flags.into_iter().map(flag).collect())
}

pub fn kube_proxy(cluster: &Cluster, host: &Host) -> Command {
    Flags::of(cluster, Program::KubeProxy)
        .ours("config", path::KUBE_PROXY_CONFIG)
        .from(format!("hosts[{}].name", host.name), "hostname-override", host.name.clone())
        .command("/usr/local/bin/kube-proxy")
}

/// Gives the cluster its manifests, by way of the API server of the same host.
pub fn bootstrap(cluster: &Cluster) -> Command {
    Command::new(path::BOOTSTRAP_PROGRAM, vec![server(cluster)])
}

/// Installs Cilium; fails where it is installed.
pub fn cilium_install(cluster: &Cluster) -> Command {
    Command::new("-/usr/local/bin/cilium", cilium(cluster)).with("install")
}

/// Makes an installed Cilium what the values say, and nothing but.
pub fn cilium_upgrade(cluster: &Cluster) -> Command {
    let mut flags = cilium(cluster);
    flags.push(own("reset-values", "true"));
    Command::new("/usr/local/bin/cilium", flags).with("upgrade")
}

fn cilium(cluster: &Cluster) -> Vec<Flag> {
    let decided_by = DecidedBy::Spec("versions.cilium".to_owned());
    let version = cluster.versions.cilium.to_string();
    vec![own("values", path::CILIUM_VALUES), Flag { decided_by, ..own("version", &version) }]
}

/// Where the API server of the same host listens, which the endpoint's port may decide.
fn server(cluster: &Cluster) -> Flag {
    let decided_by = DecidedBy::Spec("api.endpoint".to_owned());
    Flag { decided_by, ..own("server", &local_apiserver(cluster)) }
}

/// A flag of a program that users do not configure.
fn own(name: &str, value: &str) -> Flag {
    Flag { name: name.to_owned(), values: vec![value.to_owned()], decided_by: DecidedBy::Program }
}

pub fn containerd(cluster: &Cluster) -> Command {
    Flags::of(cluster, Program::Containerd)
        .ours("config", path::CONTAINERD_CONFIG)
        .command("/usr/local/bin/containerd")
}
