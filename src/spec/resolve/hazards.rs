//! Flags that are allowed and make a cluster weaker, or that do not go with other sections.

use crate::cluster::{Anonymous, Authentication, Component, Components, FlagValue, Program};
use crate::spec::problem::Problem;

/// Reports what the changes to programs do to the cluster's safety.
pub fn check(components: &Components, authentication: Option<&Authentication>, problems: &mut Vec<Problem>) {
    let apiserver = &components.kube_apiserver;
    let path = |program: Program, flag: &str| format!("components.{program}.flags.{flag}");
    let set = |flag: &str| value(apiserver, flag);
    if set("authorization-mode").is_some_and(|modes| modes.split(',').any(|mode| mode == "AlwaysAllow")) {
        let path = path(Program::KubeApiserver, "authorization-mode");
        problems.push(
            Problem::warning(&path, format!("{path} has AlwaysAllow: everyone may do everything"))
                .fix("remove the flag: kthw sets Node,RBAC"),
        );
    }
    let is_removed = matches!(apiserver.flags.get("authorization-mode"), Some(None));
    if is_removed && set("authorization-config").is_none() {
        let path = path(Program::KubeApiserver, "authorization-mode");
        problems.push(
            Problem::warning(&path, format!("without {path} everyone may do everything"))
                .fix("remove it: kthw sets Node,RBAC; or set authorization-config"),
        );
    }
    if set("anonymous-auth").as_deref() == Some("true") {
        let path = path(Program::KubeApiserver, "anonymous-auth");
        problems.push(
            Problem::warning(&path, format!("{path} lets strangers in wherever RBAC does not keep them out"))
                .fix("remove the flag and set authentication.anonymous to health or none"),
        );
    }
    for program in Program::ALL {
        let weak = value(components.of(*program), "tls-min-version");
        if let Some(version) =
            weak.filter(|version| ["VersionTLS10", "VersionTLS11"].contains(&version.as_str()))
        {
            let path = path(*program, "tls-min-version");
            problems.push(
                Problem::warning(&path, format!("{path} {version} was broken long ago"))
                    .fix("remove the flag: kthw sets TLS 1.3; the oldest that is safe is 1.2"),
            );
        }
    }
    if let Some(authentication) = authentication.filter(|authentication| authentication.needs_file()) {
        with_file(apiserver, authentication, problems);
    }
    if let Some(log) = set("audit-log-path").filter(|log| log != "-") {
        let path = path(Program::KubeApiserver, "audit-log-path");
        if super::paths::is_plain(&log) {
            super::paths::keeps(&path, &log, problems);
        } else {
            let problem =
                Problem::error(&path, format!("{path} {log} is neither - nor a plain absolute path"));
            problems.push(problem.fix("write it like /var/log/kubernetes/audit.log"));
        }
    }
}

/// The API server takes no flags for what its AuthenticationConfiguration says.
fn with_file(apiserver: &Component, authentication: &Authentication, problems: &mut Vec<Problem>) {
    let set = apiserver.flags.iter().filter(|(_, value)| value.is_some());
    let clashes = set.filter(|(name, _)| match name.as_str() {
        "anonymous-auth" => authentication.anonymous == Anonymous::Health,
        name => name.starts_with("oidc-"),
    });
    for (name, _) in clashes {
        let path = format!("components.kube-apiserver.flags.{name}");
        problems.push(
            Problem::error(&path, format!("{path} does not go with the section authentication"))
                .fix("remove the flag and say it in authentication"),
        );
    }
}

/// The value of a flag as it would be written.
fn value(component: &Component, flag: &str) -> Option<String> {
    Some(match component.flags.get(flag)?.as_ref()? {
        FlagValue::Bool(value) => value.to_string(),
        FlagValue::Text(value) => value.clone(),
        FlagValue::List(values) => values.join(","),
    })
}
