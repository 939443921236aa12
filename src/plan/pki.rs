//! The identities of a cluster, as one table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kthw_graph::NodeId;

use super::planner::{Planner, input};
use crate::artifact::{
    Certificate, ImportedCertificate, ImportedKey, Kubeconfig, PrivateKey, Profile, PublicKey, Validity,
};
use crate::cluster::{Authority, AuthorityFiles, Cluster, Host, LoadBalancer};
use crate::imported::{ImportedAuthorities, ImportedAuthority};

/// The node name of an authority.
const fn authority_name(authority: Authority) -> &'static str {
    match authority {
        ClusterCa => "pki/ca",
        Etcd => "pki/etcd/ca",
        FrontProxy => "pki/front-proxy-ca",
    }
}

use Authority::{Cluster as ClusterCa, Etcd, FrontProxy};
use Profile::{Client, Peer, Server};

/// One line of the table: who someone is, and who says so.
pub struct Identity {
    /// The node's name without `/cert` and `/key`.
    pub name: String,
    pub authority: Authority,
    pub profile: Profile,
    pub common_name: String,
    /// The groups of a Kubernetes user.
    pub groups: &'static [&'static str],
    pub names: Names,
    /// The field of cluster.yaml that says whose this is.
    decided_by: Option<String>,
}

/// What a server answers to.
#[derive(Default)]
pub struct Names {
    pub dns: BTreeSet<String>,
    pub addresses: BTreeSet<IpAddr>,
    /// The fields that decide them, by how they are printed.
    pub decided_by: BTreeMap<String, String>,
}

impl Names {
    /// Adds a name or an address, which this field decides.
    fn decided(mut self, name: impl ToString, field: impl Into<String>) -> Self {
        let name = name.to_string();
        let printed = match name.parse::<IpAddr>() {
            Ok(address) => {
                self.addresses.insert(address);
                address.to_string()
            }
            Err(_) => {
                self.dns.insert(name.clone());
                name
            }
        };
        self.decided_by.entry(printed).or_insert(field.into());
        self
    }

    /// Adds names that are always the same.
    fn constant(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.dns.extend(names.into_iter().map(str::to_owned));
        self
    }
}

fn identity(
    name: impl Into<String>,
    authority: Authority,
    profile: Profile,
    common_name: impl Into<String>,
    groups: &'static [&'static str],
) -> Identity {
    let (name, common_name, names) = (name.into(), common_name.into(), Names::default());
    Identity { name, authority, profile, common_name, groups, names, decided_by: None }
}

/// The group that the bootstrap manifest makes administrators.
pub const ADMINISTRATORS: &str = "kthw:cluster-admins";
/// The user as whom API servers reach kubelets, to whom the bootstrap manifest grants just that.
pub const KUBELET_CLIENT: &str = "kube-apiserver-kubelet-client";

/// The group of whoever watches, to whom the bootstrap manifest grants just metrics.
pub const MONITORING: &str = "kthw:monitoring";
/// The user as whom the controllers of a cloud act.
pub const CLOUD_CONTROLLER_MANAGER: &str = "system:cloud-controller-manager";

/// Who acts for the whole cluster.
pub fn cluster_identities(cluster: &Cluster) -> Vec<Identity> {
    let mut identities = vec![
        identity("pki/admin", ClusterCa, Client, "kubernetes-admin", &[ADMINISTRATORS]),
        identity("pki/super-admin", ClusterCa, Client, "kubernetes-super-admin", &["system:masters"]),
        identity("pki/controller-manager", ClusterCa, Client, "system:kube-controller-manager", &[]),
        identity("pki/scheduler", ClusterCa, Client, "system:kube-scheduler", &[]),
        identity("pki/apiserver-kubelet-client", ClusterCa, Client, KUBELET_CLIENT, &[]),
        identity("pki/front-proxy-client", FrontProxy, Client, "front-proxy-client", &[]),
        identity("pki/apiserver-etcd-client", Etcd, Client, "kube-apiserver-etcd-client", &[]),
        identity("pki/etcd/healthcheck-client", Etcd, Client, "kube-etcd-healthcheck-client", &[]),
    ];
    if cluster.monitoring.is_some() {
        identities.push(identity("pki/monitoring", ClusterCa, Client, "prometheus", &[MONITORING]));
    }
    if runs_cloud_controllers(cluster) {
        let name = "pki/cloud-controller-manager";
        identities.push(identity(name, ClusterCa, Client, CLOUD_CONTROLLER_MANAGER, &[]));
    }
    identities
}

