//! What programs complain about in their logs: warnings, errors, and what they call deprecated.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What may be complained about: by which units, and what the line holds.
const ALLOWED: &[(&str, &str)] = &[
    // etcd knows clients by certificates, not by tokens.
    ("etcd", "simple token is not cryptographically signed"),
    // One port for clients is what kubeadm opens too; metrics and health have one of their own.
    ("etcd", "Running http and grpc server on single port"),
    // NodePorts are reached at every address of a host, virtual ones among them, as with kubeadm.
    ("kube-proxy", "nodePortAddresses is unset"),
    // Alpha and beta APIs are off, as Kubernetes has them.
    ("kube-apiserver", "because it has no resources"),
    // Every program of 1.36 says so of a flag that is not given.
    ("kube-", "The manifest file is empty, ignoring."),
    // The API server connects to etcd for each kind of objects to ask for its version, and hangs up; etcd sees that too.
    ("kube-apiserver", "grpc: addrConn.createTransport failed"),
    ("etcd", "connection reset by peer"),
    ("etcd", "transport is closing"),
    ("etcd", "error=\"EOF\""),
    // This test asks while nobody leads yet.
    ("etcd", "/health"),
    ("etcd", "prober detected unhealthy status"),
    ("etcd", "Failed to detect schema version"),
    // Until the first leader has written its term; it tries again every few seconds.
    ("etcd", "cannot detect storage schema version: missing term information"),
    // One more API server is there.
    ("kube-apiserver", "Resetting endpoints for master service"),
    // A cluster is new, and three API servers begin it at once: another is first, or what is asked for is being made.
    ("kube-apiserver", "namespaces \\\"kube-system\\\" not found"),
    ("kube-apiserver", "namespaces \\\"default\\\" not found"),
    ("kube-apiserver", "is not allocated; repairing"),
    ("kube-apiserver", "provided IP is already allocated"),
    ("kube-", "already exists"),
    ("kube-", "the object has been modified"),
    ("kube-controller-manager", "is not as new as written version"),
    // Its cache lags behind what it has just given a new node; the API server refuses the second range.
    ("kube-controller-manager", "may specify no more than one CIDR for each IP family"),
    // The leader makes it.
    ("kube-controller-manager", "Flexvolume plugin directory"),
    // The issuer of `production` is an example.
    ("kube-apiserver", "https://id.example.org"),
    // Many hosts share a small machine. What somebody waits for in vain, the tests wait for as well.
    ("", "timeout"),
    ("", "deadline exceeded"),
    ("", "context canceled"),
    ("", "connection is closing"),
    ("etcd", "took too long"),
    ("etcd", "request stats"),
    ("etcd", "ignored out-of-date read index response"),
    ("etcd", "slow fdatasync"),
    ("etcd", "found high clock drift"),
    ("kube-", "too many open files"),
];

/// What a unit complained about that it should not, each once.
pub fn complaints(unit: &str, log: &str) -> BTreeSet<String> {
    let lines: BTreeSet<String> = entries(log).iter().filter_map(|line| complaint(line)).collect();
    lines.into_iter().filter(|line| !is_allowed(unit, line)).collect()
}

/// The lines of a log, what klog puts between `<` and ` >` joined with the line that it belongs to.
fn entries(log: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in log.lines() {
        match entries.last_mut().filter(|_| is_open) {
            Some(entry) => *entry = format!("{entry} {}", line.trim()),
            None => entries.push(line.to_owned()),
        }
        is_open = if is_open { line.trim() != ">" } else { of_klog(line).is_some() && line.ends_with('<') };
    }
    entries
}

fn is_allowed(unit: &str, line: &str) -> bool {
    ALLOWED.iter().any(|(whose, part)| unit.starts_with(whose) && line.contains(part))
}

/// A line that is more than information, without time, number of process and place.
fn complaint(line: &str) -> Option<String> {
    if let Ok(Value::Object(line)) = serde_json::from_str(line) {
        return of_etcd(&line);
    }
    match of_klog(line) {
        Some((level, text)) => {
            let is_information = level == 'I' && !text.to_lowercase().contains("deprecated");
            (!is_information).then(|| format!("{level} {text}"))
        }
        // The usage, a panic, or `Flag --x has been deprecated`.
        None => Some(line.to_owned()).filter(|line| !line.trim().is_empty()),
    }
}

/// Level and text of `W1130 20:11:03.300394      33 controller.go:156] text`.
fn of_klog(line: &str) -> Option<(char, &str)> {
    let (head, text) = line.split_once("] ")?;
    let mut head = head.split_whitespace();
    let (level, _time, _thread, _place) = (head.next()?, head.next()?, head.next()?, head.next()?);
    let is_level = level.len() == 5 && level.starts_with(['I', 'W', 'E', 'F']);
    level.chars().next().filter(|_| is_level && head.next().is_none()).map(|level| (level, text))
}

/// What a line of etcd says, if it is more than information.
fn of_etcd(line: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    let level = match text("level") {
        "info" | "debug" => return None,
        "warn" => 'W',
        _ => 'E',
    };
    let known = ["level", "ts", "caller", "msg", "stacktrace"];
    let rest = line.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    let rest: Vec<String> = rest.map(|(key, value)| format!("{key}={value}")).collect();
    Some(format!("{level} {} {}", text("msg"), rest.join(" ")))
}

#[test]
fn whatever_is_more_than_information_is_a_complaint() {
    let check = |line: &str, expected: Option<&str>| assert_eq!(complaint(line).as_deref(), expected);
    check("I1130 20:11:03.291297      33 policy_source.go:248] refreshing policies", None);
    check("W1130 20:11:03.291297      33 a.go:2] slow [x] y", Some("W slow [x] y"));
    check("I1130 20:11:03.291297      33 a.go:2] X is Deprecated", Some("I X is Deprecated"));
    check("Flag --x has been deprecated, use y", Some("Flag --x has been deprecated, use y"));
    check("", None);
    check(r#"{"level":"info","ts":"1","msg":"a"}"#, None);
    check(r#"{"level":"warn","ts":"1","caller":"x","msg":"a","flag":"b"}"#, Some(r#"W a flag="b""#));
    assert_eq!(complaints("etcd.service", r#"{"level":"warn","msg":"request took too long"}"#).len(), 0);
    assert_eq!(complaints("kubelet.service", "Error: unknown flag").len(), 1);
    let block = "I1130 20:11:03.291297      33 a.go:2] \"X\" y=<\n\tz: w\n >\nlast words";
    assert_eq!(complaints("kubelet.service", block), BTreeSet::from(["last words".to_owned()]));
}
