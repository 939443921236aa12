//! Many problems of one file: the first are shown, the rest is counted, and each is told once.

use std::fmt::Write as _;

use crate::cluster_folder::ClusterFolder;

#[test]
fn of_many_errors_the_first_are_shown_and_the_rest_is_counted() {
    let folder = ClusterFolder::single();
    let mut text = folder.read("cluster.yaml");
    for n in 1..=5000 {
        writeln!(text, "unknown{n}: 1").expect("a text");
    }
    folder.write("cluster.yaml", &text);
    let said = folder.kthw(&["build"]).refusal(2);
    assert_eq!(said.matches("error: unknown field `unknown").count(), 100);
    assert!(said.contains("error: and 4,900 more errors\n"), "{}", &said[said.len() - 300..]);
}

#[test]
fn what_no_unit_can_hold_is_told_once_with_its_line() {
    let folder = ClusterFolder::of_example("production");
    let cloud = "cloudProvider:\n  name: c\n  controllerManager:\n    version: 1.0.0\n    downloads:\n      amd64: {url: \
                 'https://c.example/x', sha256: DIGEST}\n    flags:\n      cloud-config: \"/etc/a\\0b\"\n      node-sync: \"1m\\n\"\n";
    let text = folder.read("cluster.yaml") + &cloud.replace("DIGEST", &"c".repeat(64));
    folder.write("cluster.yaml", &text);
    let said = folder.kthw(&["build"]).refusal(2);
    assert_eq!(said.matches("error:").count(), 2, "{said}");
    let line = |field: &str| 1 + text.lines().position(|line| line.contains(field)).expect("the field");
    for field in ["cloud-config", "node-sync"] {
        assert!(said.contains(&format!("cluster.yaml:{}:", line(field))), "{said}");
    }
}

#[test]
fn epochs_that_do_not_fit_are_told_once_with_their_line() {
    let folder = ClusterFolder::of_example("ha-haproxy");
    let lock = folder.read("kthw.lock");
    let check = |class: &str, moment: &str, expected: &str| {
        let start = format!("{class} = ");
        // What is to be written anew is the leaves'.
        let line = lock.lines().position(|line| line.starts_with("leaf = ")).expect("an epoch");
        let lines: Vec<String> = lock
            .lines()
            .map(|line| if line.starts_with(&start) { format!("{start}{moment}") } else { line.to_owned() })
            .collect();
        folder.write("kthw.lock", &(lines.join("\n") + "\n"));
        for command in ["build", "fetch", "snapshot"] {
            let said = folder.kthw(&[command]).exits(2).stderr;
            assert_eq!(said.matches("error:").count(), 1, "{said}");
            assert!(said.contains(expected) && said.contains(&format!("kthw.lock:{}:1", line + 1)), "{said}");
        }
    };
    check("leaf", "2036-10-01T00:00:00Z", "would outlive their authorities");
    check("leaf", "2026-01-01T00:00:00Z", "before their authorities");
    check("ca", "2028-01-01T00:00:00Z", "before their authorities");
}
