//! The planner: what exists, what it is made from, and where it goes. It decides everything and does nothing.

mod backup;
mod bootstrap;
mod cloud;
mod control_plane;
mod etcd;
mod flags;
mod host;
mod hypervisor_names;
mod kernel;
mod kube_proxy;
mod load_balancer;
mod machine;
mod monitoring;
mod node_names;
mod objects;
mod path;
mod pki;
mod planner;
mod pod_network;
mod releases;
mod validity;
mod worker;

use std::collections::HashSet;

use kthw_graph::{Graph, GraphProblem};
use semver::Version;

use crate::artifact::{Artifact, ClusterIndex};
use crate::cluster::{Cluster, Role};
use crate::imported::ImportedAuthorities;
use crate::lock::Lock;
use crate::root::RootFingerprint;

use planner::{HostFiles, Planner};

pub use hypervisor_names::HypervisorNames;
pub use machine::{NETWORK_FILE, image_file};
pub use node_names::{
    bundle_host, bundle_name, files, host_of, hosts, is_for_monitoring, kubeconfig_name, kubeconfig_user,
    machine_files, machine_name, permissions, shared_name,
};
pub use releases::{needs, programs};

/// The node that stands for everything.
pub const CLUSTER: &str = "cluster";

/// Everything that will be made for a cluster.
pub struct Plan {
    pub graph: Graph<Artifact>,
}

/// Why a decided cluster cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    #[error("kthw.lock does not pin {name} {version} for linux/{arch}")]
    Unpinned { name: String, version: Version, arch: String },
    #[error(
        "{field} {path} is a file of the bundle of host {host}, and a deployment would put that back; remove it, or \
         change what decides that file"
    )]
    Taken { field: String, path: String, host: String },
    /// A value that no file of a host can hold; the field is missing where kthw decided it.
    #[error("{message}")]
    Unfit { field: Option<String>, message: String },
    /// Epochs by which certificates and their authorities are not valid together.
    #[error("{message}")]
    Epoch { class: &'static str, message: String, fix: &'static str },
    #[error(transparent)]
    Graph(#[from] GraphProblem),
}

impl PlanProblem {
    /// The field of the cluster's file that is wrong, if one is.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Taken { field, .. } => Some(field),
            Self::Unfit { field, .. } => field.as_deref(),
            Self::Unpinned { .. } | Self::Epoch { .. } | Self::Graph(_) => None,
        }
    }

    /// The label and the section of the lock that is wrong, if one is.
    pub fn entry(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Epoch { class, .. } => Some(("epochs", class)),
            _ => None,
        }
    }

    /// What to do, where the message does not say it.
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Epoch { fix, .. } => Some(fix),
            _ => None,
        }
    }
}

