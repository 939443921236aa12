//! Files of a host that fields of the cluster's file tell a program to read.

use serde_json::{Map, Value};

use super::{Cluster, Program, flags};
use crate::field_path::join;

/// A file or a folder that has to be there when a program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputPath {
    pub program: Program,
    /// The field that names it.
    pub field: String,
    pub path: String,
}

/// What members of configurations are called that name such files: of admission plugins and of the scheduler's extenders.
const MEMBERS: [&str; 4] = ["caFile", "certFile", "keyFile", "kubeConfigFile"];

impl Cluster {
    /// All of them, but for those that kthw names.
    pub fn input_paths(&self) -> Vec<InputPath> {
        let mut found = Vec::new();
        for program in Program::ALL {
            let component = self.components.of(*program);
            for flag in flags::inputs(*program) {
                let field = format!("components.{program}.flags.{flag}");
                let paths = component.values(flag).into_iter().flat_map(flags::paths);
                found.extend(paths.map(|path| InputPath {
                    program: *program,
                    field: field.clone(),
                    path: path.to_owned(),
                }));
            }
        }
        let mut add = |program, field: String, value: &Value| {
            let path = value.as_str().filter(|path| path.starts_with('/')).map(str::to_owned);
            found.extend(path.map(|path| InputPath { program, field, path }));
        };
        if let Some(value) = self.components.kubelet.config.get("resolvConf") {
            add(Program::Kubelet, "components.kubelet.config.resolvConf".to_owned(), value);
        }
        for (plugin, config) in &self.control_plane.admission_config {
            let field = join("controlPlane.admissionConfig", plugin);
            members(&field, config, &mut |field, value| add(Program::KubeApiserver, field, value));
        }
        let (field, config) = ("components.kube-scheduler.config", &self.components.kube_scheduler.config);
        members(field, config, &mut |field, value| add(Program::KubeScheduler, field, value));
        found
    }
}

/// Calls `add` with every member of these names.
fn members(field: &str, within: &Map<String, Value>, add: &mut dyn FnMut(String, &Value)) {
    for (name, value) in within {
        let field = join(field, name);
        match value {
            value if MEMBERS.contains(&name.as_str()) => add(field, value),
            Value::Object(inner) => members(&field, inner, add),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    let item = item.as_object().into_iter();
                    item.for_each(|inner| members(&format!("{field}[{i}]"), inner, add));
                }
            }
            _ => {}
        }
    }
}
