//! The section `authentication`: issuers of tokens, and strangers.

use semver::Version;
use serde_json::{Map, Value};

use super::documents::Document;
use super::{issuers, names};
use crate::cluster::{Anonymous, Authentication, fields};
use crate::spec::document::AuthenticationSpec;
use crate::spec::problem::Problem;

/// Decides whom the API server believes.
pub fn resolve(
    spec: &AuthenticationSpec,
    kubernetes: Option<&Version>,
    problems: &mut Vec<Problem>,
) -> Option<Authentication> {
    let jwt = spec.jwt.iter().enumerate();
    let version = fields::nearest(kubernetes);
    let document = Document { name: "AuthenticationConfiguration", program: "Kubernetes", version: &version };
    let jwt = jwt.filter_map(|(i, issuer)| {
        let path = format!("authentication.jwt[{i}]");
        if issuer.is_object()
            && let Some(node) =
                fields::root(document.name, &version).and_then(|root| root.member("jwt")?.item())
        {
            document.value(node, &path, issuer, problems);
        }
        authenticator(&path, issuer, problems)
    });
    let jwt: Vec<_> = jwt.cloned().collect();
    issuers::check(&spec.jwt, problems);
    let path = "authentication.anonymous";
    let anonymous = names::choose(path, &spec.anonymous, Anonymous::WORDS, Anonymous::from_word, problems)?;
    let too_old = |oldest: u64| kubernetes.filter(|version| version.minor < oldest);
    if let Some(version) = too_old(30).filter(|_| !spec.jwt.is_empty()) {
        problems.push(
            Problem::error("authentication.jwt", format!("Kubernetes {version} reads no file of token issuers"))
                .fix("set oidc-issuer-url and its like in components.kube-apiserver.flags, or choose 1.30 or newer"),
        );
    }
    if let Some(version) = too_old(32).filter(|_| anonymous == Anonymous::Health) {
        let message =
            format!("Kubernetes {version} cannot tell strangers' questions after health from others");
        problems.push(Problem::error(path, message).fix("write none or all, or choose 1.32 or newer"));
    }
    Some(Authentication { jwt, anonymous })
}

/// One issuer with what is made of its claims.
fn authenticator<'i>(
    path: &str,
    issuer: &'i Value,
    problems: &mut Vec<Problem>,
) -> Option<&'i Map<String, Value>> {
    const FIELDS: &[&str] = &["claimMappings", "claimValidationRules", "issuer", "userValidationRules"];
    const ISSUER: &[&str] = &[
        "audienceMatchPolicy",
        "audiences",
        "certificateAuthority",
        "discoveryURL",
        "egressSelectorType",
        "url",
    ];
    const MAPPINGS: &[&str] = &["extra", "groups", "uid", "username"];
    let members = fields(path, issuer, FIELDS, problems)?;
    let issuer_path = format!("{path}.issuer");
    let described = fields(&issuer_path, &issuer["issuer"], ISSUER, problems)?;
    let url = described.get("url").and_then(Value::as_str).unwrap_or_default();
    if !url.starts_with("https://") {
        let path = format!("{issuer_path}.url");
        let problem = Problem::error(&path, format!("{path} {url} is not an https URL"));
        problems.push(problem.fix(
            "write the https URL that tokens of the issuer carry: API servers fetch the keys that they believe \
             from there, and take no other scheme",
        ));
    }
    if described.get("audiences").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        let path = format!("{issuer_path}.audiences");
        let problem = Problem::error(&path, format!("{path} are missing"));
        problems.push(
            problem.fix("name the audience that tokens for this cluster carry, for instance [kubernetes]"),
        );
    }
    let mappings_path = format!("{path}.claimMappings");
    let mappings = fields(&mappings_path, &issuer["claimMappings"], MAPPINGS, problems)?;
    let username = mappings.get("username").and_then(Value::as_object);
    let is_name = username.is_some_and(|name| {
        name.contains_key("expression") || name.contains_key("claim") && name.contains_key("prefix")
    });
    if !is_name {
        let path = format!("{mappings_path}.username");
        let problem =
            Problem::error(&path, format!("{path} has neither a claim with a prefix nor an expression"));
        problems.push(problem.fix("write it like {claim: sub, prefix: 'oidc:'}"));
    }
    Some(members)
}

/// The members of a mapping, which has these.
fn fields<'v>(
    path: &str,
    value: &'v Value,
    known: &[&'static str],
    problems: &mut Vec<Problem>,
) -> Option<&'v Map<String, Value>> {
    let Some(members) = value.as_object() else {
        let problem = Problem::error(path, format!("{path} is not a mapping"));
        problems.push(problem.fix(format!("its fields are {}", known.join(", "))));
        return None;
    };
    Some(members)
}
