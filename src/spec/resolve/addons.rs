//! The addons section: what is applied to the running cluster.

use serde_json::{Map, Value};

use crate::cluster::{Addons, Cni, CoreDns};
use crate::spec::document::{AddonsSpec, CoreDnsSpec};
use crate::spec::problem::Problem;

/// The longest name that Cilium takes for a cluster.
const CILIUM_NAME: usize = 32;

/// Decides the whole section.
pub fn resolve(spec: &AddonsSpec, name: &str, cni: Option<Cni>, problems: &mut Vec<Problem>) -> Addons {
    if cni == Some(Cni::Cilium) && name.len() > CILIUM_NAME {
        let message = format!("name {name} is longer than the {CILIUM_NAME} characters that Cilium takes");
        problems.push(Problem::error("name", message).fix("shorten it"));
    }
    Addons {
        core_dns: core_dns(&spec.core_dns, problems),
        cilium_values: cilium_values(&spec.cilium.values, cni, problems),
    }
}

fn core_dns(spec: &CoreDnsSpec, problems: &mut Vec<Problem>) -> Option<CoreDns> {
    let settings = match spec {
        CoreDnsSpec::Switch(is_on) => return is_on.then(CoreDns::default),
        CoreDnsSpec::Settings(settings) => settings,
        CoreDnsSpec::Wrong => {
            let message = "addons.coreDNS is not true, false or a mapping";
            problems.push(Problem::error("addons.coreDNS", message).fix("write `false`, or `{replicas: 3}`"));
            return None;
        }
    };
    if settings.replicas == Some(0) {
        let problem = Problem::error("addons.coreDNS.replicas", "addons.coreDNS.replicas is 0");
        problems.push(problem.fix("write 1 or more, or `coreDNS: false` for another DNS"));
    }
    if settings.corefile.as_ref().is_some_and(|text| text.trim().is_empty()) {
        let problem = Problem::error("addons.coreDNS.corefile", "addons.coreDNS.corefile is empty");
        problems.push(problem.fix("write the whole Corefile, or remove the field"));
    }
    Some(CoreDns { replicas: settings.replicas, corefile: settings.corefile.clone() })
}

fn cilium_values(values: &Value, cni: Option<Cni>, problems: &mut Vec<Problem>) -> Map<String, Value> {
    let path = "addons.cilium.values";
    match values {
        Value::Null => {}
        Value::Object(values) => {
            if cni.is_some_and(|cni| cni != Cni::Cilium) {
                let message = format!("{path} is of no use without Cilium");
                let problem = Problem::warning(path, message);
                problems.push(problem.fix("set network.cni: cilium, or remove it"));
            }
            problems.extend(contradictions(values));
            return values.clone();
        }
        _ => problems.push(
            Problem::error(path, format!("{path} is not a mapping"))
                .fix("write the values to change, as for Cilium's chart"),
        ),
    }
    Map::new()
}

/// Values that other fields of the cluster file decide.
fn contradictions(values: &Map<String, Value>) -> Vec<Problem> {
    let owned = [
        ("kubeProxyReplacement", "network.kubeProxy"),
        ("k8sServiceHost", "api.endpoint"),
        ("k8sServicePort", "api.endpoint"),
    ];
    let written = owned.into_iter().filter(|(value, _)| values.contains_key(*value));
    let refuse = |(value, field)| {
        let path = format!("addons.cilium.values.{value}");
        let message = format!("{path} is decided by {field}");
        Problem::error(path, message).fix(format!("remove the value and set {field}"))
    };
    written.map(refuse).collect()
}
