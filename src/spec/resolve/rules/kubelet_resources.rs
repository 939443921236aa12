//! The kubelet's rules about what it hands out: users, CPUs and memory, and what is kept back of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::syntax;
use super::told::Told;
use super::{Refusal, gated, refusal};
use crate::cluster::Quantity;
use crate::field_path::join;

const USERS: i64 = 65536;

pub fn is_user_range(value: &Value) -> bool {
    value.as_i64().is_none_or(|ids| ids >= USERS && ids % USERS == 0 && ids <= i64::from(u32::MAX))
}

/// As Go reads truth.
pub fn is_bool(value: &Value) -> bool {
    value.as_str().is_none_or(|text| truth(text).is_some())
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

pub fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}

/// Whether the numbers of users that there are suffice for all pods.
pub fn user_ranges(told: &Told<'_>) -> Option<Refusal> {
    let field = "userNamespaces.idsPerPod";
    let ids = told.get(field)?.as_i64().filter(|ids| *ids >= USERS && ids % USERS == 0)?;
    let pods = match told.number_or("maxPods", 110)? {
        0 => 110,
        pods => pods,
    };
    let room = (1 << 32) / ids - 1;
    (told.gate("UserNamespacesSupport") && room < pods).then(|| {
        refusal(
            field,
            format!("{ids} leaves numbers of users for {room} pods, and maxPods is {pods}"),
            "write less of them for each pod, or lower maxPods",
        )
    })
}

/// What kube and system have reserved of a resource together.
fn reserved(told: &Told<'_>, resource: &str) -> Option<Quantity> {
    let mut sum = Quantity::ZERO;
    for field in ["kubeReserved", "systemReserved"] {
        if let Some(value) = told.members(field).get(resource).filter(|value| !value.is_null()) {
            sum = sum + amount(value)?;
        }
    }
    Some(sum)
}

pub fn cpu_manager(told: &Told<'_>) -> Vec<Refusal> {
    const OPTIONS: &str = "cpuManagerPolicyOptions";
    let options = told.members(OPTIONS);
    let policy = told.text_or("cpuManagerPolicy", "none").unwrap_or("none");
    let mut refusals = Vec::new();
    let field = |name: &str| join(OPTIONS, name);
    if policy == "none" && !options.is_empty() {
        refusals.push(refusal(
            OPTIONS,
            "needs cpuManagerPolicy: static",
            "set that too, or remove the options",
        ));
    }
    if policy != "static" {
        return refusals;
    }
    let are_named = syntax::cpus(told.text("reservedSystemCPUs")).is_some_and(|count| count > 0);
    if !are_named && reserved(told, "cpu").is_some_and(Quantity::is_zero) {
        let what = "static needs CPU that is reserved for the system";
        refusals.push(refusal(
            "cpuManagerPolicy",
            what,
            "reserve some in kubeReserved.cpu, systemReserved.cpu or reservedSystemCPUs",
        ));
    }
    for (name, value) in options.iter() {
        let gate = match name.as_str() {
            "align-by-socket" | "distribute-cpus-across-cores" => "CPUManagerPolicyAlphaOptions",
            "distribute-cpus-across-numa" => "CPUManagerPolicyBetaOptions",
            "prefer-align-cpus-by-uncorecache" | "strict-cpu-reservation" if told.version.minor < 35 => {
                "CPUManagerPolicyBetaOptions"
            }
            _ => "",
        };
        if !gate.is_empty() && !told.gate(gate) {
            refusals.push(gated(&field(name), gate));
        } else if !is_bool(value) {
            refusals.push(refusal(
                field(name),
                format!("{value} is not true or false"),
                "write 'true' or 'false', in quotes",
            ));
        }
    }
    let is_on = |name: &str| options.get(name).and_then(Value::as_str).and_then(truth).unwrap_or(false);
    let exclusive = [
        ("distribute-cpus-across-cores", "full-pcpus-only"),
        ("distribute-cpus-across-cores", "distribute-cpus-across-numa"),
        ("distribute-cpus-across-cores", "prefer-align-cpus-by-uncorecache"),
        ("distribute-cpus-across-numa", "prefer-align-cpus-by-uncorecache"),
    ];
    let both = exclusive.into_iter().filter(|(one, other)| is_on(one) && is_on(other));
    refusals.extend(
        both.map(|(one, other)| {
            refusal(field(one), format!("does not go with {other}"), "remove one of them")
        }),
    );
    if is_on("align-by-socket") && told.text("topologyManagerPolicy") == "single-numa-node" {
        let what = "does not go with topologyManagerPolicy single-numa-node";
        refusals.push(refusal(field("align-by-socket"), what, "remove one of them"));
    }
    refusals
}

/// The manager of memory wants to know of each node what is reserved in all.
pub fn memory_manager(told: &Told<'_>) -> Vec<Refusal> {
    const FIELD: &str = "reservedMemory";
    if told.text("memoryManagerPolicy") != "Static" {
        return Vec::new();
    }
    let mut refusals = Vec::new();
    let mut sum = Quantity::ZERO;
    for (number, item) in told.items(FIELD).iter().enumerate() {
        for (name, value) in item.get("limits").and_then(Value::as_object).into_iter().flatten() {
            match amount(value) {
                Some(amount) if name == "memory" => sum = sum + amount,
                Some(amount) if !amount.is_zero() => {
                    let what = "is nothing that kubeReserved and systemReserved can hold";
                    refusals.push(refusal(format!("{FIELD}[{number}].limits.{name}"), what, "remove it"));
                }
                _ => {}
            }
        }
    }
    let evicted = match told.get("evictionHard") {
        _ if told.component.values("experimental-allocatable-ignore-eviction") == ["true"] => {
            Some(Quantity::ZERO)
        }
        None => Some(Quantity::of(100 << 20)),
        Some(thresholds) => match thresholds.get("memory.available") {
            Some(Value::String(text)) if ["0%", "100%"].contains(&text.as_str()) => Some(Quantity::ZERO),
            // A part of what each host has.
            Some(Value::String(text)) if text.ends_with('%') => None,
            Some(value) => amount(value),
            None if told.is("mergeDefaultEvictionSettings", false) => Some(Quantity::of(100 << 20)),
            None => Some(Quantity::ZERO),
        },
    };
    if let (Some(evicted), Some(reserved)) = (evicted, reserved(told, "memory")) {
        let wanted = reserved + evicted;
        if sum != wanted || sum.is_zero() {
            let field = if told.has(FIELD) { FIELD } else { "memoryManagerPolicy" };
            let what = format!(
                "does not make reservedMemory {wanted} in all, which is kubeReserved, systemReserved and evictionHard together (it is {sum})"
            );
            refusals.push(refusal(field, what, format!("write limits of memory that are {wanted} together")));
        }
    }
    refusals
}

pub fn reserved_twice(told: &Told<'_>) -> Vec<Refusal> {
    let mut seen = BTreeSet::new();
    let mut refusals = Vec::new();
    for (number, item) in told.items("reservedMemory").iter().enumerate() {
        let node = item.get("numaNode").and_then(Value::as_i64).unwrap_or(0);
        for name in item.get("limits").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name)
        {
            if !seen.insert((node, name)) {
                let field = format!("reservedMemory[{number}].limits.{name}");
                refusals.push(refusal(
                    field,
                    format!("is that of NUMA node {node} again"),
                    "write one amount for each node",
                ));
            }
        }
    }
    refusals
}
