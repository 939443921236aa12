//! What kthw says to the rows about which tests/real asks the programs themselves.

use std::fmt::Write;

use super::{Severity, load};

const ROWS: [(&str, &str); 3] = [
    ("kubelet", include_str!("../../../tests/real/refusals/kubelet.txt")),
    ("kube-proxy", include_str!("../../../tests/real/refusals/kube-proxy.txt")),
    ("kube-scheduler", include_str!("../../../tests/real/refusals/kube-scheduler.txt")),
];

/// The minors whose settings are known.
const MINORS: std::ops::RangeInclusive<u64> = 34..=37;

#[test]
fn settings_that_programs_refuse_are_refused_with_what_they_accept() {
    let mut said = String::new();
    for (program, text) in ROWS {
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let [versions, verdict, rest] =
                line.splitn(3, ' ').collect::<Vec<_>>().try_into().expect("a row");
            let section = rest.split(" because ").next().unwrap_or(rest);
            let minor = |text: &str| text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
            let (since, until) = versions.split_once('-').expect("versions");
            let covered = minor(since).expect("a minor")..=minor(until).unwrap_or(*MINORS.end());
            let mut last = String::new();
            for minor in covered {
                let cluster = format!(
                    "apiVersion: kthw.dev/v1alpha1\nkind: Cluster\nname: small\nversions: {{kubernetes: 1.{minor}.1}}\n\
                     hosts: [{{name: all, address: 10.0.0.9, roles: [control-plane, worker]}}]\ncomponents: {{{program}: {section}}}\n"
                );
                let found = match load(&cluster) {
                    Ok(_) => Vec::new(),
                    Err(problems) => problems,
                };
                let errors = found.iter().filter(|located| located.problem.severity == Severity::Error);
                last = errors.fold(String::new(), |mut lines, located| {
                    let fix = located.problem.fix.as_deref().unwrap_or("");
                    writeln!(lines, "  {} | {fix}", located.problem.message).expect("a text");
                    lines
                });
                assert_eq!(last.is_empty(), verdict == "accepted", "1.{minor} {program} {line}\n{last}");
            }
            if !last.is_empty() {
                write!(said, "{program} {section}\n{last}").expect("a text");
            }
        }
    }
    insta::assert_snapshot!(said);
}
