//! A cluster on hosts of its own: bare at first, then with what kthw renders for them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use ipnet::IpNet;
use kthw::cluster::{LoadBalancer, Role};

use crate::base_root::base_root;
use crate::cluster_folder::ClusterFolder;
use crate::delivery::Bundle;
use crate::host::Host;
use crate::ran::Ran;
use crate::report;
use crate::site::Site;
use crate::turn::Turn;

/// The minor of Kubernetes that hosts run.
pub const MINOR: &str = "1.36";

/// What needs control groups of the second version, which machines made of namespaces have only where this one does, or
/// a kernel of its own.
const RUN_PODS: &[&str] =
    &["containerd.service", "kubelet.service", "kube-proxy.service", "kubernetes-sysctls.service"];

pub struct Cluster {
    pub folder: ClusterFolder,
    pub spec: kthw::cluster::Cluster,
    /// In the order of the cluster file.
    pub hosts: Vec<Host>,
    pub bundles: BTreeMap<String, Bundle>,
    site: Arc<Site>,
    _turn: Turn,
}

impl Cluster {
    /// The hosts of a cluster, switched on, with nothing on them but Debian; `None` where this machine cannot have them
    /// and the test may be skipped.
    pub fn bare(folder: ClusterFolder) -> Option<Self> {
        let root = base_root()?;
        let turn = Turn::take();
        let (spec, _) = kthw::spec::load(&folder.read("cluster.yaml")).expect("the cluster is sound");
        let range = spec.network.hosts;
        let gateway = last_address(range);
        let within = |address| IpNet::new(address, range.prefix_len()).expect("a prefix of a range");
        let site = Arc::new(Site::new(within(gateway), folder.place())?);
        let host = |host: &kthw::cluster::Host| {
            Host::bare(Arc::clone(&site), &root, &host.name, within(host.address), gateway)
        };
        let hosts = spec.hosts.iter().filter(|host| can_be_here(&spec, host)).map(host).collect();
        let cluster = Self { folder, spec, hosts, bundles: BTreeMap::new(), site, _turn: turn };
        cluster.on_all(Host::power_on);
        cluster.lead_virtual_address_to(cluster.control_planes()[0].address);
        Some(cluster)
    }

    /// Builds the cluster and writes every host's files.
    pub fn deliver(&mut self) {
        let out = self.out();
        let out_text = out.to_str().expect("plain names");
        self.folder.kthw(&["build", "--fetch", "--out", out_text]).exits(0);
        let bundle = |host: &Host| (host.name.clone(), Bundle::of(&self.folder, &host.name));
        self.bundles = self.hosts.iter().map(bundle).collect();
        self.on_all(|host| self.bundles[&host.name].deliver(&self.folder, &out.join(&host.name), host));
    }

    /// Starts every service of every host, as a person would after reading README.
    pub fn start(&self) {
        self.on_all(|host| {
            let units = self.units(host).join(" ");
            host.run("systemctl daemon-reload");
            host.run(&format!("systemctl enable --quiet {units} && systemctl restart --no-block {units}"));
        });
    }

    /// The units of a host that kthw starts, but for those that run pods.
    pub fn units<'a>(&'a self, host: &Host) -> Vec<&'a str> {
        self.bundles[&host.name].units().filter(|unit| !RUN_PODS.contains(unit)).collect()
    }

    #[track_caller]
    pub fn host(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    pub fn control_planes(&self) -> Vec<&Host> {
        self.spec.control_planes().map(|host| self.host(&host.name)).collect()
    }

    pub fn etcd_members(&self) -> Vec<&Host> {
        self.spec.etcd_members().map(|host| self.host(&host.name)).collect()
    }

    /// Does the same with all hosts at once.
    pub fn on_all(&self, what: impl Fn(&Host) + Sync) {
        at_once(&self.hosts.iter().collect::<Vec<_>>(), what);
    }

    /// What `kubectl` says to an administrator on the first control plane.
    pub fn kubectl(&self, arguments: &str) -> Result<String, String> {
        let options = "--kubeconfig=/etc/kubernetes/super-admin.conf --server=https://127.0.0.1:6443";
        self.control_planes()[0].ask(&format!("kubectl {options} --request-timeout=10s {arguments}"))
    }

    /// What a script prints at the site, where clients are: beside the hosts.
    pub fn client(&self, script: &str) -> Result<String, String> {
        let Ran { code, stdout, stderr } = Ran::of(self.site.command().args(["sh", "-euc", script]));
        if code == Some(0) { Ok(stdout) } else { Err(format!("{stdout}{stderr}")) }
    }

    /// What the API answers to a client at its endpoint. Where that is a name and no balancer of the cluster stands there,
    /// it leads to the first control plane.
    pub fn client_gets(&self, path: &str) -> Result<String, String> {
        self.client(&self.curl(path))
    }

    /// What such a client runs.
    pub fn curl(&self, path: &str) -> String {
        let first = self.control_planes()[0];
        let authority = self.out().join(&first.name).join("etc/kubernetes/pki/ca.crt");
        let address = self.spec.balanced_addresses().first().copied().unwrap_or(first.address);
        let endpoint = &self.spec.api.endpoint;
        let (host, port) = (&endpoint.host, endpoint.port);
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!(
            "curl --silent --show-error --fail --max-time 5 --cacert {} --connect-to {host}:{port}:{}: \
               https://{host}:{port}{path}",
            authority.display(),
            if address.is_ipv6() { format!("[{address}]") } else { address.to_string() },
        )
    }

    /// Leads packets of the site's clients for the virtual address of an IPVS gateway to a host: the gateway, or a control
    /// plane, as it would.
    pub fn lead_virtual_address_to(&self, host: IpAddr) {
        if let Some(LoadBalancer::Ipvs { address }) = &self.spec.api.load_balancer {
            self.client(&format!("ip route replace {address} via {host}")).expect("it is a neighbour");
        }
    }

    /// The site's own address, which is every host's gateway.
    pub fn gateway(&self) -> IpAddr {
        last_address(self.spec.network.hosts)
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The public files of all hosts, as they were delivered.
    pub fn out(&self) -> PathBuf {
        self.folder.place().join("out")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            report::print(self);
        }
    }
}

/// Does the same with several hosts at once.
pub fn at_once(hosts: &[&Host], what: impl Fn(&Host) + Sync) {
    thread::scope(|scope| {
        for host in hosts {
            scope.spawn(|| what(host));
        }
    });
}

/// Whether a machine made of namespaces can be this host. A kubelet needs more, and IPVS a kernel that has it.
fn can_be_here(spec: &kthw::cluster::Cluster, host: &kthw::cluster::Host) -> bool {
    let balances_with_ipvs =
        host.is(Role::LoadBalancer) && matches!(spec.api.load_balancer, Some(LoadBalancer::Ipvs { .. }));
    !balances_with_ipvs && host.roles.iter().any(|role| *role != Role::Worker)
}

/// The last address of a range that a machine may have.
fn last_address(range: IpNet) -> IpAddr {
    match range.broadcast() {
        IpAddr::V4(last) => IpAddr::V4((u32::from(last) - 1).into()),
        IpAddr::V6(last) => IpAddr::V6((u128::from(last) - 1).into()),
    }
}
