//! What the programs of a host complain about in its journal, but for what is known and harmless.

use crate::host::Host;

/// Complaints that are no fault: the unit's beginning, words of the line, and why.
const HARMLESS: &[(&str, &str, &str)] = &[
    (
        "kube-",
        "The manifest file is empty, ignoring.",
        "Kubernetes 1.36 says so of a file that is not asked for",
    ),
    ("kube-apiserver", r#"namespaces \"kube-system\" not found"#, "at the first start, until it has made it"),
    ("haproxy", "has no server available!", "when all hosts start, until an API server is ready"),
    (
        "kube-apiserver",
        "refusing to erase all endpoints",
        "it was switched off for longer than its lease lasts",
    ),
    (
        "kube-",
        r#"is forbidden: User \"system:kube-"#,
        "at the first start, until the API server has made its roles",
    ),
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
    HARMLESS.iter().any(|(of, words, _)| unit.starts_with(of) && line.contains(words))
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
