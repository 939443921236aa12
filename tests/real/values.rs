//! The tables of fields, of values and of resources, compared with what the real programs say.
//!
//! `INSTA_UPDATE=always`, as `just tables` sets it, writes them instead.

#![expect(clippy::disallowed_methods, reason = "tests read and accept their own files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::printers;
use crate::programs::{Programs, source_of};
use crate::ran::Ran;

/// The minors that are built for other tests too.
const NEIGHBOURS: &[&str] = &["1.36", "1.37"];
/// Every minor whose tables come from its programs.
const ALL: &[&str] = &["1.34", "1.35", "1.36", "1.37"];

#[test]
fn fields_of_configurations_are_those_that_programs_read() {
    agrees("fields/configurations.txt", NEIGHBOURS, configurations);
}

#[test]
fn values_of_flags_are_those_that_programs_take() {
    agrees("fields/flags.txt", NEIGHBOURS, flags);
}

#[test]
fn resources_are_those_that_each_release_publishes() {
    agrees("resources/resources.txt", ALL, resources);
}

#[test]
#[ignore = "it builds one more release of Kubernetes for each older minor: `just tables`"]
fn fields_and_values_of_every_minor_are_those_that_programs_take() {
    agrees("fields/configurations.txt", ALL, configurations);
    agrees("fields/flags.txt", ALL, flags);
}

#[test]
fn settings_of_containerd_are_those_that_its_plugins_read() {
    let Some(printed) = printers::printed("containers", "values", &["containerd"]) else { return };
    let lines: Vec<String> = printed.lines().map(str::to_owned).collect();
    printers::holds("fields/containerd.txt", &lines);
}

/// Each value of the table is taken, and the same with a letter more is not.
#[test]
fn values_of_daemons_are_those_that_they_take() {
    let (Some(older), Some(newer), Some(containers)) =
        (Programs::of("etcd"), Programs::of("etcd-3.7"), Programs::of("containers"))
    else {
        return;
    };
    let text = fs::read_to_string(folder().join("fields/daemons.txt")).expect("a table");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [program, flag, _, values, since, until] = words[..] else { panic!("not six words: {line}") };
        let versions = [("3.6", &older), ("3.7", &newer), ("2.3", &containers)];
        let covered = versions.into_iter().filter(|(minor, programs)| {
            programs.program(program).is_some() && since <= *minor && (until == "-" || *minor <= until)
        });
        for (minor, programs) in covered {
            let program = programs.program(program).expect("it was there");
            for value in values.split('|') {
                assert!(is_taken(&program, flag, value), "{line} of {minor}: {value}");
                let other = format!("{value}x");
                assert!(!is_taken(&program, flag, &other), "{line} of {minor}: {other}");
            }
        }
    }
}

/// Whether a daemon comes past its flags, to an address or a folder that nobody has.
fn is_taken(program: &Path, flag: &str, value: &str) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere: &[&str] = match program.ends_with("etcd") {
        true => &[
            "--listen-peer-urls=http://192.0.2.1:2380",
            "--initial-advertise-peer-urls=http://192.0.2.1:2380",
            "--initial-cluster=default=http://192.0.2.1:2380",
            "--data-dir=data",
        ],
        false => &["--config=/dev/null", "--root=/dev/null/root", "--state=/dev/null/state"],
    };
    let mut daemon = Command::new(program);
    daemon.current_dir(folder.path()).args(nowhere).arg(format!("--{flag}={value}"));
    let Ran { stdout, stderr, .. } = Ran::of(&mut daemon);
    let said = stdout + &stderr;
    ["cannot assign requested address", "not a directory"].iter().any(|end| said.contains(end))
}

/// What a minor says: what follows each name, by name.
type Said = BTreeMap<String, String>;

fn configurations(minor: &str) -> Option<Said> {
    let printed = printers::printed(
        &format!("kubernetes-{minor}"),
        "values",
        &["kinds", "probe", "words", "configurations"],
    )?;
    let lines = printed.lines().map(words).filter(|[_, _, kind, values]| kind != "keys" || values != "-");
    Some(
        lines
            .map(|[document, path, kind, values]| {
                // Keys of a mapping come after what its values are, which has another path.
                (format!("{document} {path}"), format!("{kind} {values}"))
            })
            .collect(),
    )
}

