//! The ports that programs of a cluster listen on: which program, where, and who decides the number.

use serde_json::Value;

use super::{Cluster, FlagValue, Host, LoadBalancer, Program, Role};

/// A port that one program listens on.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    pub owner: &'static str,
    /// The number, unless the user chose another.
    pub usual: u16,
    chosen: Chosen,
}

/// What lets a user choose the number.
#[derive(Debug, Clone, Copy)]
enum Chosen {
    Nowhere,
    /// A flag that is a number.
    Flag(Program, &'static str),
    /// A field of the configuration file: a number, or an address that ends with one.
    Field(Program, &'static str),
    /// A flag of the cloud's controllers.
    CloudFlag(&'static str),
}

impl Port {
    const fn new(owner: &'static str, usual: u16, chosen: Chosen) -> Port {
        Port { owner, usual, chosen }
    }
}

use Chosen::{CloudFlag, Field, Flag, Nowhere};
use Program::{KubeControllerManager, KubeProxy, KubeScheduler, Kubelet};

/// An API server's, unless the endpoint leads to it directly.
pub const APISERVER: Port = Port::new("the API server", 6443, Nowhere);
pub const ETCD_CLIENTS: Port = Port::new("etcd", 2379, Nowhere);
pub const ETCD_PEERS: Port = Port::new("etcd", 2380, Nowhere);
pub const ETCD_METRICS: Port = Port::new("etcd", 2381, Nowhere);
pub const HAPROXY_METRICS: Port = Port::new("HAProxy with its metrics", 8404, Nowhere);
pub const CONTROLLER_MANAGER: Port =
    Port::new("the controller manager", 10257, Flag(KubeControllerManager, "secure-port"));
pub const SCHEDULER: Port = Port::new("the scheduler", 10259, Flag(KubeScheduler, "secure-port"));
const CLOUD_CONTROLLERS: Port = Port::new("the cloud's controllers", 10258, CloudFlag("secure-port"));
pub const KUBELET: Port = Port::new("the kubelet", 10250, Field(Kubelet, "port"));
const KUBELET_HEALTH: Port = Port::new("the kubelet", 10248, Field(Kubelet, "healthzPort"));
const KUBE_PROXY_METRICS: Port = Port::new("kube-proxy", 10249, Field(KubeProxy, "metricsBindAddress"));
const KUBE_PROXY_HEALTH: Port = Port::new("kube-proxy", 10256, Field(KubeProxy, "healthzBindAddress"));

/// Who listens on a port of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    pub port: u16,
    pub owner: &'static str,
    /// The field of cluster.yaml that chose the number, if it is not the usual one.
    pub chosen_by: Option<String>,
}

impl Cluster {
    /// The number of a port, with what the user changed.
    pub fn port(&self, port: &Port) -> u16 {
        self.chosen(port).map_or(port.usual, |(number, _)| number)
    }

    /// The port on which each API server listens: the endpoint's own, if connections to the endpoint reach it as they
    /// are.
    pub fn apiserver_port(&self) -> u16 {
        if self.is_endpoint_direct() { self.api.endpoint.port } else { APISERVER.usual }
    }

    fn is_endpoint_direct(&self) -> bool {
        match &self.api.load_balancer {
            Some(balancer) => balancer.is_transparent(),
            None => self.control_planes().any(|host| Some(host.address) == self.api.endpoint.ip()),
        }
    }

    /// Everyone who listens on this host, in the order of the ports. What a program does not open (port 0) is left out.
    pub fn listeners(&self, host: &Host) -> Vec<Listener> {
        let mut ports: Vec<Port> = Vec::new();
        let mut listeners = vec![sshd(host)];
        if host.is(Role::Etcd) {
            ports.extend([ETCD_CLIENTS, ETCD_PEERS, ETCD_METRICS]);
        }
        if host.is(Role::ControlPlane) {
            ports.extend([CONTROLLER_MANAGER, SCHEDULER]);
            if self.cloud_provider.as_ref().is_some_and(|cloud| cloud.controller_manager.is_some()) {
                ports.push(CLOUD_CONTROLLERS);
            }
            let chosen_by = self.is_endpoint_direct().then(|| ENDPOINT.to_owned());
            listeners.push(Listener { port: self.apiserver_port(), owner: APISERVER.owner, chosen_by });
        }
        if host.is(Role::Worker) {
            ports.extend([KUBELET, KUBELET_HEALTH]);
            if self.network.kube_proxy {
                ports.extend([KUBE_PROXY_METRICS, KUBE_PROXY_HEALTH]);
            }
        }
        if host.is(Role::LoadBalancer) && matches!(self.api.load_balancer, Some(LoadBalancer::Haproxy { .. }))
        {
            ports.push(HAPROXY_METRICS);
            let (port, chosen_by) = (self.api.endpoint.port, Some(ENDPOINT.to_owned()));
            listeners.push(Listener { port, owner: "HAProxy", chosen_by });
        }
        listeners.extend(ports.iter().map(|port| match self.chosen(port) {
            Some((number, path)) => Listener { port: number, owner: port.owner, chosen_by: Some(path) },
            None => Listener { port: port.usual, owner: port.owner, chosen_by: None },
        }));
        listeners.retain(|listener| listener.port != 0);
        listeners.sort_by_key(|listener| listener.port);
        listeners
    }

    /// The number that the user chose for a port, and where.
    fn chosen(&self, port: &Port) -> Option<(u16, String)> {
        match port.chosen {
            Nowhere => None,
            Flag(program, flag) => match self.components.of(program).flags.get(flag)?.as_ref()? {
                FlagValue::Text(text) => {
                    Some((text.parse().ok()?, format!("components.{program}.flags.{flag}")))
                }
                FlagValue::Bool(_) | FlagValue::List(_) => None,
            },
            Field(program, field) => {
                let number = match self.components.of(program).config.get(field)? {
                    Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
                    Value::String(address) => address.rsplit(':').next()?.parse().ok()?,
                    _ => return None,
                };
                Some((number, format!("components.{program}.config.{field}")))
            }
            CloudFlag(flag) => {
                let controllers = self.cloud_provider.as_ref()?.controller_manager.as_ref()?;
                let number = controllers.flags.get(flag)?.parse().ok()?;
                Some((number, format!("cloudProvider.controllerManager.flags.{flag}")))
            }
        }
    }
}

const ENDPOINT: &str = "api.endpoint";

fn sshd(host: &Host) -> Listener {
    let port = host.ssh.port;
    let chosen_by = (port != 22).then(|| format!("hosts[{}].ssh.port", host.name));
    Listener { port, owner: "sshd", chosen_by }
}