fn runs_cloud_controllers(cluster: &Cluster) -> bool {
    cluster.cloud_provider.as_ref().is_some_and(|cloud| cloud.controller_manager.is_some())
}

/// Who acts for every kube-proxy, in the name that Kubernetes binds to the role system:node-proxier.
pub fn kube_proxy_identity() -> Identity {
    identity("pki/kube-proxy", ClusterCa, Client, "system:kube-proxy", &[])
}

/// Who acts for one control plane.
pub fn control_plane_identities(cluster: &Cluster, host: &Host) -> Vec<Identity> {
    let of = |part: &str| format!("host/{}/pki/{part}", host.name);
    // Who watches asks from elsewhere.
    let names = || if cluster.monitoring.is_some() { reachable(host) } else { local(host) };
    let mut identities = vec![
        identity(of("apiserver"), ClusterCa, Server, "kube-apiserver", &[])
            .answering(apiserver(cluster, host)),
        identity(of("controller-manager"), ClusterCa, Server, "kube-controller-manager", &[])
            .answering(names()),
        identity(of("scheduler"), ClusterCa, Server, "kube-scheduler", &[]).answering(names()),
    ];
    if runs_cloud_controllers(cluster) {
        let name = of("cloud-controller-manager");
        let server = identity(name, ClusterCa, Server, "cloud-controller-manager", &[]);
        identities.push(server.answering(local(host)));
    }
    identities
}

/// Who acts for one member of etcd.
pub fn etcd_identities(host: &Host) -> Vec<Identity> {
    let of = |part: &str| format!("host/{}/pki/{part}", host.name);
    vec![
        // Its own gateway reaches an etcd with its server certificate, as a client.
        identity(of("etcd-server"), Etcd, Peer, &host.name, &[]).answering(reachable(host)).of_host(host),
        identity(of("etcd-peer"), Etcd, Peer, &host.name, &[]).answering(reachable(host)).of_host(host),
    ]
}

/// Who acts for one worker.
pub fn worker_identities(host: &Host) -> Vec<Identity> {
    let of = |part: &str| format!("host/{}/pki/{part}", host.name);
    let node = format!("system:node:{}", host.name);
    vec![
        identity(of("kubelet-client"), ClusterCa, Client, &node, &["system:nodes"]).of_host(host),
        identity(of("kubelet-server"), ClusterCa, Server, &node, &["system:nodes"])
            .answering(named(host).decided(host.address, format!("hosts[{}].address", host.name)))
            .of_host(host),
    ]
}

impl Identity {
    fn answering(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    fn of_host(mut self, host: &Host) -> Self {
        self.decided_by = Some(format!("hosts[{}].name", host.name));
        self
    }
}

const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Every name by which some client reaches the API server.
fn apiserver(cluster: &Cluster, host: &Host) -> Names {
    let domain = &cluster.network.domain;
    let mut names = reachable(host)
        .constant(["kubernetes", "kubernetes.default", "kubernetes.default.svc"])
        .decided(format!("kubernetes.default.svc.{domain}"), "network.domain")
        .decided(cluster.network.api_service_address(), "network.services");
    for name in &cluster.api.sans {
        names = names.decided(name, "api.sans");
    }
    names = names.decided(&cluster.api.endpoint.host, "api.endpoint");
    match cluster.api.load_balancer.as_ref().and_then(LoadBalancer::virtual_address) {
        Some(address) => names.decided(address, "api.loadBalancer.address"),
        None => names,
    }
}

/// Who is called as its host is.
fn named(host: &Host) -> Names {
    Names::default().decided(&host.name, format!("hosts[{}].name", host.name))
}

/// A component that only its own host asks, for health and metrics.
fn local(host: &Host) -> Names {
    let mut names = named(host).constant(["localhost"]);
    names.addresses.extend(LOCALHOST);
    names
}

/// A server that its own host asks, and others.
fn reachable(host: &Host) -> Names {
    local(host).decided(host.address, format!("hosts[{}].address", host.name))
}

/// A certificate and its key.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub cert: NodeId,
    pub key: NodeId,
}

