//! Whose word API servers take for who somebody is.

use std::collections::BTreeSet;

use super::Decisions;
use super::finding::{Finding, Kind, fields};
use crate::cluster::{Cluster, FlagValue};
use crate::diff::Inputs;
use crate::names;

/// The flag that names an issuer, as the section `authentication` does.
const FLAG: &str = "oidc-issuer-url";

/// People whose issuer is not believed any more are let in no more.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    let [old, new] = decisions.clusters.map(issuers);
    let lost: Vec<&String> = old.difference(&new).collect();
    if lost.is_empty() {
        return None;
    }
    let what = format!(
        "tokens of {} are refused from now on: whoever has no other way in is let in no more",
        names::first_few(lost.into_iter().map(String::as_str))
    );
    let advice = "name the old issuer beside the new one in authentication.jwt until nobody comes from there";
    let paths = ["authentication.jwt".to_owned(), format!("components.kube-apiserver.flags.{FLAG}")];
    Some(Finding::new(Kind::Breaking, what, advice).because(fields(inputs, paths)))
}

fn issuers(cluster: &Cluster) -> BTreeSet<String> {
    let jwt = cluster.authentication.jwt.iter();
    let of_field = jwt.filter_map(|jwt| Some(jwt.get("issuer")?.get("url")?.as_str()?.to_owned()));
    let of_flag = match cluster.components.kube_apiserver.flags.get(FLAG) {
        Some(Some(FlagValue::Text(url))) => Some(url.clone()),
        _ => None,
    };
    of_field.chain(of_flag).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::super::trial::Trial;

    #[test]
    fn people_of_an_issuer_that_goes_are_told_of() {
        let flag = |url: &'static str| {
            let line = format!(
                "components: {{kube-apiserver: {{flags: {{oidc-issuer-url: '{url}', oidc-client-id: x}}}}}}\n"
            );
            move |text: String| text + &line
        };
        let found = |trial: Trial| {
            let findings = trial.rollout().findings;
            findings.into_iter().find(|finding| finding.what.starts_with("tokens of https://"))
        };
        let single = || Trial::of("single");
        let (one, two) = ("https://one.example.org", "https://two.example.org");
        for trial in [single().before(flag(one)), single().before(flag(one)).after(flag(two))] {
            let found = found(trial).expect("a finding");
            assert!(found.kind == Kind::Breaking && found.what.contains(one), "{found:?}");
            assert_eq!(found.causes.len(), 1, "{found:?}");
        }
        assert_eq!(found(single().after(flag(one))), None);
        assert_eq!(found(single().both(flag(one))), None);
        let text = Trial::of("production");
        let without = |text: String| text.replace("url: https://", "url: https://another.");
        let found = found(text.after(without)).expect("a finding");
        assert!(!found.causes.is_empty(), "{found:?}");
    }
}
