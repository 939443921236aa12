//! Whose word API servers take for who somebody is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Decisions;
use super::finding::{Finding, Kind, field, fields};
use crate::cluster::{Cluster, FlagValue};
use crate::diff::Inputs;
use crate::names;

/// The flag that names an issuer, as the section `authentication` does.
const FLAG: &str = "oidc-issuer-url";

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let mut findings: Vec<Finding> = lost(decisions, inputs).into_iter().collect();
    findings.extend(read_otherwise(decisions, inputs));
    findings
}

/// What of an issuer's tokens decides who somebody is, and what becomes of people where it changes.
const READ: [(&str, &str, &str); 6] = [
    (
        "/issuer/audiences",
        "tokens for an audience that goes are refused",
        "keep the old audiences beside the new ones",
    ),
    (
        "/claimMappings/username",
        "people have other names, which no role knows",
        "bind roles to the new names first",
    ),
    (
        "/claimMappings/groups",
        "people are in other groups, which no role knows",
        "bind roles to the new groups first",
    ),
    (
        "/claimMappings/uid",
        "people have other ids, and what knows them by these takes them for others",
        "keep the claim",
    ),
    (
        "/claimValidationRules",
        "tokens that a new rule does not let through are refused",
        "see whose tokens have the claims",
    ),
    (
        "/userValidationRules",
        "people whom a new rule does not let through are refused",
        "see whom the rules let through",
    ),
];

/// People whose issuer stays, and whose tokens are read in another way.
fn read_otherwise(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters.map(|cluster| &cluster.authentication.jwt);
    let url = |jwt: &Map<String, Value>| jwt.get("issuer")?.get("url")?.as_str().map(str::to_owned);
    let mut findings = Vec::new();
    for new in after {
        let Some(issuer) = url(new) else { continue };
        let Some(old) = before.iter().find(|old| url(old).as_ref() == Some(&issuer)) else { continue };
        for (pointer, effect, advice) in READ {
            let [was, is] = [old, new].map(|jwt| at(jwt, pointer));
            // More audiences and fewer rules refuse nobody.
            let is_told = match (was, is) {
                (Some(Value::Array(was)), Some(Value::Array(is))) if pointer == "/issuer/audiences" => {
                    was.iter().any(|audience| !is.contains(audience))
                }
                (was, is) if pointer.ends_with("Rules") => {
                    let [was, is] =
                        [was, is].map(|rules| rules.and_then(Value::as_array).cloned().unwrap_or_default());
                    is.iter().any(|rule| !was.contains(rule))
                }
                (was, is) => was != is,
            };
            if is_told {
                let name = pointer.trim_start_matches('/').replace('/', ".");
                let what = format!("{name} of {issuer} is another: {effect}");
                let causes = field(inputs, "authentication.jwt");
                findings.push(Finding::new(Kind::Breaking, what, advice).because(causes));
            }
        }
    }
    findings
}

fn at<'a>(jwt: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut steps = pointer.split('/').skip(1);
    let first = jwt.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

/// People whose issuer is not believed any more are let in no more.
fn lost(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
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
    use crate::rollout::Trial;

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
    #[test]
    fn people_whose_tokens_are_read_otherwise_are_told() {
        let check = |from: &str, to: &str, part: &str| {
            let change = |text: String| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            };
            let findings = Trial::of("production").after(change).rollout().findings;
            let found: Vec<_> = findings
                .iter()
                .filter(|finding| finding.what.contains("of https://id.example.org is another"))
                .collect();
            assert_eq!(found.len(), usize::from(!part.is_empty()), "{to}: {found:?}");
            for finding in found {
                assert!(finding.kind == Kind::Breaking && finding.what.starts_with(part), "{finding:?}");
                assert!(!finding.causes.is_empty(), "{finding:?}");
            }
        };
        let groups = "        groups: {claim: groups, prefix: 'oidc:'}\n";
        check(groups, "", "claimMappings.groups");
        check("{claim: sub, prefix: 'oidc:'}", "{claim: sub, prefix: 'id:'}", "claimMappings.username");
        check("audiences: [kubernetes]", "audiences: [other]", "issuer.audiences");
        let more = "audiences: [kubernetes, other]\n        audienceMatchPolicy: MatchAny";
        check("audiences: [kubernetes]", more, "");
        let rule = "audiences: [kubernetes]\n      claimValidationRules: [{claim: hd, requiredValue: x}]";
        check("audiences: [kubernetes]", rule, "claimValidationRules");
    }
}
