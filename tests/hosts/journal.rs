//! What the programs of a host complain about in its journal, but for what is known and harmless.

use crate::host::Host;

/// Complaints that are no fault: the unit's beginning, and words of the line.
const HARMLESS: &[(&str, &str)] = &[
    // Kubernetes 1.36 says so of a file that nobody asked for.
    ("kube-", "The manifest file is empty, ignoring."),
    // At the first start, until the API server has made its roles and namespaces.
    ("kube-", r#"is forbidden: User \"system:kube-"#),
    ("kube-apiserver", r#"namespaces \"kube-system\" not found"#),
    ("kube-apiserver", r#"namespaces \"default\" not found"#),
    // When several API servers do the same at once: each tries again, and finds it done.
    ("kube-", "the object has been modified; please apply your changes to the latest version"),
    ("kube-apiserver", "extension-apiserver-authentication failed with"),
    ("kube-apiserver", "is not allocated; repairing"),
    ("kube-apiserver", "provided IP is already allocated"),
    // After the power was cut, and after it was off for longer than an API server's lease lasts.
    ("kube-apiserver", "previous endpoints on kubernetes service"),
    ("kube-apiserver", "old endpoints from kubernetes service"),
    // On a slow machine, when it asks itself before it answers.
    ("kube-apiserver", "failed to fetch openapi paths"),
    // Many hosts share a small machine. What somebody waits for in vain, the tests wait for as well.
    ("", "timeout"),
    ("", "timed out"),
    ("", "deadline exceeded"),
    // The issuer that the example production names does not exist.
    ("kube-apiserver", "oidc authenticator: initializing plugin"),
    // Whoever asked has gone.
    ("kube-apiserver", "context canceled"),
    // It tries again when it has seen its own change.
    ("kube-controller-manager", "is not as new as written version"),
    // Whenever they are stopped.
    ("kube-", "broadcaster already stopped"),
    ("etcd", "setting up serving from embedded etcd failed"),
    ("haproxy", "exited with code 143"),
    // A new member asks for the version of its own storage every four seconds, from before it has written its first term.
    ("etcd", "cannot detect storage schema version: missing term information"),
    // Until the first API server is ready.
    ("haproxy", "has no server available!"),
];

/// The complaints of these units since the host first booted.
pub fn complaints(host: &Host, units: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for unit in units {
        let journal = host.run(&format!("journalctl --no-pager --quiet --output=cat --unit={unit}"));
        let complaints = journal.lines().filter(|line| is_complaint(line) && !is_harmless(unit, line));
        found.extend(complaints.map(|line| format!("{} {unit}: {line}", host.name)));
    }
    found
}

/// Whether somebody should look: an error of Kubernetes, etcd or HAProxy, or a unit that systemd calls failed.
fn is_complaint(line: &str) -> bool {
    let kubernetes = |line: &str| {
        let (level, date) = line.split_at_checked(1)?;
        Some(matches!(level, "E" | "F") && date.get(..4)?.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let words = [
        r#""level":"error""#,
        r#""level":"fatal""#,
        "[ALERT]",
        "Failed with result",
        "Main process exited",
        "Failed at step",
        "panic:",
    ];
    kubernetes(line) == Some(true) || words.iter().any(|word| line.contains(word))
}

fn is_harmless(unit: &str, line: &str) -> bool {
    HARMLESS.iter().any(|(of, words)| unit.starts_with(of) && line.contains(words))
}

#[test]
fn errors_are_told_from_what_is_merely_said() {
    for (line, expected) in [
        (r#"E1130 20:00:00.000001       1 leaderelection.go:10] "Error" err="no""#, true),
        (r#"I1130 20:00:00.000001       1 server.go:10] "Starting""#, false),
        (r#"{"level":"error","ts":"2026-11-30T20:00:00Z","msg":"no"}"#, true),
        (r#"{"level":"info","ts":"2026-11-30T20:00:00Z","msg":"yes"}"#, false),
        ("etcd.service: Failed at step NAMESPACE spawning /usr/local/bin/etcd: No such file", true),
        ("Started etcd.", false),
        ("", false),
    ] {
        assert_eq!(is_complaint(line), expected, "{line}");
    }
}
