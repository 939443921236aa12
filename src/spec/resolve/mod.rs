//! Resolving: a `ClusterSpec` into a `Cluster`, deciding what was left open and reporting everything that is wrong.

mod accounts;
mod addons;
mod addresses;
mod admission;
mod api;
mod authentication;
mod authorized_keys;
mod calendar;
mod cloud_config;
mod cloud_provider;
mod components;
mod control_plane;
mod documents;
mod encryption;
mod etcd;
mod expressions;
mod feature_gates;
mod hazards;
mod host_names;
mod hosts;
mod issuers;
mod load_balancer;
mod machine_network;
mod machines;
mod members;
mod monitoring;
mod names;
mod network;
mod order;
mod paths;
mod pki;
mod pod_addresses;
mod pod_network;
mod pods;
mod ports;
mod priority_classes;
mod ranges;
mod relations;
mod rules;
mod runtimes;
mod service_paths;
mod settings;
mod swap;
mod user_data;
mod versions;

use super::document::{API_VERSION, ClusterSpec, KIND};
use super::problem::{Problem, Severity};
use crate::cluster::Cluster;

/// Decides everything: the cluster with warnings, or every error and warning.
pub fn resolve(spec: &ClusterSpec) -> Result<(Cluster, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let cluster = decide(spec, &mut problems);
    let refused = problems.iter().any(|p| p.severity == Severity::Error);
    match cluster {
        Some(cluster) if !refused => Ok((cluster, problems)),
        _ => Err(problems),
    }
}

/// Every section is decided before any is given up, so that each reports its own problems.
fn decide(spec: &ClusterSpec, problems: &mut Vec<Problem>) -> Option<Cluster> {
    header(spec, problems);
    let versions = versions::resolve(&spec.versions, problems);
    let kubernetes = versions.as_ref().map(|versions| &versions.kubernetes);
    let ranges = network::ranges(&spec.network, problems);
    let pod_network = pod_network::resolve(&spec.network, problems);
    let network = network::resolve(&spec.network, &ranges, pod_network.as_ref(), problems);
    let allocation = pod_network.as_ref().map(|pods| pods.allocation);
    let mut hosts = hosts::resolve(&spec.hosts, &ranges, allocation, problems);
    let machines = match &spec.machines {
        Some(machines) => machines::resolve(machines, spec, &ranges, problems).map(Some),
        None => {
            machines::unused(&spec.hosts, problems);
            Some(None)
        }
    };
    if let (Some(hosts), Some(Some(machines))) = (&mut hosts, &machines) {
        machines::let_in(hosts, &spec.hosts, &machines.user);
    }
    let api = api::resolve(&spec.api, &spec.hosts, &ranges, problems);
    host_names::check(spec, api.as_ref().map(|api| api.endpoint.host.as_str()), problems);
    let pki = pki::resolve(&spec.pki, problems);
    let etcd = etcd::resolve(&spec.etcd, problems);
    let encryption = encryption::resolve(&spec.encryption, kubernetes, problems);
    let audit = settings::audit(&spec.audit, kubernetes, problems);
    let control_plane = control_plane::resolve(&spec.control_plane, kubernetes, problems);
    let authentication = authentication::resolve(&spec.authentication, kubernetes, problems);
    let cloud = spec.cloud_provider.as_ref();
    let cloud_provider = cloud.and_then(|cloud| cloud_provider::resolve(cloud, &spec.hosts, problems));
    let monitoring = spec.monitoring.as_ref().map(|spec| monitoring::resolve(spec, problems));
    let priority_classes = priority_classes::resolve(&spec.priority_classes, problems);
    let downloads = settings::downloads(&spec.downloads, problems);
    let cni = pod_network.as_ref().map(|pods| pods.cni);
    let addons = addons::resolve(&spec.addons, &spec.name, cni, problems);
    let components = versions.as_ref().map(|versions| {
        let decided = components::Decided {
            name: &spec.name,
            versions,
            network: network.as_ref(),
            api: api.as_ref(),
            audit: audit.as_ref(),
        };
        let components = components::resolve(&spec.components, &decided, problems);
        feature_gates::check(&components, versions, problems);
        relations::check(&components, versions, network.as_ref(), authentication.as_ref(), problems);
        documents::components(&components, &versions.kubernetes, problems);
        documents::containerd(&components, &versions.containerd, problems);
        rules::check(&components, &versions.kubernetes, problems);
        runtimes::check(&components.containerd.config, &versions.containerd, problems);
        components
    });
    if let (Some(services), Some(kubernetes), Some(components)) = (&ranges.services, kubernetes, &components)
    {
        network::services(services, kubernetes, components, problems);
    }
    if let Some(components) = &components {
        hazards::check(components, authentication.as_ref(), problems);
        if let Some(authentication) = &authentication {
            issuers::beside(authentication, &components.kube_apiserver, network.as_ref(), problems);
        }
    }
    if let (Some(api), Some(components)) = (&api, &components) {
        load_balancer::health_checks(api, components, authentication.as_ref(), problems);
    }
    let mut cluster = Cluster {
        name: spec.name.clone(),
        versions: versions?,
        network: network?,
        api: api?,
        hosts: hosts?,
        components: components?,
        pki: pki?,
        etcd,
        encryption: encryption?,
        audit: audit?,
        control_plane,
        authentication: authentication?,
        cloud_provider,
        monitoring,
        priority_classes,
        addons,
        downloads,
        machines: machines?,
    };
    load_balancer::gateway(&cluster, problems);
    ports::check(&cluster, problems);
    pod_addresses::check(&cluster, &spec.hosts, spec.network.pod_mask.is_some(), problems);
    swap::check(&cluster, problems);
    control_plane::turned_off(&cluster, problems);
    service_paths::check(&cluster, problems);
    order::settle(&mut cluster);
    Some(cluster)
}

