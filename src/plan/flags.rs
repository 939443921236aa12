//! The flags that each program is started with: kthw's choice, then the user's changes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::artifact::{Command, DecidedBy, Flag};
use crate::cluster::flags::{FlagSet, Origin};
use crate::cluster::{Allocation, Cluster, FlagValue, Host, Program};

/// Where things are on a host; flags, files and services agree on it here.
pub mod path {
    pub const CA_CERT: &str = "/etc/kubernetes/pki/ca.crt";
    pub const CA_KEY: &str = "/etc/kubernetes/pki/ca.key";
    pub const FRONT_PROXY_CA_CERT: &str = "/etc/kubernetes/pki/front-proxy-ca.crt";
    pub const ETCD_CA_CERT: &str = "/etc/kubernetes/pki/etcd/ca.crt";
    pub const SERVICE_ACCOUNT_KEY: &str = "/etc/kubernetes/pki/sa.key";
    pub const SERVICE_ACCOUNT_PUBLIC: &str = "/etc/kubernetes/pki/sa.pub";
    pub const APISERVER: (&str, &str) =
        ("/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/apiserver.key");
    pub const APISERVER_ETCD: (&str, &str) =
        ("/etc/kubernetes/pki/apiserver-etcd-client.crt", "/etc/kubernetes/pki/apiserver-etcd-client.key");
    pub const APISERVER_KUBELET: (&str, &str) = (
        "/etc/kubernetes/pki/apiserver-kubelet-client.crt",
        "/etc/kubernetes/pki/apiserver-kubelet-client.key",
    );
    pub const FRONT_PROXY: (&str, &str) =
        ("/etc/kubernetes/pki/front-proxy-client.crt", "/etc/kubernetes/pki/front-proxy-client.key");
    pub const CONTROLLER_MANAGER: (&str, &str) =
        ("/etc/kubernetes/pki/controller-manager.crt", "/etc/kubernetes/pki/controller-manager.key");
    pub const SCHEDULER: (&str, &str) =
        ("/etc/kubernetes/pki/scheduler.crt", "/etc/kubernetes/pki/scheduler.key");
    pub const ETCD_SERVER: (&str, &str) =
        ("/etc/kubernetes/pki/etcd/server.crt", "/etc/kubernetes/pki/etcd/server.key");
    pub const ETCD_PEER: (&str, &str) =
        ("/etc/kubernetes/pki/etcd/peer.crt", "/etc/kubernetes/pki/etcd/peer.key");
    pub const ETCD_HEALTHCHECK: (&str, &str) = (
        "/etc/kubernetes/pki/etcd/healthcheck-client.crt",
        "/etc/kubernetes/pki/etcd/healthcheck-client.key",
    );
    pub const KUBELET_SERVER: (&str, &str) =
        ("/etc/kubernetes/pki/kubelet.crt", "/etc/kubernetes/pki/kubelet.key");
    pub const ADMIN_CONF: &str = "/etc/kubernetes/admin.conf";
    pub const CONTROLLER_MANAGER_CONF: &str = "/etc/kubernetes/controller-manager.conf";
    pub const SCHEDULER_CONF: &str = "/etc/kubernetes/scheduler.conf";
    pub const KUBELET_CONF: &str = "/etc/kubernetes/kubelet.conf";
    pub const ENCRYPTION_CONFIG: &str = "/etc/kubernetes/encryption-config.yaml";
    pub const AUDIT_POLICY: &str = "/etc/kubernetes/audit-policy.yaml";
    pub const AUDIT_LOG: &str = "/var/log/kubernetes/audit.log";
    pub const SCHEDULER_CONFIG: &str = "/etc/kubernetes/scheduler-config.yaml";
    pub const KUBELET_CONFIG: &str = "/etc/kubernetes/kubelet-config.yaml";
    pub const KUBE_PROXY_CONF: &str = "/etc/kubernetes/kube-proxy.conf";
    pub const KUBE_PROXY_CONFIG: &str = "/etc/kubernetes/kube-proxy-config.yaml";
    pub const SUPER_ADMIN_CONF: &str = "/etc/kubernetes/super-admin.conf";
    /// The folder of the manifests that a new cluster is given.
    pub const BOOTSTRAP: &str = "/etc/kubernetes/bootstrap/";
    pub const BOOTSTRAP_RBAC: &str = "/etc/kubernetes/bootstrap/rbac.yaml";
    pub const BOOTSTRAP_COREDNS: &str = "/etc/kubernetes/bootstrap/coredns.yaml";
    pub const CILIUM_VALUES: &str = "/etc/kubernetes/addons/cilium-values.yaml";
    pub const POD_ROUTES: &str = "/etc/kubernetes/pod-routes";
    pub const POD_ROUTES_PROGRAM: &str = "/usr/local/sbin/kubernetes-pod-routes";
    pub const POD_MASQUERADE: &str = "/etc/kubernetes/pod-masquerade.nft";
    pub const CONTAINERD_CONFIG: &str = "/etc/containerd/config.toml";
    pub const CONTAINERD_SOCKET: &str = "unix:///run/containerd/containerd.sock";
    pub const CRICTL_CONFIG: &str = "/etc/crictl.yaml";
    pub const CNI_NETWORK: &str = "/etc/cni/net.d/10-bridge.conflist";
    pub const CNI_LOOPBACK: &str = "/etc/cni/net.d/99-loopback.conf";
    pub const KERNEL_MODULES: &str = "/etc/modules-load.d/kubernetes.conf";
    pub const SYSCTLS: &str = "/etc/sysctl.d/99-kubernetes.conf";
    pub const HOSTS: &str = "/etc/hosts";
}