impl Planner<'_> {
    pub(super) fn authority(&mut self, authority: Authority) -> Pair {
        self.pair(authority_name(authority))
    }

    /// The pair of an identity, whether or not it is defined yet.
    pub(super) fn pair(&mut self, name: &str) -> Pair {
        Pair { cert: self.name(&format!("{name}/cert")), key: self.name(&format!("{name}/key")) }
    }

    pub(super) fn define_authorities(&mut self, imported: &ImportedAuthorities) {
        for authority in Authority::ALL {
            if let Some(files) = self.cluster.pki.authorities.get(&authority) {
                let imported = imported.get(&authority).expect("what the cluster names was read");
                self.define_imported(authority, imported, files);
                continue;
            }
            let name = authority_name(authority);
            let validity = self.authority_validity();
            let key = self.define_key(name);
            let certificate = Certificate {
                profile: Profile::Authority,
                common_name: authority.common_name().to_owned(),
                organisations: Vec::new(),
                dns_names: BTreeSet::new(),
                addresses: BTreeSet::new(),
                validity,
                decided_by: None,
                named_by: BTreeMap::new(),
            };
            self.define(&format!("{name}/cert"), certificate, [input("key", key)]);
        }
    }

    /// An authority that was made elsewhere, in the place of one of ours.
    fn define_imported(
        &mut self,
        authority: Authority,
        imported: &ImportedAuthority,
        files: &AuthorityFiles,
    ) {
        let name = authority_name(authority);
        let (public_key, file) = (imported.public_key.clone(), files.key.clone());
        self.define(&format!("{name}/key"), ImportedKey { authority, public_key, file }, []);
        let certificate = ImportedCertificate { authority, imported: imported.clone() };
        self.define(&format!("{name}/cert"), certificate, []);
    }

    pub(super) fn define_identities(&mut self, identities: Vec<Identity>) {
        for identity in identities {
            let issuer = self.authority(identity.authority);
            let key = self.define_key(&identity.name);
            let validity = self.leaf_validity();
            let certificate = Certificate {
                profile: identity.profile,
                common_name: identity.common_name,
                organisations: identity.groups.iter().map(|group| (*group).to_owned()).collect(),
                dns_names: identity.names.dns,
                addresses: identity.names.addresses,
                validity,
                decided_by: identity.decided_by,
                named_by: identity.names.decided_by,
            };
            let inputs =
                [input("key", key), input("issuer-cert", issuer.cert), input("issuer-key", issuer.key)];
            self.define(&format!("{}/cert", identity.name), certificate, inputs);
        }
    }

    /// The key pair that signs service account tokens.
    pub(super) fn define_service_account_keys(&mut self) {
        let key = self.define_key("pki/service-accounts");
        self.define("pki/service-accounts/public", PublicKey, [input("key", key)]);
    }

    /// The kubeconfig of an identity, with which it reaches the API at `server`.
    pub(super) fn define_kubeconfig(&mut self, name: &str, user: &str, of: &str, server: String) -> NodeId {
        let (ca, pair) = (self.authority(ClusterCa), self.pair(of));
        let kubeconfig = Kubeconfig { cluster: self.cluster.name.clone(), user: user.to_owned(), server };
        self.define(
            name,
            kubeconfig,
            [input("ca", ca.cert), input("cert", pair.cert), input("key", pair.key)],
        )
    }

    fn define_key(&mut self, name: &str) -> NodeId {
        let key = PrivateKey {
            cluster: self.lock.cluster.clone(),
            label: name.to_owned(),
            generation: self.lock.generation(name),
            root: self.root,
        };
        self.define(&format!("{name}/key"), key, [])
    }

    fn authority_validity(&self) -> Validity {
        Validity {
            epoch: self.lock.epochs.ca.unix().unsigned_abs(),
            lifetime: self.cluster.pki.ca_lifetime.as_secs(),
        }
    }

    fn leaf_validity(&self) -> Validity {
        Validity {
            epoch: self.lock.epochs.leaf.unix().unsigned_abs(),
            lifetime: self.cluster.pki.leaf_lifetime.as_secs(),
        }
    }
}
