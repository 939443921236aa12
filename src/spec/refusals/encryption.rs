//! Refusals of what is encrypted at rest: the API server's own rules, and resources that do not exist.

use super::{BASE, answers, check_text};

#[test]
fn resources_are_those_that_the_api_server_encrypts() {
    insta::assert_snapshot!(answers(&[
        "encryption: {resources: [secrets, configmaps, deployments.apps, '*.batch', widgets.example.org, '*.example.org']}",
        "encryption: {resources: ['*.']}",
        "encryption: {resources: ['*.*']}",
        "encryption: {resources: ['*.', secrets, jobs.batch, '*.batch']}",
        "encryption: {resources: ['*.*', leases.coordination.k8s.io]}",
        "encryption: {resources: [events.events.k8s.io, replicasets.extensions, roles.*, servicenodeportallocations]}",
        "encryption: {resources: [secret, configmap, deployment.apps, deployments, daemonset, jobs.apps]}",
        "encryption: {resources: [secrets., statefulsets.app, subjectaccessreviews.authorization.k8s.io, bindings]}",
        "encryption: {resources: [podgroups.scheduling.k8s.io, a b]}",
    ]));
}

#[test]
fn resources_of_old_versions_are_not_known() {
    let text = BASE.replace("1.35.1", "1.31.2");
    check_text(&format!("{text}encryption: {{resources: [gadgets]}}\n"), "");
}