const ETCD_CLIENT_PORT: u16 = 2379;
const ETCD_PEER_PORT: u16 = 2380;
const ETCD_METRICS_PORT: u16 = 2381;

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

/// The port on which each API server listens: the endpoint's own, if the endpoint is a control plane.
pub fn apiserver_port(cluster: &Cluster) -> u16 {
    let endpoint = &cluster.api.endpoint;
    let direct = cluster.control_planes().any(|host| Some(host.address) == endpoint.ip());
    if direct { endpoint.port } else { 6443 }
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
    https(localhost(cluster), apiserver_port(cluster))
}

pub fn etcd(cluster: &Cluster, host: &Host) -> Command {
    let local = localhost(cluster);
    let metrics = format!("http://{}", SocketAddr::new(local, ETCD_METRICS_PORT));
    let client = https(host.address, ETCD_CLIENT_PORT);
    let peer = https(host.address, ETCD_PEER_PORT);
    let member = |host: &Host| format!("{}={}", host.name, https(host.address, ETCD_PEER_PORT));
    let members: Vec<String> = cluster.etcd_members().map(member).collect();
    let address = || address_of(host);
    Flags::of(cluster, Program::Etcd)
        .from(format!("hosts[{}].name", host.name), "name", host.name.clone())
        .ours("data-dir", "/var/lib/etcd")
        .from(address(), "listen-client-urls", vec![https(local, ETCD_CLIENT_PORT), client.clone()])
        .from(address(), "advertise-client-urls", vec![client])
        .from(address(), "listen-peer-urls", vec![peer.clone()])
        .from(address(), "initial-advertise-peer-urls", vec![peer])
        .from("hosts", "initial-cluster", members)
        .ours("initial-cluster-state", "new")
        .from("name", "initial-cluster-token", cluster.name.clone())
        .ours("listen-metrics-urls", vec![metrics])
        .ours("client-cert-auth", true)
        .ours("trusted-ca-file", path::ETCD_CA_CERT)
        .pair(("cert-file", "key-file"), path::ETCD_SERVER)
        .ours("peer-client-cert-auth", true)
        .ours("peer-trusted-ca-file", path::ETCD_CA_CERT)
        .pair(("peer-cert-file", "peer-key-file"), path::ETCD_PEER)
        .ours("tls-min-version", "TLS1.3")
        .ours("snapshot-count", "10000")
        // The same two settings before and since etcd 3.6.
        .ours("experimental-initial-corrupt-check", true)
        .ours("experimental-watch-progress-notify-interval", "5s")
        .ours("feature-gates", "InitialCorruptCheck=true")
        .ours("watch-progress-notify-interval", "5s")
        .command("/usr/local/bin/etcd")
}

