//! What the API server checks of issuers of tokens beyond their fields.

use std::collections::HashSet;

use serde_json::Value;

use super::expressions::{self, Expr, Variable};
use super::names;
use crate::cluster::{Authentication, Component, Network, fields};
use crate::spec::problem::Problem;

/// How many issuers the API server believes.
const MOST: usize = 64;

/// Reports what is wrong with issuers, one by one and together.
pub fn check(jwt: &[Value], problems: &mut Vec<Problem>) {
    let path = "authentication.jwt";
    if jwt.len() > MOST {
        let message = format!("{path} has {} issuers, and the API server takes {MOST}", jwt.len());
        problems.push(Problem::error(path, message).fix("remove some"));
    }
    for field in ["url", "discoveryURL"] {
        let urls = jwt.iter().map(|issuer| text(&issuer["issuer"], field));
        repeated(urls, |i| format!("{path}[{i}].issuer.{field}"), problems);
    }
    for (i, issuer) in jwt.iter().enumerate().filter(|(_, issuer)| issuer.is_object()) {
        let path = format!("{path}[{i}]");
        endpoint(&format!("{path}.issuer"), &issuer["issuer"], problems);
        let rules = list(&issuer["claimValidationRules"]);
        let conditions = claim_rules(&format!("{path}.claimValidationRules"), rules, problems);
        mappings(&format!("{path}.claimMappings"), &issuer["claimMappings"], &conditions, problems);
        user_rules(&format!("{path}.userValidationRules"), list(&issuer["userValidationRules"]), problems);
    }
}

/// Reports issuers that do not go with flags, or with the cluster's own tokens.
pub fn beside(
    authentication: &Authentication,
    apiserver: &Component,
    network: Option<&Network>,
    problems: &mut Vec<Problem>,
) {
    let own: Vec<String> = match apiserver.flags.contains_key("service-account-issuer") {
        true => apiserver.values("service-account-issuer").into_iter().map(str::to_owned).collect(),
        false => network
            .map(|network| format!("https://kubernetes.default.svc.{}", network.domain))
            .into_iter()
            .collect(),
    };
    let has_selectors = !apiserver.values("egress-selector-config-file").is_empty();
    for (i, issuer) in authentication.jwt.iter().enumerate() {
        let Some(issuer) = issuer.get("issuer") else { continue };
        let path = format!("authentication.jwt[{i}].issuer");
        if own.iter().any(|own| own == text(issuer, "url")) {
            let path = format!("{path}.url");
            let message = format!("{path} {} is the issuer of service accounts", text(issuer, "url"));
            problems.push(
                Problem::error(path, message)
                    .fix("name another issuer: the API server checks tokens of service accounts itself"),
            );
        }
        if !text(issuer, "egressSelectorType").is_empty() && !has_selectors {
            let path = format!("{path}.egressSelectorType");
            let message = format!("{path} leads through connections that no file describes");
            problems.push(Problem::error(path, message).fix(
                "set egress-selector-config-file in components.kube-apiserver.flags, or remove the field",
            ));
        }
    }
}

/// The text of a field; what is missing is empty, as the API server reads it.
fn text<'v>(of: &'v Value, field: &str) -> &'v str {
    of.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Reports what is there a second time.
fn repeated<'t>(
    texts: impl Iterator<Item = &'t str>,
    path: impl Fn(usize) -> String,
    problems: &mut Vec<Problem>,
) {
    let mut seen = HashSet::new();
    for (i, text) in texts.enumerate() {
        if !text.is_empty() && !seen.insert(text) {
            let path = path(i);
            problems.push(
                Problem::error(&path, format!("{path} {text} is there twice")).fix("remove one of them"),
            );
        }
    }
}

