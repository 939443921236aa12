//! Nothing that somebody wrote can garble or forge what kthw says: whatever is hidden is seen, and no value begins a line.

use std::fs;

use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::discretion::{full, places};
use crate::ran::Ran;
use crate::repository::{begin, commit};

/// Ends of lines, escapes of terminals in both forms, a turn of the direction, blanks without a width, a tag.
const POISON: &str = "\u{1b}]0;t\u{7}\u{9b}31m\u{7f}\u{85}\u{2028}\u{2029}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\r\nerror: forged\n::error::forged\n";

/// The same without what no line of a file may hold, so that it is taken more often.
const QUIET: &str = "\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}::error::forged";

/// Whether nothing hidden was printed, and no line that is not kthw's.
#[track_caller]
fn assert_plain(ran: &Ran, what: &str) {
    for text in [&ran.stdout, &ran.stderr] {
        let hidden: Vec<char> = text
            .chars()
            .filter(|c| *c != '\n' && POISON.contains(*c) && !c.is_ascii_graphic() && *c != ' ')
            .collect();
        assert!(hidden.is_empty(), "{what}: {hidden:?} in {text}");
        for line in text.lines() {
            let line = line.trim_start_matches([' ', '|', '=', '+', '-', '>', '`', '"']);
            assert!(!line.starts_with("error: forged") && !line.starts_with("::error"), "{what}: {text}");
        }
    }
}

/// Whether something is poisoned that a message had better repeat: otherwise this test could not fail.
#[track_caller]
fn assert_repeats(ran: &Ran) {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        text.contains("\\u{9b}") && text.contains("\\u{202e}") && text.contains("\\nerror: forged"),
        "{text}"
    );
}

/// The document as YAML that is written in ASCII.
fn written(document: &Value) -> String {
    let mut text = String::new();
    for c in document.to_string().chars() {
        match c.is_ascii() && !c.is_control() {
            true => text.push(c),
            false => text += &format!("\\U{:08x}", u32::from(c)),
        }
    }
    text
}

#[test]
fn no_value_of_the_cluster_file_forges_a_message() {
    let folder = ClusterFolder::of_example("production");
    let mut full = full(&folder);
    // What is refused anyway would hide what the rest is taken for.
    full.as_object_mut().expect("a mapping").remove("pki");
    folder.write("cluster.yaml", &written(&full));
    let Some(()) = begin(&folder) else { return };
    let mut accepted = 0;
    let both = places(&full, false)
        .into_iter()
        .flat_map(|place| [POISON, QUIET].map(|poison| (place.clone(), poison)));
    for (number, (place, poison)) in (0..).zip(both) {
        let mut document = full.clone();
        let value = document.pointer_mut(&place).expect("a place of the document");
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        *value = format!("{text}{poison}").into();
        folder.write("cluster.yaml", &written(&document));
        let ran = folder.kthw(&["fetch", "--list"]);
        assert_plain(&ran, &place);
        assert_ne!(ran.code, Some(1), "{place}: what a file says is an input: {}", ran.stderr);
        if ran.code == Some(0) {
            accepted += 1;
            let build = folder.kthw(&["build"]);
            assert!(build.code == Some(0), "{place}: what is planned can be made: {}", build.stderr);
            for args in
                [&["diff"][..], &["diff", "--format", "json"], &["plan"], &["plan", "--format", "json"]]
            {
                assert_plain(&folder.kthw(args), &format!("{place} {args:?}"));
            }
            let markdown = folder.kthw(&["diff", "--format", "markdown"]);
            assert_plain(&markdown, &place);
        } else if number % 16 == 0 {
            assert_plain(&folder.kthw(&["diff"]), &place);
        }
    }
    assert!(accepted > 3, "{accepted}");
}

#[test]
fn no_field_of_the_cluster_file_forges_a_message() {
    let folder = ClusterFolder::of_example("production");
    let full = full(&folder);
    for place in places(&full, true) {
        let mut document = full.clone();
        let members = document.pointer_mut(&place).and_then(Value::as_object_mut).expect("a mapping");
        members.insert(POISON.to_owned(), POISON.into());
        folder.write("cluster.yaml", &written(&document));
        let ran = folder.kthw(&["fetch", "--list"]);
        assert_plain(&ran, &place);
        if place.is_empty() {
            assert_repeats(&ran);
        }
    }
}

#[test]
fn no_value_of_the_lock_forges_a_message() {
    let folder = ClusterFolder::single();
    let lock = folder.read("kthw.lock");
    let poison: String = POISON.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    let mut poisoned = 0;
    for (number, line) in lock.lines().enumerate().take(24) {
        let Some((name, value)) = line.split_once(" = ") else { continue };
        let other = match value.strip_suffix('"') {
            Some(text) => format!("{name} = {text}{poison}\""),
            None => format!("{name} = \"{poison}\""),
        };
        for changed in [other, format!("\"{name}{poison}\" = {value}")] {
            let lines: Vec<&str> = lock
                .lines()
                .enumerate()
                .map(|(n, line)| if n == number { &*changed } else { line })
                .collect();
            folder.write("kthw.lock", &(lines.join("\n") + "\n"));
            for args in [&["fetch", "--list"][..], &["build"], &["lock", "--check"]] {
                let ran = folder.kthw(args);
                assert_plain(&ran, &changed);
                assert_ne!(ran.code, Some(1), "{changed}: {}", ran.stderr);
            }
            poisoned += 1;
        }
    }
    assert!(poisoned > 20, "{poisoned}");
}

#[test]
fn no_argument_forges_a_message() {
    let folder = ClusterFolder::single();
    let Some(()) = begin(&folder) else { return };
    folder.build();
    let range = format!("HEAD..{POISON}");
    let mirror = format!("http://127.0.0.1:1/{POISON}");
    for args in [
        &[POISON][..],
        &["--", POISON],
        &["build", POISON],
        &["build", "--store", POISON, "--out", "/proc/1/x"],
        &["show", POISON],
        &["why", POISON],
        &["why", "cluster", "--line", POISON],
        &["diff", POISON],
        &["plan", &range],
        &["-C", POISON, "build"],
        &["-C", POISON, "diff"],
        &["init", "--preset", POISON],
        &["kubeconfig", POISON],
        &["lock", "--mirror", &mirror],
        &["lock", "--mirror", POISON],
        &["snapshot", "--check", "--dir", POISON],
        &["vm", "up", POISON],
        &["vm", POISON],
        &["graph", "--format", POISON],
        &["build", "--fail-if-expiring", POISON],
    ] {
        let ran = folder.kthw(args);
        assert_plain(&ran, &format!("{args:?}"));
    }
    assert_repeats(&folder.kthw(&["show", POISON]));
    assert_repeats(&folder.kthw(&[POISON]));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test puts a file where none belongs")]
fn no_name_of_a_file_forges_a_message() {
    let folder = ClusterFolder::single();
    let Some(()) = begin(&folder) else { return };
    folder.kthw(&["snapshot"]).exits(0);
    commit(&folder, &format!("subject {POISON}"));
    // A slash would be a folder.
    let name = POISON.replace('/', "");
    fs::write(folder.path().join("snapshots").join(&name), "").expect("our own folder");
    folder.edit("cluster.yaml", "address: 10.0.0.37", "address: 10.0.0.38");
    let ran = folder.kthw(&["snapshot", "--check"]).exits(3);
    assert_plain(&ran, "snapshot --check");
    assert_repeats(&ran);
    assert_plain(&folder.kthw(&["snapshot"]), "snapshot");
}