pub fn kube_apiserver(cluster: &Cluster, host: &Host) -> Command {
    let etcd: Vec<String> =
        cluster.etcd_members().map(|host| https(host.address, ETCD_CLIENT_PORT)).collect();
    let issuer = format!("https://kubernetes.default.svc.{}", cluster.network.domain);
    let audit = &cluster.audit;
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
        .ours("enable-admission-plugins", vec!["NodeRestriction".to_owned()])
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
        .from("api.endpoint", "secure-port", apiserver_port(cluster).to_string())
        .from("network.domain", "service-account-issuer", vec![issuer])
        .ours("service-account-key-file", vec![path::SERVICE_ACCOUNT_PUBLIC.to_owned()])
        .ours("service-account-signing-key-file", path::SERVICE_ACCOUNT_KEY)
        .from("network.services", "service-cluster-ip-range", cluster.network.services.to_string())
        .ours("tls-min-version", "VersionTLS13")
        .pair(("tls-cert-file", "tls-private-key-file"), path::APISERVER)
        .command("/usr/local/bin/kube-apiserver")
}

pub fn kube_controller_manager(cluster: &Cluster) -> Command {
    let network = &cluster.network;
    let flags = Flags::of(cluster, Program::KubeControllerManager)
        .ours("authentication-kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("authorization-kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("bind-address", localhost(cluster).to_string())
        .ours("client-ca-file", path::CA_CERT)
        .from("name", "cluster-name", cluster.name.clone())
        .pair(("cluster-signing-cert-file", "cluster-signing-key-file"), (path::CA_CERT, path::CA_KEY))
        .ours("kubeconfig", path::CONTROLLER_MANAGER_CONF)
        .ours("leader-elect", true)
        .ours("profiling", false)
        .ours("requestheader-client-ca-file", path::FRONT_PROXY_CA_CERT)
        .ours("root-ca-file", path::CA_CERT)
        .ours("service-account-private-key-file", path::SERVICE_ACCOUNT_KEY)
        .from("network.services", "service-cluster-ip-range", network.services.to_string())
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
    let flags = match labels.is_empty() {
        true => flags,
        false => flags.from(format!("hosts[{}].labels", host.name), "node-labels", labels),
    };
    flags.command("/usr/local/bin/kubelet")
}

pub fn kube_proxy(cluster: &Cluster, host: &Host) -> Command {
    Flags::of(cluster, Program::KubeProxy)
        .ours("config", path::KUBE_PROXY_CONFIG)
        .from(format!("hosts[{}].name", host.name), "hostname-override", host.name.clone())
        .command("/usr/local/bin/kube-proxy")
}

/// Applies every bootstrap manifest, by way of the API server of the same host.
pub fn kubectl_apply(cluster: &Cluster) -> Command {
    let flags = vec![
        own("filename", path::BOOTSTRAP),
        // What somebody else has changed since is put right, not complained of.
        own("force-conflicts", "true"),
        own("field-manager", "kthw"),
        own("server", &local_apiserver(cluster)),
        own("server-side", "true"),
    ];
    Command::new("/usr/local/bin/kubectl", flags).with("apply")
}

/// Succeeds once the API server of the same host is ready.
pub fn kubectl_ready(cluster: &Cluster) -> Command {
    let flags = vec![own("raw", "/readyz"), own("server", &local_apiserver(cluster))];
    Command::new("/usr/local/bin/kubectl", flags).with("get")
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

/// A flag of a program that users do not configure.
fn own(name: &str, value: &str) -> Flag {
    Flag { name: name.to_owned(), values: vec![value.to_owned()], decided_by: DecidedBy::Program }
}

pub fn containerd(cluster: &Cluster) -> Command {
    Flags::of(cluster, Program::Containerd)
        .ours("config", path::CONTAINERD_CONFIG)
        .command("/usr/local/bin/containerd")
}
