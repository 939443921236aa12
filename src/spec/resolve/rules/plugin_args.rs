//! Arguments of the scheduler's plugins (`validation_pluginargs.go` of pkg/scheduler/apis/config/validation).

use serde_json::Value;

use super::super::names;
use super::told::{Told, nanoseconds};
use super::{Refusal, gated, refusal};

/// What is wrong with one plugin's arguments, each with the field in them.
type Check = fn(&Args<'_>) -> Vec<Refusal>;

const PLUGINS: &[(&str, Check)] = &[
    ("DefaultPreemption", default_preemption),
    ("DynamicResources", dynamic_resources),
    ("NodeAffinity", node_affinity),
    ("NodeResourcesBalancedAllocation", balanced_allocation),
    ("NodeResourcesFit", resources_fit),
    ("PodTopologySpread", topology_spread),
    ("VolumeBinding", volume_binding),
];

pub fn check(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (profile, value) in told.items("profiles").iter().enumerate() {
        let configs = value.get("pluginConfig").and_then(Value::as_array);
        for (number, config) in configs.into_iter().flatten().enumerate() {
            let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some((_, check)) = PLUGINS.iter().find(|(plugin, _)| *plugin == name) else { continue };
            let Some(value) = config.get("args").filter(|args| args.is_object()) else { continue };
            let field = format!("profiles[{profile}].pluginConfig[{number}].args");
            refusals.extend(check(&Args { told, field, value }));
        }
    }
    refusals
}

/// The arguments of a plugin, and where they are.
struct Args<'a> {
    told: &'a Told<'a>,
    field: String,
    value: &'a Value,
}