/// Plans a cluster: a pure function of what is decided and what is locked.
pub fn plan(
    cluster: &Cluster,
    lock: &Lock,
    root: RootFingerprint,
    imported: &ImportedAuthorities,
) -> Result<Plan, Vec<PlanProblem>> {
    let mut planner = Planner::new(cluster, lock, root);
    planner.problems.extend(validity::problems(&cluster.pki, lock.epochs));
    planner.define_authorities(imported);
    planner.define_identities(pki::cluster_identities(cluster));
    planner.define_service_account_keys();
    planner.define_releases();
    planner.define_etcd();
    planner.define_etcd_care();
    planner.define_control_plane();
    planner.define_cloud();
    planner.define_monitoring();
    planner.define_workers();
    planner.define_kube_proxy();
    planner.define_pod_network();
    planner.define_load_balancer();
    let mut members = Vec::with_capacity(cluster.hosts.len());
    if let Some(machines) = &cluster.machines {
        members.extend(planner.define_shared_machinery(machines));
    }
    for host in &cluster.hosts {
        let mut files = HostFiles::new(host);
        planner.place_common(&mut files);
        if host.is(Role::Etcd) {
            planner.place_etcd(&mut files);
            planner.place_defragmentation(&mut files);
        }
        if host.is(Role::Etcd) || host.is(Role::ControlPlane) {
            planner.place_backup(&mut files);
        }
        if host.is(Role::ControlPlane) {
            planner.place_control_plane(&mut files);
            planner.place_cloud(&mut files);
        }
        if host.is(Role::Worker) {
            planner.place_worker(&mut files);
        }
        planner.place_load_balancer(&mut files);
        if let Some(machines) = &cluster.machines {
            members.push(planner.define_machine(machines, &files));
        }
        members.push(planner.define_bundle(files));
    }
    planner.define(CLUSTER, ClusterIndex { name: cluster.name.clone() }, members);
    let Planner { graph, mut problems, .. } = planner;
    if !problems.is_empty() {
        // What many hosts have is wrong once.
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert((problem.field().map(str::to_owned), problem.to_string())));
        // What is not pinned is not defined either: each gap in the graph would say the same again.
        return Err(problems);
    }
    match graph.seal() {
        Ok(graph) => Ok(Plan { graph }),
        Err(broken) => Err(broken.into_iter().map(PlanProblem::Graph).collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kthw_graph::{Action, Encoder, NodeId};

    use super::flags::path;
    use super::*;
    use crate::artifact::{Certificate, Profile};
    use crate::root::RootSecret;
    use crate::spec;
    use crate::tree::OnChange;

    fn cluster(text: &str) -> Cluster {
        spec::load(text).expect("a good cluster").0
    }

    fn example(change: impl Fn(String) -> String) -> Plan {
        let cluster = cluster(&change(include_str!("../../examples/single/cluster.yaml").to_owned()));
        let lock = Lock::parse(include_str!("../../examples/single/kthw.lock")).expect("a good lock");
        plan(&cluster, &lock, RootSecret::new([7; 32]).fingerprint(), &ImportedAuthorities::new())
            .expect("a good plan")
    }

    fn certificates(plan: &Plan) -> impl Iterator<Item = (&str, &Certificate)> {
        plan.graph.order().iter().filter_map(|id| {
            let node = plan.graph.node(*id);
            match &node.action {
                Artifact::Certificate(certificate) => Some((node.name.as_str(), certificate)),
                _ => None,
            }
        })
    }

    fn certificate<'a>(plan: &'a Plan, name: &str) -> &'a Certificate {
        certificates(plan).find(|(found, _)| *found == name).expect("a certificate of this name").1
    }

    fn unit(plan: &Plan, name: &str) -> Vec<String> {
        struct Params(Vec<String>);
        impl kthw_graph::Manifest for Params {
            fn param(&mut self, name: &str, value: kthw_graph::Value<'_>, _: kthw_graph::Origin<'_>) {
                self.0.push(format!("{name}={value}"));
            }
        }
        let mut params = Params(Vec::new());
        plan.graph.node(plan.graph.find(name).expect("a unit")).action.describe(&mut params);
        params.0
    }

    /// A digest that changes here renames stored actions. Bump the kind's version if its bytes change for the same
    /// parameters; accept the change if the parameters are meant to change.
    #[test]
    fn descriptions_are_frozen() {
        let plan = example(|text| text);
        let mut encoder = Encoder::default();
        let mut lines = Vec::new();
        for id in plan.graph.order() {
            let node = plan.graph.node(*id);
            let kind = node.action.kind();
            encoder.begin(&kind);
            node.action.describe(&mut encoder);
            lines.push(format!("{} {kind} v{} {}", node.name, kind.version, encoder.digest()));
        }
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn the_api_server_answers_to_every_name_that_a_client_uses() {
        let plan = example(|text| text.replace("6443\n", "6443\n  sans: [k8s.example.org, 192.0.2.7]\n"));
        let apiserver = certificate(&plan, "host/control-plane-1/pki/apiserver/cert");
        let dns: Vec<&str> = apiserver.dns_names.iter().map(String::as_str).collect();
        assert_eq!(
            dns,
            [
                "control-plane-1",
                "k8s.example.org",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local",
                "localhost",
            ]
        );
        let addresses: Vec<String> = apiserver.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.4", "10.96.0.1", "127.0.0.1", "192.0.2.7", "::1"]);
    }

    fn ha(text: &str, lock: &str, change: impl Fn(String) -> String) -> Plan {
        let lock = Lock::parse(lock).expect("a good lock");
        let cluster = cluster(&change(text.to_owned()));
        plan(&cluster, &lock, RootSecret::new([7; 32]).fingerprint(), &ImportedAuthorities::new())
            .expect("a good plan")
    }

    fn ha_ipvs(change: impl Fn(String) -> String) -> Plan {
        ha(spec::presets::HA_IPVS, include_str!("../../examples/ha-ipvs/kthw.lock"), change)
    }

    fn ha_haproxy(change: impl Fn(String) -> String) -> Plan {
        ha(spec::presets::HA_HAPROXY, include_str!("../../examples/ha-haproxy/kthw.lock"), change)
    }

    #[test]
    fn api_servers_of_production_reach_pods_and_pods_stay_away_from_them() {
        let lock = include_str!("../../examples/production/kthw.lock");
        let plan = ha(spec::presets::PRODUCTION, lock, |text| text);
        let kubelets = holders(&plan, "/etc/systemd/system/kubelet.service");
        assert_eq!(kubelets, ["cp-1", "cp-2", "cp-3", "worker-1", "worker-2"]);
        let taints = |host: &str| {
            let config = unit(&plan, &format!("host/{host}/kubelet-config"));
            config.into_iter().filter(|param| param.contains("node-role.kubernetes.io/control-plane")).count()
        };
        assert_eq!(["cp-1", "cp-2", "cp-3", "worker-1"].map(taints), [1, 1, 1, 0]);
    }

    /// The hosts that hold a file.
    fn holders(plan: &Plan, path: &str) -> Vec<String> {
        let mut hosts: Vec<String> =
            files(&plan.graph).filter(|file| file.1 == path).map(|(host, _, _)| host.to_owned()).collect();
        hosts.sort();
        hosts
    }

    const KEEPALIVED: &str = "kind: keepalived\n    address: 10.240.0.9\n    interface: eth0";

    /// The second example with keepalived on its control planes, at this endpoint.
    fn keepalived(endpoint: &str) -> Plan {
        ha_haproxy(|text| {
            text.replace("kind: haproxy", KEEPALIVED)
                .replace("https://10.240.0.40:6443", endpoint)
                .replace("roles: [load-balancer]", "roles: [worker]")
        })
    }

    #[test]
    fn the_virtual_address_is_where_its_packets_arrive_and_silent_but_on_the_gateway() {
        let plan = ha_ipvs(|text| text);
        let unit = "/etc/systemd/system/kubernetes-vip.service";
        assert_eq!(holders(&plan, unit), ["control0", "control1", "control2", "gateway"]);
        let silent = holders(&plan, "/etc/sysctl.d/50-vip-arp.conf");
        assert_eq!(silent, ["control0", "control1", "control2"]);
        assert_eq!(holders(&plan, "/etc/ha.d/ldirectord.cf"), ["gateway"]);
        assert_eq!(holders(&keepalived("https://10.240.0.9:6443"), unit), [""; 0]);
        assert_eq!(holders(&ha_haproxy(|text| text), unit), [""; 0]);
        let with_address = ha_haproxy(|text| {
            text.replace("kind: haproxy", "kind: haproxy\n    address: 10.240.0.9")
                .replace("https://10.240.0.40", "https://10.240.0.9")
        });
        assert_eq!(holders(&with_address, unit), ["lb-0"]);
    }

    #[test]
    fn api_servers_listen_where_the_load_balancer_looks_for_them() {
        let port = |plan: &Plan, host: &str| {
            let flags = unit(plan, &format!("host/{host}/kube-apiserver.service"));
            flags.into_iter().find_map(|flag| Some(flag.strip_prefix("--secure-port=")?.to_owned()))
        };
        let direct = ha_ipvs(|text| text.replace("kubernetes:6443", "kubernetes:443"));
        assert_eq!(port(&direct, "control0").as_deref(), Some("443"));
        assert_eq!(port(&keepalived("https://10.240.0.9:443"), "controller-0").as_deref(), Some("443"));
        let passed_on = ha_haproxy(|text| text.replace("10.240.0.40:6443", "10.240.0.40:443"));
        assert_eq!(port(&passed_on, "controller-0").as_deref(), Some("6443"));
    }

    #[test]
    fn an_api_server_stops_once_its_balancer_has_seen_it_and_soon_after() {
        let check = |plan: Plan, host: &str, expected: [Option<&str>; 3]| {
            let unit = unit(&plan, &format!("host/{host}/kube-apiserver.service"));
            let value =
                |name: &str| unit.iter().find_map(|param| param.strip_prefix(name)?.strip_prefix('='));
            let flags = ["--shutdown-delay-duration", "--shutdown-watch-termination-grace-period"];
            let found = [value(flags[0]), value(flags[1]), value("Service.TimeoutStopSec")];
            assert_eq!(found, expected, "{host}");
        };
        check(example(|text| text), "control-plane-1", [None, Some("3s"), Some("7")]);
        check(ha_haproxy(|text| text), "controller-0", [Some("5s"), Some("3s"), Some("12")]);
        let keepalived = keepalived("https://10.240.0.9:6443");
        check(keepalived, "controller-0", [Some("8s"), Some("3s"), Some("15")]);
        check(ha_ipvs(|text| text), "control0", [Some("10s"), Some("3s"), Some("17")]);
        let own = "components: {kube-apiserver: {flags: {shutdown-delay-duration: 1m10s}}}\n";
        let own = ha_haproxy(|text| text + own);
        check(own, "controller-0", [Some("1m10s"), Some("3s"), Some("77")]);
        let by_others = ha_haproxy(|text| {
            text.replace("  loadBalancer:\n    kind: haproxy\n", "")
                .replace("roles: [load-balancer]", "roles: [worker]")
        });
        check(by_others, "controller-0", [Some("20s"), Some("3s"), Some("27")]);
    }

    /// A program that runs is another one only after a restart.
    #[test]
    fn a_unit_that_reads_a_program_restarts_when_it_changes() {
        let mut gentle = BTreeSet::new();
        for plan in [ha_haproxy(|text| text), ha_ipvs(|text| text), keepalived("https://10.240.0.9:6443")] {
            for id in plan.graph.order() {
                let Artifact::Bundle(bundle) = &plan.graph.node(*id).action else { continue };
                for service in bundle.services.iter().filter(|s| s.on_change != OnChange::Restart) {
                    gentle.insert(format!("{} {}", service.on_change.as_str(), service.unit));
                    for path in &service.reads {
                        assert_eq!(bundle.files[path].mode & 0o111, 0, "{} reads {path}", service.unit);
                    }
                }
            }
        }
        let expected = ["nothing ldirectord.service", "reload haproxy.service", "reload keepalived.service"];
        assert_eq!(gentle.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_api_server_answers_to_the_virtual_address() {
        let plan = ha_ipvs(|text| text);
        let apiserver = certificate(&plan, "host/control1/pki/apiserver/cert");
        assert!(apiserver.addresses.contains(&"192.168.1.21".parse().expect("an address")));
    }

    #[test]
    fn the_name_of_the_endpoint_leads_to_the_load_balancer_on_every_host() {
        let entries = |plan: &Plan, host: &str| {
            let hosts = unit(plan, &format!("host/{host}/hosts"));
            hosts.into_iter().filter(|entry| entry.ends_with(" kubernetes")).collect::<Vec<_>>()
        };
        let plan = ha_ipvs(|text| text);
        for host in ["gateway", "control0", "worker0"] {
            assert_eq!(entries(&plan, host), ["entry=192.168.1.21 kubernetes"], "{host}");
        }
        let two = ha_haproxy(|text| {
            text.replace("10.240.0.40:6443", "kubernetes:6443")
                .replace("roles: [worker]\n  - name: worker-1", "roles: [load-balancer]\n  - name: worker-1")
        });
        let both = ["entry=10.240.0.40 kubernetes", "entry=10.240.0.20 kubernetes"];
        assert_eq!(entries(&two, "worker-1"), both);
    }

    #[test]
    fn a_load_balancer_gets_no_key() {
        let keys = |plan: &Plan, balancer: &str| {
            files(&plan.graph).filter(|(host, path, _)| *host == balancer && path.ends_with(".key")).count()
        };
        assert_eq!(keys(&ha_ipvs(|text| text), "gateway"), 0);
        assert_eq!(keys(&ha_haproxy(|text| text), "lb-0"), 0);
    }

    #[test]
    fn identities_are_those_that_kubernetes_knows() {
        let plan = example(|text| text);
        let of = |name: &str| {
            let found = certificate(&plan, name);
            (found.common_name.clone(), found.organisations.join(","))
        };
        let is = |cn: &str, o: &str| (cn.to_owned(), o.to_owned());
        assert_eq!(of("pki/scheduler/cert"), is("system:kube-scheduler", ""));
        assert_eq!(of("pki/controller-manager/cert"), is("system:kube-controller-manager", ""));
        let node = "host/worker-node-1/pki/kubelet-client/cert";
        assert_eq!(of(node), is("system:node:worker-node-1", "system:nodes"));
        assert_eq!(of("pki/apiserver-kubelet-client/cert"), is(pki::KUBELET_CLIENT, ""));
        let bypassing =
            certificates(&plan).filter(|(_, c)| c.organisations.contains(&"system:masters".into()));
        assert_eq!(bypassing.map(|(name, _)| name).collect::<Vec<_>>(), ["pki/super-admin/cert"]);
    }

    #[test]
    fn each_authority_vouches_only_for_its_own() {
        let plan = example(|text| text);
        let issuer = |name: &str| {
            let node = plan.graph.node(plan.graph.find(name).expect("a certificate"));
            let issuer = node.inputs.iter().find(|(slot, _)| slot == "issuer-cert").expect("an issuer");
            plan.graph.node(issuer.1).name.to_string()
        };
        for (name, _) in certificates(&plan).filter(|(_, c)| c.profile != Profile::Authority) {
            let expected = match name {
                name if name.contains("etcd") => "pki/etcd/ca/cert",
                name if name.contains("front-proxy") => "pki/front-proxy-ca/cert",
                _ => "pki/ca/cert",
            };
            assert_eq!(issuer(name), expected, "{name}");
        }
    }

    #[test]
    fn a_worker_gets_no_key_but_its_own() {
        let plan = example(|text| text);
        let keys: Vec<&str> = files(&plan.graph)
            .filter(|(host, path, _)| *host == "worker-node-1" && path.ends_with(".key"))
            .map(|(_, _, id)| plan.graph.node(id).name.as_str())
            .collect();
        assert_eq!(keys, ["host/worker-node-1/pki/kubelet-server/key"]);
    }

    #[test]
    fn the_user_has_the_last_word_on_flags() {
        let plan = example(|text| {
            text + "components:\n  kube-apiserver: {flags: {event-ttl: 2h, profiling: null, v: 4}}\n"
        });
        let flags = unit(&plan, "host/control-plane-1/kube-apiserver.service");
        let has = |flag: &str| flags.iter().any(|found| found == flag);
        assert!(has("--event-ttl=2h") && has("--v=4"));
        assert!(!flags.iter().any(|flag| flag.starts_with("--profiling")));
    }

    #[test]
    fn etcd_is_given_the_flags_of_its_version() {
        let of = |version: &str| {
            let text = include_str!("../../examples/single/cluster.yaml");
            let cluster = cluster(
                &text.replace("kubernetes: 1.35.1", &format!("kubernetes: 1.34.0\n  etcd: {version}")),
            );
            flags::etcd(&cluster, &cluster.hosts[0])
                .flags
                .into_iter()
                .map(|flag| flag.name)
                .collect::<Vec<_>>()
        };
        let (old, new) = (of("3.5.33"), of("3.6.14"));
        for (before, since) in [
            ("experimental-initial-corrupt-check", "feature-gates"),
            ("experimental-watch-progress-notify-interval", "watch-progress-notify-interval"),
        ] {
            assert!(old.contains(&before.to_owned()) && !old.contains(&since.to_owned()));
            assert!(new.contains(&since.to_owned()) && !new.contains(&before.to_owned()));
        }
    }

    /// The hosts that have a file at this path.
    fn hosts_with(plan: &Plan, path: &str) -> Vec<String> {
        let found = files(&plan.graph).filter(|(_, other, _)| *other == path);
        found.map(|(host, _, _)| host.to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    const MORE: &str = concat!(
        "  - {name: control-plane-2, address: 10.0.0.5, roles: [control-plane]}\n",
        "  - {name: control-plane-3, address: 10.0.0.6, roles: [control-plane, worker]}\n",
    );

    #[test]
    fn the_first_control_plane_alone_gives_the_cluster_what_it_needs() {
        let plan = example(|text| {
            text.replace("  - name: worker-node-1", &format!("{MORE}  - name: worker-node-1"))
        });
        for path in [path::SUPER_ADMIN_CONF, path::BOOTSTRAP_RBAC, path::BOOTSTRAP_COREDNS] {
            assert_eq!(hosts_with(&plan, path), ["control-plane-1"], "{path}");
        }
        let pods = ["control-plane-3", "worker-node-1", "worker-node-2"];
        assert_eq!(hosts_with(&plan, path::KUBE_PROXY_CONF), pods);
        assert_eq!(hosts_with(&plan, path::POD_MASQUERADE), pods);
        assert_eq!(hosts_with(&plan, path::POD_ROUTES).len(), 5);
        assert_eq!(plan.graph.order().iter().filter(|id| names_routes(&plan, **id)).count(), 1);
    }

    fn names_routes(plan: &Plan, id: NodeId) -> bool {
        matches!(plan.graph.node(id).action, Artifact::PodRoutes(_))
    }

    #[test]
    fn add_ons_and_proxies_may_be_left_out() {
        let plan = example(|text| {
            text.replace("cni: bridge", "cni: none\n  kubeProxy: false") + "addons: {coreDNS: false}\n"
        });
        for path in [
            path::KUBE_PROXY_CONF,
            path::BOOTSTRAP_COREDNS,
            path::POD_ROUTES,
            path::POD_MASQUERADE,
            path::CNI_NETWORK,
            "/usr/local/bin/kube-proxy",
        ] {
            assert_eq!(hosts_with(&plan, path), [""; 0], "{path}");
        }
        assert_eq!(hosts_with(&plan, path::BOOTSTRAP_RBAC), ["control-plane-1"]);
    }

    #[test]
    fn who_allocates_pod_ranges_is_told_to_the_controller_manager() {
        let allocates = |change: &str, expected: &[&str]| {
            let plan = example(|text| text.replace("cni: bridge", change));
            let flags = unit(&plan, "config/kube-controller-manager.service");
            let about = ["--allocate-node-cidrs", "--cluster-cidr", "--node-cidr-mask-size"];
            let found: Vec<&String> =
                flags.iter().filter(|flag| about.iter().any(|name| flag.starts_with(name))).collect();
            assert_eq!(found, expected, "{change}");
        };
        let all = ["--allocate-node-cidrs=true", "--cluster-cidr=10.200.0.0/16", "--node-cidr-mask-size=24"];
        allocates("cni: bridge", &["--allocate-node-cidrs=false"]);
        allocates("cni: none", &all);
        allocates("cni: none\n  podCIDRAllocation: static", &["--allocate-node-cidrs=false"]);
    }

    #[test]
    fn nothing_of_an_ipv6_cluster_listens_by_ipv4() {
        let text = "apiVersion: kthw.dev/v1alpha1\nkind: Cluster\nname: six\nversions: {kubernetes: 1.35.1}\n\
            network: {hosts: 'fd00::/64', services: 'fd00:96::/112', pods: 'fd00:200::/48'}\n\
            hosts: [{name: a, address: 'fd00::9', roles: [control-plane, worker]}]\n";
        let cluster = cluster(text);
        let host = &cluster.hosts[0];
        let etcd = flags::etcd(&cluster, host);
        let value = |name: &str| {
            etcd.flags.iter().find(|flag| flag.name == name).map(|flag| flag.values.join(" ")).expect(name)
        };
        assert_eq!(value("listen-client-urls"), "https://[::1]:2379,https://[fd00::9]:2379");
        assert_eq!(value("listen-metrics-urls"), "http://[::1]:2381");
        let manager = flags::kube_controller_manager(&cluster);
        for command in [etcd, flags::kube_apiserver(&cluster, host), manager, flags::kube_scheduler(&cluster)]
        {
            let by_ipv4 = |value: &String| value.contains("127.0.0.1") || value.contains("0.0.0.0");
            let guilty = command.flags.iter().find(|flag| flag.values.iter().any(by_ipv4));
            assert!(guilty.is_none(), "{}: {:?}", command.program, guilty.map(|flag| &flag.name));
        }
    }

    #[test]
    fn every_host_may_have_both_roles_and_be_of_any_architecture() {
        let text = include_str!("../../examples/single/cluster.yaml")
            .replace("roles: [control-plane]", "roles: [control-plane, worker]\n    arch: arm64");
        let cluster = cluster(&text);
        let mut lock = Lock::parse(include_str!("../../examples/single/kthw.lock")).expect("a good lock");
        lock.set_pins(
            needs(&cluster).iter().map(|need| crate::upstream::published(need).expect("published")),
        );
        let root = RootSecret::new([7; 32]).fingerprint();
        let plan = plan(&cluster, &lock, root, &ImportedAuthorities::new()).expect("a good plan");
        let kubelet = files(&plan.graph)
            .find(|(host, path, _)| *host == "control-plane-1" && *path == "/usr/local/bin/kubelet");
        let name = plan.graph.node(kubelet.expect("it is a worker too").2).name.as_str();
        assert_eq!(name, "release/kubelet/arm64/kubelet");
    }

    const CLOUD: &str = "
cloudProvider:
  name: openstack
  controllerManager:
    version: 1.35.0
    downloads:
      amd64:
        url: https://example.org/openstack-cloud-controller-manager
        sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    flags: {cloud-config: /etc/kubernetes/cloud.conf}
";

    #[test]
    fn controllers_of_a_cloud_are_pinned_by_the_clusters_file_and_kubelets_leave_it_to_them() {
        let plan = example(|text| text + CLOUD);
        insta::assert_snapshot!(unit(&plan, "config/cloud-controller-manager.service").join("\n"));
        let external = "--cloud-provider=external".to_owned();
        assert!(unit(&plan, "host/worker-node-1/kubelet.service").contains(&external));
        assert!(unit(&plan, "config/kube-controller-manager.service").contains(&external));
        let apiserver = unit(&plan, "host/control-plane-1/kube-apiserver.service");
        assert!(!apiserver.iter().any(|flag| flag.starts_with("--cloud-provider")));
        let download = "release/cloud-controller-manager/amd64/cloud-controller-manager";
        let Artifact::Download(download) =
            &plan.graph.node(plan.graph.find(download).expect("it is there")).action
        else {
            panic!("it is a download");
        };
        assert_eq!(download.pin.url, "https://example.org/openstack-cloud-controller-manager");
        let held: Vec<&str> = files(&plan.graph)
            .filter(|(host, path, _)| *host == "control-plane-1" && path.contains("cloud-controller-manager"))
            .map(|(_, path, _)| path)
            .collect();
        assert_eq!(held.len(), 6, "{held:?}");
        let user = certificate(&plan, "pki/cloud-controller-manager/cert");
        assert_eq!(user.common_name, pki::CLOUD_CONTROLLER_MANAGER);
    }

    #[test]
    fn five_control_planes_may_share_their_hosts_with_etcd() {
        let host = |n: u32| format!("  - {{name: cp-{n}, address: 10.20.0.{n}, roles: [control-plane]}}\n");
        let text = include_str!("../../examples/production/cluster.yaml");
        let (head, rest) = text.split_once("hosts:\n").expect("hosts");
        let workers = rest.find("  - name: worker-1").expect("workers");
        let hosts: String = (1..=5).map(host).collect();
        let cluster = cluster(&format!("{head}hosts:\n{hosts}{}", &rest[workers..]));
        let lock = Lock::parse(include_str!("../../examples/production/kthw.lock")).expect("a good lock");
        let plan = plan(&cluster, &lock, RootSecret::new([7; 32]).fingerprint(), &ImportedAuthorities::new())
            .expect("a good plan");
        for n in 1..=5 {
            let host = format!("cp-{n}");
            let members = unit(&plan, "config/etcd-members.env").concat();
            assert_eq!(members.matches("https://").count(), 5);
            let paths: BTreeSet<&str> =
                files(&plan.graph).filter(|(name, _, _)| *name == host).map(|(_, path, _)| path).collect();
            for path in
                ["etcd-backup-daily.timer", "etcd-backup-configuration.timer", "kube-apiserver.service"]
            {
                assert!(paths.contains(&*format!("/etc/systemd/system/{path}")), "{host} lacks {path}");
            }
        }
    }

    #[test]
    fn a_log_outside_of_its_folder_is_made_writable() {
        let plan = example(|text| {
            text + "components: {kube-apiserver: {flags: {audit-log-path: /srv/audit/log}}}\netcd: {walDir: /srv/wal}\n"
        });
        let has = |name: &str, folder: &str| {
            let unit = unit(&plan, name);
            // The folder need not be there, unless it is on a disk, which has to be mounted.
            unit.contains(&format!("Service.ReadWritePaths=-{folder}"))
                && unit.contains(&format!(
                    "Service.ExecStartPre=+/bin/sh -c 'umask 022; mkdir -p -m 700 {folder}'"
                ))
                && unit.contains(&format!("Unit.RequiresMountsFor={folder}"))
        };
        assert!(has("host/control-plane-1/kube-apiserver.service", "/srv/audit"));
        assert!(has("host/control-plane-1/etcd.service", "/srv/wal"));
    }

    #[test]
    fn a_copy_is_kept_on_the_disk_that_is_meant() {
        let plan = example(|text| text + "etcd: {backup: {directory: /srv/copies}}\n");
        for layer in ["frequent", "daily", "weekly", "configuration"] {
            let unit = unit(&plan, &format!("config/etcd-backup-{layer}.service"));
            assert!(unit.contains(&"Unit.RequiresMountsFor=/srv/copies".to_owned()), "{layer}: {unit:?}");
        }
    }

    #[test]
    fn etcd_is_a_user_of_its_own_that_is_handed_its_keys() {
        let plan = example(|text| text + "etcd: {walDir: /srv/wal}\n");
        let etcd = unit(&plan, "host/control-plane-1/etcd.service");
        for line in [
            "Service.User=etcd",
            "Unit.Requires=etcd-user.service",
            "Service.LoadCredential=server.key:/etc/kubernetes/pki/etcd/server.key",
            "--key-file=/run/credentials/etcd.service/server.key",
            "Service.ExecStartPre=+/bin/sh -c 'chown etcd:etcd /srv/wal; \
             [ ! -e /srv/wal/wal ] || chown -R etcd:etcd /srv/wal/wal'",
        ] {
            assert!(etcd.iter().any(|found| found == line), "{line} is missing in {etcd:#?}");
        }
    }

    /// A service that is restarted after a failure starts what it wants as well: who restores a member has stopped those.
    #[test]
    fn nothing_starts_etcd_or_an_api_server_but_a_person_and_the_host() {
        let plan = example(|text| text);
        let names = plan.graph.order().iter().map(|id| plan.graph.node(*id).name.to_string());
        let units: Vec<String> = names.filter(|name| name.ends_with(".service")).collect();
        assert!(units.len() > 5, "{units:?}");
        for name in units {
            let wanted = unit(&plan, &name);
            let starts = |line: &&String| {
                ["Wants", "Requires", "BindsTo", "Upholds"]
                    .iter()
                    .any(|key| line.starts_with(&format!("Unit.{key}=")))
                    && ["etcd.service", "kube-apiserver.service"].iter().any(|unit| line.contains(unit))
            };
            assert_eq!(wanted.iter().find(starts), None, "{name}");
        }
    }

    /// kthw owns what it applies by force, so what people may change is in manifests of its own.
    #[test]
    fn what_the_cluster_file_says_of_core_dns_is_offered_no_more() {
        let paths = |addons: &'static str| -> Vec<String> {
            let plan = example(|text| text + addons);
            let paths = files(&plan.graph).map(|(_, path, _)| path.to_string());
            paths.filter(|path| path.contains("/coredns")).collect()
        };
        let folder = "/etc/kubernetes/bootstrap";
        let of =
            |names: &[&str]| names.iter().map(|name| format!("{folder}/{name}.yaml")).collect::<Vec<_>>();
        let (corefile, replicas) = ("defaults/coredns-corefile", "defaults/coredns-replicas");
        assert_eq!(paths(""), of(&["coredns", corefile, replicas]));
        assert_eq!(paths("addons: {coreDNS: {replicas: 3}}\n"), of(&["coredns", corefile]));
        assert_eq!(paths("addons: {coreDNS: {corefile: '.'}}\n"), of(&["coredns", replicas]));
        assert_eq!(paths("addons: {coreDNS: false}\n"), of(&[]));
    }

    #[test]
    fn settings_of_the_control_plane_are_flags_of_its_programs() {
        let plan = example(|text| {
            text + "controlPlane:\n  leaderElection: {leaseDuration: 60s, renewDeadline: 40s}\n  \
                    nodeMonitor: {gracePeriod: 40s}\nauthentication: {anonymous: none}\n"
        });
        let manager = unit(&plan, "config/kube-controller-manager.service");
        for flag in [
            "leader-elect-lease-duration=60s",
            "leader-elect-renew-deadline=40s",
            "node-monitor-grace-period=40s",
        ] {
            assert!(manager.contains(&format!("--{flag}")), "{flag}");
        }
        let apiserver = unit(&plan, "host/control-plane-1/kube-apiserver.service");
        assert!(apiserver.contains(&"--anonymous-auth=false".to_owned()));
        assert!(!apiserver.iter().any(|flag| flag.starts_with("--authentication-config")));
    }

    #[test]
    fn a_release_that_is_not_pinned_is_named() {
        let text =
            include_str!("../../examples/single/cluster.yaml").replace("1.35.1", "1.35.1\n  runc: 1.3.6");
        let lock = Lock::parse(include_str!("../../examples/single/kthw.lock")).expect("a good lock");
        let problems =
            plan(&cluster(&text), &lock, RootSecret::new([7; 32]).fingerprint(), &ImportedAuthorities::new())
                .err();
        let texts: Vec<String> = problems.into_iter().flatten().map(|p| p.to_string()).collect();
        assert_eq!(texts, ["kthw.lock does not pin runc 1.3.6 for linux/amd64"]);
    }
}