fn flags(minor: &str) -> Option<Said> {
    let printed =
        printers::printed(&format!("kubernetes-{minor}"), "values", &["kinds", "probe", "words", "flags"])?;
    // What a file holds is no set of words, whatever is said of one that is not there.
    let is_known = |[_, flag, _, values]: &[String; 4]| values != "-" && !flag.ends_with("-file");
    let lines = printed.lines().map(words).filter(is_known);
    Some(
        lines
            .map(|[program, flag, kind, values]| (format!("{program} {flag}"), format!("{kind} {values}")))
            .collect(),
    )
}

fn words(line: &str) -> [String; 4] {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    words.try_into().unwrap_or_else(|_| panic!("not four words: {line}"))
}

/// The resources that a release publishes below `api/discovery`, and whether they can be watched: what is kept can.
fn resources(minor: &str) -> Option<Said> {
    let folder = source_of(&format!("kubernetes-{minor}"), "k8s.io/kubernetes")?.join("api/discovery");
    let read = |file: &str| -> Value {
        let text = fs::read_to_string(folder.join(file)).expect("a published file");
        serde_json::from_str(&text).expect("JSON")
    };
    let mut stored = BTreeMap::<String, bool>::new();
    let mut add = |name: String, verbs: &Value| {
        let verbs = verbs.as_array().expect("verbs");
        *stored.entry(name).or_default() |= verbs.iter().any(|verb| verb == "watch");
    };
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    for group in read("aggregated_v2.json")["items"].as_array().expect("groups") {
        for version in group["versions"].as_array().expect("versions") {
            for resource in version["resources"].as_array().expect("resources") {
                if resource["verbs"].is_array() {
                    let name =
                        format!("{}.{}", text(&resource["resource"]), text(&group["metadata"]["name"]));
                    add(name, &resource["verbs"]);
                }
            }
        }
    }
    for resource in read("api__v1.json")["resources"].as_array().expect("resources") {
        let name = text(&resource["name"]);
        if !name.contains('/') {
            add(name, &resource["verbs"]);
        }
    }
    let kept = |stored| if stored { "stored" } else { "passing" };
    Some(stored.into_iter().map(|(name, stored)| (name, kept(stored).to_owned())).collect())
}

/// Insists that a table says of these minors what they say, or writes it if they are all that it knows.
fn agrees(file: &str, minors: &[&str], ask: impl Fn(&str) -> Option<Said>) {
    let mut said = BTreeMap::new();
    for &minor in minors {
        let Some(answers) = ask(minor) else { return };
        said.insert(minor, answers);
    }
    if minors != NEIGHBOURS {
        return printers::holds(file, &rows(&said));
    }
    for (minor, answers) in said {
        let expected: BTreeSet<String> =
            answers.iter().map(|(name, rest)| format!("{name} {rest}")).collect();
        let text = fs::read_to_string(folder().join(file)).expect("a table");
        let covers = |row: &str| {
            let (row, until) = row.rsplit_once(' ')?;
            let (row, since) = row.rsplit_once(' ')?;
            (number(since) <= number(minor) && (until == "-" || number(minor) <= number(until)))
                .then(|| row.to_owned())
        };
        let found: BTreeSet<String> =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(covers).collect();
        let wrong: Vec<_> = found.difference(&expected).collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        assert!(
            wrong.is_empty() && missing.is_empty(),
            "{file} is wrong about {wrong:#?}\n{minor} says {missing:#?}"
        );
    }
}

/// The lines of a table, one for each run of minors that say the same.
fn rows(said: &BTreeMap<&str, Said>) -> Vec<String> {
    let last = said.keys().last().expect("some minors");
    let names: BTreeSet<&String> = said.values().flat_map(BTreeMap::keys).collect();
    let mut lines = Vec::new();
    for name in names {
        let mut open: Option<(&str, &str, &String)> = None;
        for minor in said.keys().map(Some).chain([None]) {
            let answer = minor.and_then(|minor| Some((*minor, said[minor].get(name)?)));
            match (&mut open, answer) {
                (Some((_, until, before)), Some((minor, answer))) if *before == answer => *until = minor,
                (open, answer) => {
                    if let Some((since, until, before)) = open.take() {
                        let until = if until == *last { "-" } else { until };
                        lines.push(format!("{name} {before} {since} {until}"));
                    }
                    *open = answer.map(|(minor, answer)| (minor, minor, answer));
                }
            }
        }
    }
    lines
}

fn number(minor: &str) -> u64 {
    minor.strip_prefix("1.").and_then(|minor| minor.parse().ok()).expect("a minor of Kubernetes 1")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cluster")
}
