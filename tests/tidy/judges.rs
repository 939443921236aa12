//! The gate installs every judge that a test asks for by name.

use crate::tree::files;

/// In every Debian, and Go, which the gate needs as it needs cargo.
const THERE: &[&str] = &["bash", "chroot", "dash", "env", "go", "id", "sh", "tar", "taskset"];

/// The words of `judge("…")` in a text.
fn asked(text: &str) -> impl Iterator<Item = &str> {
    text.split("judge(\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// The programs of the list in `.ci/run`.
fn installed(gate: &str) -> impl Iterator<Item = &str> {
    let list = gate.split("programs=\"\n").nth(1).and_then(|rest| rest.split("\n\"").next());
    list.unwrap_or_default().lines().filter_map(|line| line.split_whitespace().next())
}

#[test]
fn the_gate_installs_every_judge() {
    let files = files();
    let gate = files.iter().find(|file| file.path == ".ci/run").expect("the gate");
    let installed: Vec<&str> = installed(&gate.text).chain(THERE.iter().copied()).collect();
    assert!(installed.contains(&"openssl"), "the list has another form");
    let rust = files.iter().filter(|file| file.path.ends_with(".rs") && file.path != "tests/tidy/judges.rs");
    let asked: Vec<(&str, &str)> = rust
        .flat_map(|file| {
            asked(&file.text).map(|judge| (judge.rsplit('/').next().unwrap_or(judge), &*file.path))
        })
        .collect();
    assert!(asked.iter().any(|(judge, _)| *judge == "openssl"), "judges are asked in another way");
    let missing: Vec<_> = asked.iter().filter(|(judge, _)| !installed.contains(judge)).collect();
    assert!(missing.is_empty(), ".ci/run does not install {missing:?}");
}
