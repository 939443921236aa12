//! The scheduler's rules: `ValidateKubeSchedulerConfiguration`, and what its framework wants of profiles.

use serde_json::Value;

use super::super::names;
use super::told::Told;
use super::{Refusal, Rule, all, plugin_args, profiles, refusal, together};

pub const RULES: &[Rule] = &[
    together(|told| {
        let (first, most) =
            (told.number_or("podInitialBackoffSeconds", 1)?, told.number_or("podMaxBackoffSeconds", 10)?);
        (most < first).then(|| {
            let field = told.written(&["podMaxBackoffSeconds", "podInitialBackoffSeconds"]);
            let what = format!(
                "does not leave podInitialBackoffSeconds ({first}) within podMaxBackoffSeconds ({most})"
            );
            refusal(field, what, "let the first pause be no longer than the longest")
        })
    }),
    all(|told| {
        let fields = [
            "leaderElection.resourceLock",
            "leaderElection.resourceName",
            "leaderElection.resourceNamespace",
        ];
        // In the file, nothing is what the scheduler has itself.
        let is_empty =
            |field: &&str| told.flags().any(|(decided, _)| decided == *field) && told.text(field).is_empty();
        let is_elected = told.is("leaderElection.leaderElect", true);
        let empty = fields.into_iter().filter(|field| is_elected && is_empty(field));
        empty.map(|field| refusal(field, "is empty", "remove it")).collect()
    }),
    together(|told| {
        let lock = told.text("leaderElection.resourceLock");
        (told.is("leaderElection.leaderElect", true) && !["", "leases"].contains(&lock)).then(|| {
            refusal(
                "leaderElection.resourceLock",
                format!("{lock} is not leases"),
                "write leases, or remove it",
            )
        })
    }),
    all(extenders),
    all(profiles::names),
    all(profiles::queue_sorts),
    all(profiles::binders),
    all(profiles::plugins_twice),
    all(profiles::strange_plugins),
    all(profiles::args_twice),
    all(plugin_args::check),
];

fn extenders(told: &Told<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let (mut binders, mut managed) = (0, Vec::new());
    for (number, extender) in told.items("extenders").iter().enumerate() {
        let field = format!("extenders[{number}]");
        let text = |name: &str| extender.get(name).and_then(Value::as_str).unwrap_or_default();
        let weight = extender.get("weight").and_then(Value::as_i64).unwrap_or(0);
        if !text("prioritizeVerb").is_empty() && weight <= 0 {
            refusals.push(refusal(&field, "has a prioritizeVerb and no weight above 0", "add weight: 1"));
        }
        if !text("bindVerb").is_empty() {
            binders += 1;
            if binders > 1 {
                refusals.push(refusal(
                    format!("{field}.bindVerb"),
                    "is the second one",
                    "let one extender bind",
                ));
            }
        }
        let tls = |name: &str| extender.get("tlsConfig").and_then(|tls| tls.get(name));
        if tls("insecure") == Some(&Value::Bool(true)) {
            let authority = ["caFile", "caData"]
                .into_iter()
                .find(|name| tls(name).is_some_and(|value| !value.is_null() && value != ""));
            refusals.extend(authority.map(|name| {
                refusal(
                    format!("{field}.tlsConfig.{name}"),
                    "does not go with insecure: true",
                    "remove one of them",
                )
            }));
        }
        let resources = extender.get("managedResources").and_then(Value::as_array);
        for (number, resource) in resources.into_iter().flatten().enumerate() {
            let field = format!("{field}.managedResources[{number}].name");
            let name = resource.get("name").and_then(Value::as_str).unwrap_or_default();
            if !is_extended(name) {
                refusals.push(refusal(
                    field,
                    format!("`{name}` is not a name of an extended resource"),
                    "write it like example.org/gpu",
                ));
            } else if managed.contains(&name) {
                refusals.push(refusal(field, format!("{name} is managed twice"), "remove one of them"));
            }
            managed.push(name);
        }
    }
    refusals
}

/// A qualified name outside of Kubernetes' own, which is one as well with a prefix.
fn is_extended(name: &str) -> bool {
    let Some((domain, _)) = name.split_once('/') else { return false };
    names::is_key(name)
        && !domain.contains("kubernetes.io")
        && !name.starts_with("requests.")
        && names::is_key(&format!("requests.{name}"))
}