impl Args<'_> {
    fn get(&self, path: &str) -> Option<&Value> {
        let value = path.split('.').try_fold(self.value, |value, step| value.get(step))?;
        (!value.is_null()).then_some(value)
    }

    fn items(&self, path: &str) -> &[Value] {
        self.get(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn refuse(&self, path: &str, what: impl Into<String>, fix: impl Into<String>) -> Refusal {
        refusal(format!("{}.{path}", self.field), what, fix)
    }
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn default_preemption(args: &Args<'_>) -> Vec<Refusal> {
    let of = |name: &str, default| args.get(name).map_or(Some(default), Value::as_i64);
    match (of("minCandidateNodesPercentage", 10), of("minCandidateNodesAbsolute", 100)) {
        (Some(0), Some(0)) => {
            let what = "is 0 like minCandidateNodesAbsolute";
            vec![args.refuse("minCandidateNodesPercentage", what, "let one of them be more than 0")]
        }
        _ => Vec::new(),
    }
}

fn dynamic_resources(args: &Args<'_>) -> Vec<Refusal> {
    let told = args.told;
    let closed = |field: &str, gates: &[&str]| {
        let gate = gates.iter().find(|gate| !told.gate(gate))?;
        args.get(field)?;
        Some(gated(&format!("{}.{field}", args.field), gate))
    };
    let mut refusals: Vec<Refusal> = [
        closed("filterTimeout", &["DRASchedulerFilterTimeout"]),
        closed("bindingTimeout", &["DRADeviceBindingConditions", "DRAResourceClaimDeviceStatus"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    if args.get("bindingTimeout").and_then(nanoseconds).is_some_and(|time| time < 1_000_000_000) {
        refusals.push(args.refuse("bindingTimeout", "is below 1s", "write 1s or more"));
    }
    refusals
}

fn balanced_allocation(args: &Args<'_>) -> Vec<Refusal> {
    let resources = args.items("resources");
    let mut refusals = Vec::new();
    for (at, resource) in resources.iter().enumerate() {
        let name = text(resource, "name");
        if resources[..at].iter().any(|other| text(other, "name") == name) {
            refusals.push(args.refuse(
                &format!("resources[{at}].name"),
                format!("{name} is listed twice"),
                "remove one of them",
            ));
        }
        if ![0, 1].contains(&number(resource, "weight")) {
            refusals.push(args.refuse(&format!("resources[{at}].weight"), "is not 1", "write 1"));
        }
    }
    refusals
}

/// Points of a function: they rise, and stay within their ranges.
fn shape(args: &Args<'_>, path: &str) -> Vec<Refusal> {
    let points = args.items(path);
    if points.is_empty() {
        return vec![args.refuse(path, "has no point", "write points such as {utilization: 0, score: 0}")];
    }
    let mut refusals = Vec::new();
    for (at, point) in points.iter().enumerate() {
        let utilization = number(point, "utilization");
        let field = format!("{path}[{at}].utilization");
        if !(0..=100).contains(&utilization) {
            refusals.push(args.refuse(&field, "is not from 0 to 100", "write 0 to 100"));
        } else if at > 0 && number(&points[at - 1], "utilization") >= utilization {
            refusals.push(args.refuse(
                &field,
                "is not above that of the point before",
                "write the points in rising order",
            ));
        }
        if !(0..=10).contains(&number(point, "score")) {
            refusals.push(args.refuse(
                &format!("{path}[{at}].score"),
                "is not from 0 to 10",
                "write 0 to 10",
            ));
        }
    }
    refusals
}

fn resources_fit(args: &Args<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (at, name) in args.items("ignoredResources").iter().enumerate() {
        if name.as_str().is_some_and(|name| !names::is_key(name)) {
            refusals.push(args.refuse(
                &format!("ignoredResources[{at}]"),
                format!("{name} is not a name of a resource"),
                "write it like example.org/gpu",
            ));
        }
    }
    for (at, group) in args.items("ignoredResourceGroups").iter().enumerate() {
        if group.as_str().is_some_and(|group| group.contains('/') || !names::is_key(group)) {
            refusals.push(args.refuse(
                &format!("ignoredResourceGroups[{at}]"),
                format!("{group} is not a group of resources"),
                "write it like example.org",
            ));
        }
    }
    let Some(strategy) = args.get("scoringStrategy") else { return refusals };
    let kind = text(strategy, "type");
    if !["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"].contains(&kind) {
        let fix = "choose one of LeastAllocated, MostAllocated, RequestedToCapacityRatio";
        refusals.push(args.refuse("scoringStrategy", format!("has type `{kind}`, which is not known"), fix));
    }
    for (at, resource) in args.items("scoringStrategy.resources").iter().enumerate() {
        // Nothing is 1.
        if !(0..=100).contains(&number(resource, "weight")) {
            refusals.push(args.refuse(
                &format!("scoringStrategy.resources[{at}].weight"),
                "is not from 1 to 100",
                "write 1 to 100",
            ));
        }
    }
    let ratio = "scoringStrategy.requestedToCapacityRatio";
    let is_ratio = kind == "RequestedToCapacityRatio";
    match args.get(ratio) {
        Some(_) if is_ratio || args.told.version.minor < 36 => {
            refusals.extend(shape(args, &format!("{ratio}.shape")))
        }
        Some(_) => refusals.push(args.refuse(
            ratio,
            format!("does not go with type {kind}"),
            "remove it, or write type: RequestedToCapacityRatio",
        )),
        None if is_ratio => {
            refusals.push(args.refuse("scoringStrategy", "has no requestedToCapacityRatio", "add its shape"))
        }
        None => {}
    }
    refusals
}

fn topology_spread(args: &Args<'_>) -> Vec<Refusal> {
    let constraints = args.items("defaultConstraints");
    let mut refusals = Vec::new();
    let kind = args
        .get("defaultingType")
        .and_then(Value::as_str)
        .filter(|kind| !kind.is_empty())
        .unwrap_or("System");
    if kind == "System" && !constraints.is_empty() {
        refusals.push(args.refuse(
            "defaultConstraints",
            "are read with defaultingType: List alone",
            "add defaultingType: List",
        ));
    }
    for (at, constraint) in constraints.iter().enumerate() {
        let of = |name: &str| format!("defaultConstraints[{at}].{name}");
        let (key, action) = (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"));
        if number(constraint, "maxSkew") <= 0 {
            refusals.push(args.refuse(&of("maxSkew"), "is not above 0", "write 1 or more"));
        }
        if !names::is_key(key) {
            refusals.push(args.refuse(
                &of("topologyKey"),
                format!("`{key}` is not a label"),
                "write it like topology.kubernetes.io/zone",
            ));
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
            refusals.push(args.refuse(
                &of("whenUnsatisfiable"),
                format!("`{action}` is not known"),
                "write DoNotSchedule or ScheduleAnyway",
            ));
        }
        if constraint.get("labelSelector").is_some_and(|selector| !selector.is_null()) {
            refusals.push(args.refuse(
                &of("labelSelector"),
                "is not taken: it follows from each pod",
                "remove it",
            ));
        }
        let is_same =
            |other: &Value| text(other, "topologyKey") == key && text(other, "whenUnsatisfiable") == action;
        if constraints[..at].iter().any(is_same) {
            refusals.push(args.refuse(
                &format!("defaultConstraints[{at}]"),
                "has key and action of another",
                "remove one of them",
            ));
        }
    }
    refusals
}

fn volume_binding(args: &Args<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if number(args.value, "bindTimeoutSeconds") < 0 {
        refusals.push(args.refuse("bindTimeoutSeconds", "is below 0", "write 0 or more"));
    }
    match (args.get("shape"), args.told.gate("StorageCapacityScoring")) {
        (Some(_), false) => refusals.push(gated(&format!("{}.shape", args.field), "StorageCapacityScoring")),
        (Some(Value::Array(points)), true) if !points.is_empty() => refusals.extend(shape(args, "shape")),
        _ => {}
    }
    refusals
}

fn node_affinity(args: &Args<'_>) -> Vec<Refusal> {
    let required = "addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let preferred = "addedAffinity.preferredDuringSchedulingIgnoredDuringExecution";
    let mut refusals = Vec::new();
    for (at, term) in args.items(required).iter().enumerate() {
        refusals.extend(selector(args, &format!("{required}[{at}]"), term));
    }
    for (at, term) in args.items(preferred).iter().enumerate() {
        // Without a weight, nobody looks at it.
        if let Some(preference) = term.get("preference").filter(|_| number(term, "weight") != 0) {
            refusals.extend(selector(args, &format!("{preferred}[{at}].preference"), preference));
        }
    }
    refusals
}

fn selector(args: &Args<'_>, path: &str, term: &Value) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for list in ["matchExpressions", "matchFields"] {
        let requirements = term.get(list).and_then(Value::as_array);
        for (at, requirement) in requirements.into_iter().flatten().enumerate() {
            let path = format!("{path}.{list}[{at}]");
            let values =
                requirement.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let operator = text(requirement, "operator");
            let words = || values.iter().filter_map(Value::as_str);
            let wrong = match (list, operator) {
                ("matchFields", "In" | "NotIn") => (values.len() != 1).then_some(("values", "one value")),
                ("matchFields", _) => Some(("operator", "In or NotIn")),
                (_, "In" | "NotIn") => values.is_empty().then_some(("values", "one value or more")),
                (_, "Exists" | "DoesNotExist") => (!values.is_empty()).then_some(("values", "no values")),
                (_, "Gt" | "Lt") => {
                    let is_number = values.len() == 1 && words().all(|word| word.parse::<i64>().is_ok());
                    (!is_number).then_some(("values", "one whole number"))
                }
                _ => Some(("operator", "one of In, NotIn, Exists, DoesNotExist, Gt, Lt")),
            };
            if let Some((name, expected)) = wrong {
                refusals.push(args.refuse(
                    &format!("{path}.{name}"),
                    format!("is not taken with operator `{operator}`"),
                    format!("write {expected}"),
                ));
            }
            if list == "matchExpressions" {
                if !names::is_key(text(requirement, "key")) {
                    refusals.push(args.refuse(
                        &format!("{path}.key"),
                        "is not a label",
                        "write it like topology.kubernetes.io/zone",
                    ));
                }
                for word in words().filter(|word| !names::is_label_value(word)) {
                    refusals.push(args.refuse(
                        &format!("{path}.values"),
                        format!("has `{word}`, which no label can have"),
                        "write values of labels",
                    ));
                }
            }
        }
    }
    refusals
}
