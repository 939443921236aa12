//! A component: one configurable program of the cluster and what the user changed about it.

use std::collections::BTreeMap;

use super::choice::choice;

choice! {
    /// A program whose flags or configuration the user may change.
    Program {
        KubeApiserver = "kube-apiserver",
        KubeControllerManager = "kube-controller-manager",
        KubeScheduler = "kube-scheduler",
        Kubelet = "kubelet",
        KubeProxy = "kube-proxy",
        Etcd = "etcd",
        Containerd = "containerd",
    }
}

/// The user's changes to every program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Components {
    pub kube_apiserver: Component,
    pub kube_controller_manager: Component,
    pub kube_scheduler: Component,
    pub kubelet: Component,
    pub kube_proxy: Component,
    pub etcd: Component,
    pub containerd: Component,
}

impl Components {
    pub fn of_mut(&mut self, program: Program) -> &mut Component {
        match program {
            Program::KubeApiserver => &mut self.kube_apiserver,
            Program::KubeControllerManager => &mut self.kube_controller_manager,
            Program::KubeScheduler => &mut self.kube_scheduler,
            Program::Kubelet => &mut self.kubelet,
            Program::KubeProxy => &mut self.kube_proxy,
            Program::Etcd => &mut self.etcd,
            Program::Containerd => &mut self.containerd,
        }
    }

    /// The changes to `program`.
    pub fn of(&self, program: Program) -> &Component {
        match program {
            Program::KubeApiserver => &self.kube_apiserver,
            Program::KubeControllerManager => &self.kube_controller_manager,
            Program::KubeScheduler => &self.kube_scheduler,
            Program::Kubelet => &self.kubelet,
            Program::KubeProxy => &self.kube_proxy,
            Program::Etcd => &self.etcd,
            Program::Containerd => &self.containerd,
        }
    }
}

/// The user's changes to one program, checked against the flags that its version knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Flags by name without dashes: a value sets, `None` removes kthw's default.
    pub flags: BTreeMap<String, Option<FlagValue>>,
    /// A JSON merge patch for the program's configuration file; `{}` changes nothing.
    pub config: serde_json::Map<String, serde_json::Value>,
}

impl Default for Component {
    fn default() -> Component {
        Component { flags: BTreeMap::new(), config: serde_json::Map::new() }
    }
}

impl Component {
    /// The values that the user gives a flag, as they would be written; none if it is not set, or removed.
    pub fn values(&self, flag: &str) -> Vec<&str> {
        match self.flags.get(flag) {
            Some(Some(FlagValue::Bool(value))) => vec![if *value { "true" } else { "false" }],
            Some(Some(FlagValue::Text(value))) => vec![value],
            Some(Some(FlagValue::List(values))) => values.iter().map(String::as_str).collect(),
            Some(None) | None => Vec::new(),
        }
    }
}

/// The value of a flag, numbers and durations as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagValue {
    Bool(bool),
    Text(String),
    List(Vec<String>),
}

impl From<bool> for FlagValue {
    fn from(value: bool) -> FlagValue {
        FlagValue::Bool(value)
    }
}

impl From<&str> for FlagValue {
    fn from(value: &str) -> FlagValue {
        FlagValue::Text(value.to_owned())
    }
}

impl From<String> for FlagValue {
    fn from(value: String) -> FlagValue {
        FlagValue::Text(value)
    }
}

impl From<Vec<String>> for FlagValue {
    fn from(values: Vec<String>) -> FlagValue {
        FlagValue::List(values)
    }
}
