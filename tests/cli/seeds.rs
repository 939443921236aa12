//! The guides that kthw grew from: whatever they set is rendered, or docs/seeds.md says why not.
//!
//! `tests/seeds/<seed>.txt` holds a guide's settings as its first host of a kind has them: the file, the setting and its
//! value. A setting is a flag or a directive of a unit, a field of a YAML file, or a key of another.

#![expect(clippy::disallowed_methods, reason = "tests read golden files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Each seed with the example that stands for it.
const SEEDS: &[(&str, &str)] = &[
    ("architecture", "production"),
    ("controllers", "cilium"),
    ("haproxy", "ha-haproxy"),
    ("ipvs", "ha-ipvs"),
    ("workers", "cilium"),
];

/// A file and a setting in it.
type Place = (String, String);

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a seed sets: places and values.
fn settings(seed: &str) -> Vec<(Place, String)> {
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_else(|| panic!("tests/seeds/{seed}.txt: {line}"));
        ((word(), word()), word())
    };
    read(&repository(&format!("tests/seeds/{seed}.txt"))).lines().map(line).collect()
}

/// The file of this name on the first host, or of the first machine, that has one.
fn rendered(example: &str, file: &str) -> Option<String> {
    let mut open = ["hosts", "roles", "machines"]
        .map(|part| repository(&format!("snapshots/{example}/{part}")))
        .to_vec();
    open.retain(|folder| folder.exists());
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("golden files are there") {
            let entry = entry.expect("golden files can be listed");
            match entry.path().is_dir() {
                true => open.push(entry.path()),
                false if entry.file_name() == file => found.push(entry.path()),
                false => {}
            }
        }
    }
    found.sort();
    found.first().map(|path| read(path))
}

/// The value of a setting; several are joined by commas.
fn value(file: &str, text: &str, setting: &str) -> Option<String> {
    if file.ends_with(".yaml") || file == "network-config" {
        let document: Value = serde_saphyr::from_str(text).expect("it is YAML");
        return field(document.pointer(&format!("/{}", setting.replace('.', "/")))?);
    }
    let lines = text.lines().map(|line| line.trim().trim_end_matches(" \\"));
    let pairs = lines.filter_map(|line| line.split_once('='));
    let values = pairs.filter(|(key, _)| key.trim() == setting).flat_map(|(_, value)| {
        match file.ends_with(".service") {
            true if !setting.starts_with("--") => value.split(' ').map(str::to_owned).collect(),
            _ => vec![value.trim().to_owned()],
        }
    });
    let values: Vec<String> = values.collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn field(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(field).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

/// Whether a value says what the seed's does. Where files lie is kthw's choice, and the order of a list says nothing.
fn means(seed: &str, here: &str) -> bool {
    let set = |list: &str| list.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    seed == "*" || (seed.starts_with('/') && here.starts_with('/')) || set(seed) == set(here)
}

/// The settings of a seed that its example does not have, each with what it has.
fn differing(seed: &str, example: &str) -> Vec<(Place, String)> {
    let mut differing = Vec::new();
    for ((file, setting), wanted) in settings(seed) {
        let text = rendered(example, &file);
        let here = text.as_deref().and_then(|text| value(&file, text, &setting));
        if !here.as_deref().is_some_and(|here| means(&wanted, here)) {
            let here = here.unwrap_or_else(|| "nothing".to_owned());
            differing.push(((file, setting), format!("{wanted} there, {here} here")));
        }
    }
    differing
}

/// The rows of the table of differences in a seed's section of docs/seeds.md.
fn documented(seed: &str) -> BTreeSet<Place> {
    let document = read(&repository("docs/seeds.md"));
    let heading = format!("(`{seed}`)\n");
    let section = document.split("\n## ").find(|section| section.contains(&heading));
    let section = section.unwrap_or_else(|| panic!("docs/seeds.md has no section of {seed}"));
    let table = section.split("| file | setting | ").nth(1).unwrap_or_default();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [file, settings, why] = cells[..] else { panic!("docs/seeds.md: {row}") };
        assert!(why.len() > 20, "docs/seeds.md gives no reason: {row}");
        let name = |cell: &str| cell.trim_matches('`').to_owned();
        settings.split(", ").map(|setting| (name(file), name(setting))).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn whatever_a_seed_sets_is_rendered_or_explained_and_nothing_else_is_explained() {
    for (seed, example) in SEEDS {
        let (differing, documented) = (differing(seed, example), documented(seed));
        let unexplained: Vec<_> = differing.iter().filter(|(place, _)| !documented.contains(place)).collect();
        assert!(unexplained.is_empty(), "docs/seeds.md, {seed}: no reason for {unexplained:#?}");
        let differs = |place: &Place| differing.iter().any(|(other, _)| other == place);
        let stale: Vec<_> = documented.iter().filter(|place| !differs(place)).collect();
        assert!(stale.is_empty(), "docs/seeds.md, {seed}: differs no longer {stale:#?}");
    }
}

#[test]
fn every_seed_can_be_read_and_has_its_section() {
    let files = fs::read_dir(repository("tests/seeds")).expect("seeds are there");
    let mut seeds: Vec<String> = files
        .map(|file| {
            file.expect("seeds can be listed")
                .path()
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    seeds.sort();
    assert_eq!(seeds, ["architecture", "controllers", "haproxy", "ipvs", "workers"]);
    for seed in &seeds {
        assert!(!settings(seed).is_empty(), "{seed}");
        let known: BTreeSet<Place> = settings(seed).into_iter().map(|(place, _)| place).collect();
        let unknown: Vec<Place> =
            documented(seed).into_iter().filter(|place| !known.contains(place)).collect();
        assert!(unknown.is_empty(), "docs/seeds.md explains what {seed} does not set: {unknown:#?}");
    }
}

#[test]
fn no_worker_holds_what_signs() {
    let signs =
        |list: &str| read(&repository(&format!("snapshots/single/{list}/files.txt"))).contains("/ca.key\n");
    assert!(!signs("roles/worker") && signs("hosts/control-plane-1"));
    for worker in ["worker-node-1", "worker-node-2"] {
        let own = repository(&format!("snapshots/single/hosts/{worker}"));
        assert!(own.is_dir() && !own.join("files.txt").exists(), "{worker} holds what its role does");
    }
}

#[test]
fn values_are_told_apart_where_they_mean_something() {
    let check =
        |seed: &str, here: &str, expected: bool| assert_eq!(means(seed, here), expected, "{seed} {here}");
    check("a,b", "b,a", true);
    check("a,b", "a", false);
    check("/var/lib/kubernetes/ca.pem", "/etc/kubernetes/pki/ca.crt", true);
    check("/var/lib/kubernetes/ca.pem", "ca.crt", false);
    check("*", "whatever", true);
    check("true", "false", false);
    let unit = "[Unit]\nAfter=a b\nAfter=c\nExecStart=/bin/x \\\n  --flag=1,2 \\\n  --last=3\n";
    for (setting, expected) in
        [("After", Some("a,b,c")), ("--flag", Some("1,2")), ("--last", Some("3")), ("--la", None)]
    {
        assert_eq!(value("x.service", unit, setting).as_deref(), expected, "{setting}");
    }
    assert_eq!(value("x.yaml", "a: {b: [1, 2]}\n", "a.b").as_deref(), Some("1,2"));
    assert_eq!(value("network-config", "a: {b: [1, 2]}\n", "a.b").as_deref(), Some("1,2"));
    assert_eq!(value("x.cf", "  real = 1 gate\n  real=2 gate\n", "real").as_deref(), Some("1 gate,2 gate"));
}
