//! The hosts of a cluster, and its control planes at work.

use std::thread;
use std::time::{Duration, Instant};

use kthw::cluster::{Cluster, Role};

use crate::cluster_folder::ClusterFolder;
use crate::complaints::complaints;
use crate::host_tree::HostTree;
use crate::machine::{Machine, Namespaces};
use crate::ran::Ran;
use crate::releases::Releases;

/// Hosts in one segment, each with what was delivered to it.
pub struct Lab {
    pub cluster: Cluster,
    /// In the order of the cluster file. Before the segment, so that they go before it.
    pub machines: Vec<Machine>,
    _segment: Namespaces,
}

impl Lab {
    /// Starts hosts, and nothing on them: every control plane and member of etcd, and the last worker.
    pub fn of(folder: &ClusterFolder, releases: &Releases) -> Self {
        let (cluster, _) =
            kthw::spec::load(&folder.read("cluster.yaml")).unwrap_or_else(|_| panic!("a sound cluster"));
        let segment = Namespaces::segment();
        let last = cluster.workers().last().map(|host| host.name.clone());
        let wanted = cluster.hosts.iter().filter(|host| {
            host.is(Role::ControlPlane) || host.is(Role::Etcd) || Some(&host.name) == last.as_ref()
        });
        let machine = |host: &kthw::cluster::Host| {
            let network = cluster.network.hosts;
            let address = format!("{}/{}", host.address, network.prefix_len());
            let tree = HostTree::of(folder, &host.name);
            Machine::start(tree, &host.name, &address, &segment, releases)
        };
        let machines = wanted.map(machine).collect();
        let lab = Self { cluster, machines, _segment: segment };
        lab.lead_endpoint();
        lab
    }

    /// Has clients of the endpoint find the first control plane: balancers have tests of their own.
    fn lead_endpoint(&self) {
        let first = self.control_planes().next().expect("at least one");
        let host = self.cluster.host(&first.name).expect("its own");
        let endpoint = &self.cluster.api.endpoint;
        let balanced = self.cluster.balanced_addresses();
        let address = endpoint.ip().or_else(|| balanced.first().copied());
        match address {
            Some(address) if address != host.address => {
                first.says(&format!("ip address add {address}/32 dev lo"));
            }
            Some(_) => {}
            None => {
                for machine in &self.machines {
                    machine.shell(&format!("echo {} {} >>/etc/hosts", host.address, endpoint.host)).exits(0);
                }
            }
        }
    }

    fn with(&self, role: Role) -> impl Iterator<Item = &Machine> {
        self.machines
            .iter()
            .filter(move |machine| self.cluster.host(&machine.name).is_some_and(|host| host.is(role)))
    }

    pub fn control_planes(&self) -> impl Iterator<Item = &Machine> {
        self.with(Role::ControlPlane)
    }

    pub fn members(&self) -> impl Iterator<Item = &Machine> {
        self.with(Role::Etcd)
    }

    pub fn worker(&self) -> &Machine {
        self.with(Role::Worker).last().expect("every example has a worker")
    }

    pub fn first(&self) -> &Machine {
        self.control_planes().next().expect("at least one")
    }

    /// Starts the control plane, each service when those before it are ready, as systemd does.
    pub fn start_control_plane(&self) {
        for machine in self.members() {
            machine.serve("etcd.service");
        }
        for machine in self.members() {
            self.eventually("etcd has a leader", || {
                machine.run(HEALTH).stdout.contains(r#""health":"true""#)
            });
        }
        for machine in self.control_planes() {
            machine.serve("kube-apiserver.service");
        }
        for machine in self.control_planes() {
            let ready = kubectl("get --raw=/readyz --server=https://127.0.0.1:6443", "admin");
            self.eventually("an API server is ready", || machine.run(&ready).stdout == "ok");
            machine.serve("kube-controller-manager.service");
            machine.serve("kube-scheduler.service");
        }
        let leases = kubectl("get leases --namespace kube-system --output name", "super-admin");
        self.eventually("there are leaders", || {
            let leases = self.first().run(&leases).stdout;
            leases.contains("/kube-controller-manager") && leases.contains("/kube-scheduler")
        });
    }

    /// Gives the cluster what a new one is given, as the first control plane does, and tells which objects that were.
    /// Where Cilium is installed, its program is a stub.
    pub fn bootstrap(&self) -> Vec<String> {
        let mut objects = String::new();
        let name = "kubernetes-bootstrap.service";
        let unit = self.first().unit(name);
        self.first().prepare(name, &unit);
        for line in &unit.start {
            objects += &Ran::of(&mut self.first().command(&unit.words(line))).result();
        }
        objects
            .lines()
            .filter_map(|line| line.strip_suffix(" serverside-applied"))
            .map(str::to_owned)
            .collect()
    }

    /// Waits until something is so; where it does not come to be, shows what services said last.
    #[track_caller]
    pub fn eventually(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let patience = Instant::now() + Duration::from_secs(180);
        while !is_so() {
            assert!(Instant::now() < patience, "in vain: {what}\n{}", self.last_words());
            thread::sleep(Duration::from_millis(300));
        }
    }

    /// What each service complained about, and what it said last.
    fn last_words(&self) -> String {
        let mut words = String::new();
        for machine in &self.machines {
            for unit in machine.started() {
                let said = machine.said(&unit);
                words += &format!("== {} {unit}\n", machine.name);
                for line in
                    complaints(&unit, &said).iter().map(String::as_str).chain(said.lines().rev().take(2))
                {
                    words += &format!("{line}\n");
                }
            }
        }
        words
    }
}

/// Asks a member of etcd as its host does.
const HEALTH: &str = "curl --silent --max-time 3 http://127.0.0.1:2381/health";

/// The rendered kubectl as somebody.
pub fn kubectl(words: &str, who: &str) -> String {
    format!("/usr/local/bin/kubectl --kubeconfig=/etc/kubernetes/{who}.conf {words}")
}