/// Where the issuer is, and for whom its tokens are.
fn endpoint(path: &str, issuer: &Value, problems: &mut Vec<Problem>) {
    let (issuer_url, discovery) = (text(issuer, "url"), text(issuer, "discoveryURL"));
    for (field, url) in [("url", issuer_url), ("discoveryURL", discovery)] {
        let path = format!("{path}.{field}");
        let wrong = match fields::url(url) {
            _ if url.is_empty() => continue,
            None => "is no URL",
            // Another message tells of the issuer's own.
            Some(parts) if parts.scheme != "https" && field == "url" => continue,
            Some(parts) if parts.scheme != "https" => "is not an https URL",
            Some(parts) if parts.has_user => "has a user or a password in it",
            Some(parts) if parts.has_query => "has a query",
            Some(parts) if parts.has_fragment => "has a fragment",
            Some(_) => continue,
        };
        let fix = "write scheme, host, port and path alone, such as https://id.example.org/realms/a";
        problems.push(Problem::error(&path, format!("{path} {wrong}")).fix(fix).discreet());
    }
    if !discovery.is_empty() && discovery.trim_end_matches('/') == issuer_url.trim_end_matches('/') {
        let path = format!("{path}.discoveryURL");
        problems.push(
            Problem::error(&path, format!("{path} {discovery} is the issuer's own url"))
                .fix("remove it: below its url an issuer is looked for anyway"),
        );
    }
    let audiences = list(&issuer["audiences"]);
    let path_of = |i: usize| format!("{path}.audiences[{i}]");
    for (i, audience) in audiences.iter().enumerate() {
        if audience.as_str().is_some_and(str::is_empty) {
            let path = path_of(i);
            problems.push(
                Problem::error(&path, format!("{path} is empty")).fix("name an audience, or remove it"),
            );
        }
    }
    repeated(audiences.iter().map(|audience| audience.as_str().unwrap_or_default()), path_of, problems);
    if audiences.len() > 1 && text(issuer, "audienceMatchPolicy").is_empty() {
        let path = format!("{path}.audienceMatchPolicy");
        problems.push(
            Problem::error(&path, format!("{path} is missing, and there are several audiences"))
                .fix("write audienceMatchPolicy: MatchAny"),
        );
    }
    let authority = text(issuer, "certificateAuthority");
    if !authority.is_empty() && !has_certificates(authority) {
        let path = format!("{path}.certificateAuthority");
        problems.push(
            Problem::error(&path, format!("{path} holds no certificate"))
                .fix("write the certificates themselves, from -----BEGIN CERTIFICATE----- on"),
        );
    }
}

/// Whether the text has certificates and nothing between their lines that is none.
fn has_certificates(text: &str) -> bool {
    let bodies: Vec<_> = text.split("-----BEGIN CERTIFICATE-----").skip(1).collect();
    let is_certificate = |body: &&str| {
        let Some((encoded, _)) = body.split_once("-----END CERTIFICATE-----") else { return false };
        let encoded: String = encoded.split_whitespace().collect();
        // A sequence of at least some bytes.
        let bytes = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        bytes.len() > 64 && bytes[0] == 0x30
    };
    !bodies.is_empty() && bodies.iter().all(is_certificate)
}

/// What claims have to be; the conditions among the rules.
fn claim_rules(path: &str, rules: &[Value], problems: &mut Vec<Problem>) -> Vec<Expr> {
    let mut conditions = Vec::new();
    for (i, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.is_object()) {
        let path = format!("{path}[{i}]");
        let (claim, expression) = (text(rule, "claim"), text(rule, "expression"));
        let beside = if claim.is_empty() { "requiredValue" } else { "message" };
        match (claim.is_empty(), expression.is_empty()) {
            (false, false) => problems.push(both(&path)),
            (true, true) => problems.push(neither(&path)),
            (is_expression, _) => {
                if !text(rule, beside).is_empty() {
                    let with = if is_expression { "an expression" } else { "a claim" };
                    let path = format!("{path}.{beside}");
                    problems.push(
                        Problem::error(&path, format!("{path} does not go with {with}")).fix("remove it"),
                    );
                }
                if is_expression {
                    conditions.extend(condition(&path, expression, Variable::Claims, problems));
                }
            }
        }
    }
    for field in ["claim", "expression"] {
        let of_one = rules.iter().map(|rule| text(rule, field));
        repeated(of_one, |i| format!("{path}[{i}].{field}"), problems);
    }
    conditions
}

fn user_rules(path: &str, rules: &[Value], problems: &mut Vec<Problem>) {
    for (i, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.is_object()) {
        let path = format!("{path}[{i}]");
        match text(rule, "expression") {
            "" => {
                let path = format!("{path}.expression");
                problems.push(
                    Problem::error(&path, format!("{path} is missing"))
                        .fix("write what has to be so, such as \"!user.username.startsWith('system:')\""),
                );
            }
            expression => _ = condition(&path, expression, Variable::User, problems),
        }
    }
    repeated(
        rules.iter().map(|rule| text(rule, "expression")),
        |i| format!("{path}[{i}].expression"),
        problems,
    );
}