fn header(spec: &ClusterSpec, problems: &mut Vec<Problem>) {
    let mut constant = |path: &str, written: &str, expected: &str| {
        let message = match written {
            "" => format!("{path} is missing"),
            _ if written == expected => return,
            _ => format!("{path} {written} is not known"),
        };
        problems.push(Problem::error(path, message).fix(format!("write {path}: {expected}")));
    };
    constant("apiVersion", &spec.api_version, API_VERSION);
    constant("kind", &spec.kind, KIND);
    names::label("name", &spec.name, problems);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Arch, Cni, Provider, Role};
    use crate::spec::{load, presets};

    const SMALLEST: &str = "\
apiVersion: kthw.dev/v1alpha1
kind: Cluster
name: small
versions: {kubernetes: 1.36.1}
hosts: [{name: all, address: 10.0.0.9, roles: [control-plane, worker]}]
";

    fn cluster(text: &str) -> Cluster {
        let (cluster, warnings) = load(text).unwrap();
        assert_eq!(warnings, []);
        cluster
    }

    #[test]
    fn what_is_not_written_is_decided() {
        let cluster = cluster(SMALLEST);
        let network = &cluster.network;
        assert_eq!(network.hosts.to_string(), "10.0.0.0/24");
        assert_eq!(network.services.to_string(), "10.96.0.0/24");
        assert_eq!(network.pods.to_string(), "10.200.0.0/16");
        assert_eq!((network.pod_mask, network.cni), (24, Cni::Bridge));
        assert_eq!(network.domain, "cluster.local");
        assert_eq!(network.dns.to_string(), "10.96.0.10");
        assert_eq!(network.api_service_address().to_string(), "10.96.0.1");
        assert_eq!(cluster.api.endpoint.to_string(), "https://10.0.0.9:6443");
        assert_eq!(cluster.versions.etcd.to_string(), "3.6.14");
        assert_eq!(cluster.pki.leaf_lifetime.as_secs(), 8760 * 3600);
        assert_eq!(cluster.encryption.provider, Provider::Secretbox);
        assert_eq!(cluster.encryption.resources, ["secrets"]);
        assert_eq!(cluster.audit.policy, None);
        let host = &cluster.hosts[0];
        assert!(host.is(Role::ControlPlane) && host.is(Role::Worker));
        assert_eq!((host.arch, host.ssh.port), (Arch::Amd64, 22));
        assert_eq!(host.ssh.user, "root");
    }

    #[test]
    fn ranges_may_be_ipv6() {
        let network = "network: {hosts: 'fd00::/64', services: 'fd00:96::/112', pods: 'fd00:200::/48'}\n";
        let cluster = cluster(
            &SMALLEST.replace("10.0.0.9", "'fd00::9'").replace("hosts: [", &format!("{network}hosts: [")),
        );
        assert_eq!(cluster.network.dns.to_string(), "fd00:96::a");
        assert_eq!(cluster.api.endpoint.to_string(), "https://[fd00::9]:6443");
        let range = cluster.hosts[0].pod_cidr.unwrap();
        assert_eq!(range.to_string(), "fd00:200:0:9::/64");
    }

    /// The pod ranges by host.
    fn pod_ranges(text: &str) -> Vec<(String, String)> {
        let range = |host: &crate::cluster::Host| Some((host.name.clone(), host.pod_cidr?.to_string()));
        cluster(text).hosts.iter().filter_map(range).collect()
    }

    #[test]
    fn workers_have_the_pod_range_of_their_address_whoever_else_comes() {
        let text = presets::SINGLE.to_owned();
        let own = [
            ("worker-node-1".to_owned(), "10.200.36.0/24".to_owned()),
            ("worker-node-2".to_owned(), "10.200.37.0/24".to_owned()),
        ];
        assert_eq!(pod_ranges(&text), own);
        let before = "hosts:\n  - {name: new, address: 10.0.0.5, roles: [worker]}\n  - name: control";
        let more = text.replace("hosts:\n  - name: control", before);
        assert_eq!(pod_ranges(&more)[1..], own);
    }

    #[test]
    fn a_written_pod_range_comes_first() {
        let text = presets::SINGLE.replace(
            "address: 10.0.0.37\n    roles: [worker]",
            "address: 10.0.0.37\n    roles: [worker]\n    podCIDR: 10.200.36.0/24",
        );
        let ranges: Vec<_> = pod_ranges(&text).into_iter().map(|(_, range)| range).collect();
        assert_eq!(ranges, ["10.200.37.0/24", "10.200.36.0/24"]);
    }

    #[test]
    fn five_thousand_workers_have_a_range_each() {
        use std::collections::BTreeSet;
        use std::fmt::Write;

        let mut text = SMALLEST
            .replace(
                "hosts: [",
                "network: {hosts: 10.0.0.0/13, services: 10.96.0.0/16, pods: 10.128.0.0/11}\nhosts:\n- ",
            )
            .replace("]}]", "]}");
        for i in 0..5000 {
            // Eight addresses meet at every number, so that the next free range must be found.
            let address = std::net::Ipv4Addr::from(0x0a00_0100 + i / 8 + (i % 8) * 0x2000);
            writeln!(text, "- {{name: w{i}, address: {address}, roles: [worker]}}").unwrap();
        }
        let ranges = pod_ranges(&text);
        let different: BTreeSet<_> = ranges.iter().map(|(_, range)| range).collect();
        assert_eq!((ranges.len(), different.len()), (5001, 5001));
    }

    #[test]
    fn components_keep_checked_flags_in_their_kind() {
        use crate::cluster::FlagValue;

        let cluster = cluster(&format!(
            "{SMALLEST}components: {{kube-apiserver: {{flags: {{profiling: ~, event-ttl: 2h, v: 4, anonymous-auth: false, \
             api-audiences: [a, b]}}}}, kubelet: {{config: {{maxPods: 50}}}}}}\n"
        ));
        let flags = &cluster.components.kube_apiserver.flags;
        let get = |name: &str| flags[name].clone();
        assert_eq!(get("profiling"), None);
        assert_eq!(get("event-ttl"), Some("2h".into()));
        assert_eq!(get("v"), Some("4".into()));
        assert_eq!(get("anonymous-auth"), Some(false.into()));
        assert_eq!(get("api-audiences"), Some(FlagValue::List(vec!["a".into(), "b".into()])));
        assert_eq!(cluster.components.kubelet.config["maxPods"], 50);
        assert_eq!(cluster.components.etcd, Default::default());
    }
}