/// What claims become.
fn mappings(path: &str, mappings: &Value, conditions: &[Expr], problems: &mut Vec<Problem>) {
    let mut names = Vec::new();
    for field in ["username", "groups", "uid"] {
        let (path, mapping) = (format!("{path}.{field}"), &mappings[field]);
        let (claim, expression) = (text(mapping, "claim"), text(mapping, "expression"));
        let has_prefix = mapping.get("prefix").is_some_and(|prefix| !prefix.is_null());
        if !claim.is_empty() && !expression.is_empty() {
            problems.push(both(&path));
        } else if !expression.is_empty() {
            if has_prefix {
                let path = format!("{path}.prefix");
                problems.push(
                    Problem::error(&path, format!("{path} does not go with an expression"))
                        .fix("remove it, and write \"'oidc:' + claims.sub\" or the like"),
                );
            }
            let read = expression_at(&format!("{path}.expression"), expression, problems);
            names.extend(read.filter(|_| field == "username"));
        } else if field == "groups" && !claim.is_empty() && !has_prefix {
            let path = format!("{path}.prefix");
            problems.push(
                Problem::error(&path, format!("{path} is missing")).fix("write a prefix; \"\" is none"),
            );
        }
    }
    let extra = list(&mappings["extra"]);
    let mut checked: Vec<Expr> = Vec::new();
    for (i, mapping) in extra.iter().enumerate().filter(|(_, mapping)| mapping.is_object()) {
        let path = format!("{path}.extra[{i}]");
        let key = text(mapping, "key");
        if let Some(wrong) = wrong_key(key) {
            let path = format!("{path}.key");
            let message = match key {
                "" => format!("{path} is missing"),
                key => format!("{path} {key} {wrong}"),
            };
            problems.push(
                Problem::error(&path, message).fix(
                    "write it like example.org/department, in lower case and below a domain of your own",
                ),
            );
        }
        match text(mapping, "valueExpression") {
            "" => {
                let path = format!("{path}.valueExpression");
                problems.push(
                    Problem::error(&path, format!("{path} is missing"))
                        .fix("write it like claims.department"),
                );
            }
            value => checked.extend(expression_at(&format!("{path}.valueExpression"), value, problems)),
        }
    }
    repeated(
        extra.iter().map(|mapping| text(mapping, "key")),
        |i| format!("{path}.extra[{i}].key"),
        problems,
    );
    let is_verified =
        names.iter().chain(&checked).chain(conditions).any(|expr| expr.selects("claims", "email_verified"));
    if names.iter().any(|expr| expr.selects("claims", "email")) && !is_verified {
        let path = format!("{path}.username.expression");
        problems.push(
            Problem::error(
                &path,
                format!("{path} uses claims.email, and nothing looks at claims.email_verified"),
            )
            .fix("add to claimValidationRules: {expression: 'claims.?email_verified.orValue(true) == true'}"),
        );
    }
}

/// What is wrong with the key of an extra.
fn wrong_key(key: &str) -> Option<&'static str> {
    let is_step =
        |path: &str| path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/%-._~!$&'()*+,;=:".contains(&b));
    match key.split_once('/') {
        None => Some("has no domain before a slash"),
        Some((domain, path)) if path.is_empty() || !names::is_subdomain(domain) || !is_step(path) => {
            Some("is not a domain and a path")
        }
        Some(_) if key.chars().any(char::is_uppercase) => Some("has capital letters"),
        Some((domain, _))
            if ["k8s.io", "kubernetes.io"].iter().any(|own| {
                domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }) =>
        {
            Some("is below a domain of Kubernetes itself")
        }
        Some(_) => None,
    }
}

fn both(path: &str) -> Problem {
    Problem::error(path, format!("{path} has both a claim and an expression")).fix("keep one of them")
}

fn neither(path: &str) -> Problem {
    Problem::error(path, format!("{path} has neither a claim nor an expression"))
        .fix("write it like {claim: hd, requiredValue: example.org}, or {expression: \"claims.hd == 'example.org'\"}")
}

fn expression_at(path: &str, expression: &str, problems: &mut Vec<Problem>) -> Option<Expr> {
    compiled(path, expressions::read(expression, Variable::Claims), problems)
}

fn condition(path: &str, expression: &str, about: Variable, problems: &mut Vec<Problem>) -> Option<Expr> {
    compiled(&format!("{path}.expression"), expressions::read_condition(expression, about), problems)
}

fn compiled(path: &str, read: Result<Expr, String>, problems: &mut Vec<Problem>) -> Option<Expr> {
    read.map_err(|wrong| {
        problems.push(
            Problem::error(
                path,
                format!("{path} is no expression of CEL that the API server takes: {wrong}"),
            )
            .fix("see https://kubernetes.io/docs/reference/using-api/cel/"),
        );
    })
    .ok()
}
