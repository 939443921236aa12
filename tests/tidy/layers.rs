//! Who may know whom: the dependency rules of ARCHITECTURE.md, read off the sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, sources};

/// Each module of the `kthw` package with the modules that it may name, bottom up. A module may name itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("visible", &[]),
    ("names", &[]),
    ("cli", &["visible"]),
    ("redaction", &[]),
    ("ui", &["names", "redaction", "visible"]),
    ("field_path", &[]),
    ("cluster", &["field_path"]),
    ("file_list", &[]),
    ("meant", &[]),
    ("shell", &[]),
    ("root", &[]),
    ("lock", &["meant"]),
    ("yaml", &[]),
    ("mirror", &["lock"]),
    ("archive", &[]),
    ("vm", &["cluster"]),
    ("key_pair", &[]),
    ("authority", &["key_pair"]),
    ("imported", &["authority", "cluster", "shell"]),
    ("last_build", &[]),
    ("merge_patch", &[]),
    ("page", &["visible"]),
    ("spec", &["cluster", "field_path", "meant", "names", "redaction"]),
    ("upstream", &["lock"]),
    ("sys", &["file_list", "lock", "redaction", "upstream"]),
    ("sources", &["last_build", "root", "shell", "sys"]),
    ("territory", &["file_list", "sources", "sys"]),
    ("tree", &[]),
    ("steps", &["tree"]),
    ("inventory", &["steps", "tree"]),
    ("deploy", &["steps", "tree"]),
    (
        "artifact",
        &[
            "authority",
            "cluster",
            "field_path",
            "imported",
            "key_pair",
            "lock",
            "merge_patch",
            "root",
            "tree",
            "yaml",
        ],
    ),
    ("certificate_text", &["artifact", "lock"]),
    ("side", &["artifact"]),
    ("validity", &["artifact", "certificate_text", "cluster", "names"]),
    ("plan", &["artifact", "cluster", "field_path", "imported", "lock", "names", "root", "tree", "upstream"]),
    (
        "diff",
        &[
            "artifact",
            "certificate_text",
            "field_path",
            "imported",
            "lock",
            "names",
            "plan",
            "redaction",
            "root",
            "side",
            "spec",
            "tree",
            "visible",
        ],
    ),
    (
        "findings",
        &[
            "artifact",
            "certificate_text",
            "cluster",
            "diff",
            "field_path",
            "lock",
            "names",
            "plan",
            "side",
            "steps",
            "tree",
            "validity",
            "visible",
        ],
    ),
    (
        "rollout",
        &[
            "artifact",
            "cluster",
            "diff",
            "findings",
            "inventory",
            "names",
            "plan",
            "side",
            "steps",
            "tree",
            "visible",
        ],
    ),
    ("golden", &["artifact", "certificate_text", "cluster", "file_list", "plan", "side", "tree"]),
    ("report", &["diff", "findings", "lock", "names", "page", "redaction", "rollout", "spec", "visible"]),
    ("executor", &["archive", "artifact", "imported", "lock", "root", "sys"]),
    ("failure", &["sources", "sys", "territory", "ui"]),
    (
        "opened",
        &[
            "artifact", "cluster", "executor", "failure", "imported", "lock", "meant", "plan", "root",
            "shell", "side", "sources", "spec", "sys", "ui", "upstream",
        ],
    ),
    (
        "comparison",
        &[
            "cluster", "diff", "failure", "findings", "opened", "rollout", "side", "sources", "spec", "sys",
            "ui",
        ],
    ),
    (
        "commands",
        &[
            "artifact",
            "certificate_text",
            "cli",
            "cluster",
            "comparison",
            "diff",
            "failure",
            "file_list",
            "golden",
            "last_build",
            "lock",
            "meant",
            "mirror",
            "names",
            "opened",
            "page",
            "plan",
            "redaction",
            "report",
            "rollout",
            "root",
            "shell",
            "side",
            "sources",
            "spec",
            "sys",
            "territory",
            "ui",
            "upstream",
            "validity",
            "vm",
            "visible",
        ],
    ),
];

/// Names from outside, and the only places that may say them.
const EFFECTS: &[(&str, &[&str])] = &[
    (
        "kthw_store::",
        &[
            "graph/",
            "src/artifact/",
            "src/commands/",
            "src/comparison/",
            "src/diff/",
            "src/executor.rs",
            "src/failure.rs",
            "src/golden/",
            "src/last_build.rs",
            "src/lock/",
            "src/opened/",
            "src/deploy/",
            "src/rollout/passage.rs",
            "src/side/",
            "src/steps/",
            "src/sys/fetch/",
            "src/tree/",
        ],
    ),
    (
        "kthw_graph::",
        &[
            "src/artifact/",
            "src/commands/",
            "src/comparison/",
            "src/diff/",
            "src/executor.rs",
            "src/failure.rs",
            "src/golden/",
            "src/opened/",
            "src/plan/",
            "src/rollout/trees.rs",
            "src/root.rs",
            "src/side/",
            "src/ui/",
            "src/key_pair.rs",
            "src/imported.rs",
            "src/sources.rs",
        ],
    ),
    ("std::fs", &["src/sys/", "store/src/"]),
    // Below a folder that others use too, nothing is written by its path.
    ("renameat(", &["src/sys/rooted.rs"]),
    ("unlinkat(", &["src/sys/rooted.rs"]),
    ("fs::write(", &[]),
    ("fs::copy(", &[]),
    ("File::create(", &[]),
    (
        "fs::rename(",
        &["store/src/blob.rs", "store/src/layout.rs", "store/src/store.rs", "store/src/verify.rs"],
    ),
    ("remove_dir_all(", &["store/src/file.rs"]),
    ("create_dir_all(", &["src/sys/files.rs", "store/src/file.rs"]),
    // What is read by its path is opened where devices, FIFOs and what is too large are refused.
    ("fs::read(", &["store/src/lock.rs"]),
    ("fs::read_to_string(", &["src/sys/process.rs", "store/src/lock.rs"]),
    (
        "File::open(",
        &["src/sys/fetch/part.rs", "src/sys/socket.rs", "store/src/file.rs", "store/src/lock.rs"],
    ),
    ("reqwest::", &["src/sys/fetch/"]),
    ("tokio::", &["src/sys/fetch/", "src/opened/session.rs", "graph/src/realise.rs"]),
    ("SystemTime", &["src/sys/clock.rs"]),
    ("jiff::Timestamp::now", &["src/sys/clock.rs"]),
    ("getrandom::", &["src/sys/entropy.rs"]),
    ("indicatif::", &["src/ui/"]),
    ("clap::", &["src/cli.rs", "src/main.rs", "src/commands/completions.rs", "src/commands/man.rs"]),
];

/// The module of the package that a file belongs to.
fn module(path: &str) -> Option<&str> {
    let path = path.strip_prefix("src/")?;
    let module = path.split_once('/').map_or(path, |(folder, _)| folder).trim_end_matches(".rs");
    (!["lib", "main"].contains(&module)).then_some(module)
}

/// What follows each `crate::` in a line.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let word =
        |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    line.split("crate::").skip(1).map(move |rest| &rest[..word(rest)])
}

/// Every line of a file that names a module which its own may not know.
fn trespasses(file: &File) -> Vec<String> {
    let Some(own) = module(&file.path) else { return Vec::new() };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == own) else {
        return vec![format!("{}: give `{own}` a line in LAYERS", file.path)];
    };
    let mut found = Vec::new();
    for (number, line) in file.code() {
        for other in named(line).filter(|other| *other != own && !allowed.contains(other)) {
            let line = line.trim();
            found.push(format!("{}:{number}: `{own}` may not know `{other}`: {line}", file.path));
        }
    }
    found
}

/// Every line of a file that says a name which has its home elsewhere.
fn strays(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (name, homes) in EFFECTS.iter().filter(|(_, homes)| !homes.iter().any(|h| file.path.starts_with(h))) {
        let lines = file.code().filter(|(_, line)| line.contains(name));
        found.extend(lines.map(|(number, line)| {
            format!("{}:{number}: `{name}` belongs to {homes:?}: {}", file.path, line.trim())
        }));
    }
    found
}

#[test]
fn nobody_knows_who_is_above() {
    let found: Vec<String> = sources().iter().flat_map(trespasses).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn effects_stay_where_they_belong() {
    let found: Vec<String> = sources().iter().flat_map(strays).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_permission_is_used_and_none_goes_up() {
    let mut used = BTreeSet::new();
    for file in &sources() {
        let Some(own) = module(&file.path) else { continue };
        used.extend(
            file.code().flat_map(|(_, line)| named(line)).map(|other| (own.to_owned(), other.to_owned())),
        );
    }
    for (place, (own, allowed)) in LAYERS.iter().enumerate() {
        for other in *allowed {
            let below = LAYERS[..place].iter().any(|(name, _)| name == other);
            assert!(below, "`{other}` is not below `{own}`");
            assert!(
                used.contains(&((*own).to_owned(), (*other).to_owned())),
                "`{own}` does not use `{other}`"
            );
        }
    }
}

/// The files of a folder that know each other in a circle, however long.
fn circles(files: &[File]) -> Vec<String> {
    let mut folders: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for file in files {
        let (folder, name) = file.path.rsplit_once('/').expect("every source is in a folder");
        let own = name.trim_end_matches(".rs");
        if ["mod", "lib", "main"].contains(&own) {
            continue;
        }
        let way = if folder.ends_with("e/src") || folder == "graph/src" { "crate::" } else { "super::" };
        let names = file.code().flat_map(|(_, line)| {
            // `super::super::` leads elsewhere.
            let places = line.match_indices(way).filter(|(at, _)| !line[..*at].ends_with("::"));
            places.map(|(at, _)| {
                let rest = &line[at + way.len()..];
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
            })
        });
        folders.entry(folder).or_default().entry(own).or_default().extend(names.filter(|name| *name != own));
    }
    let mut found = Vec::new();
    for (folder, mut known) in folders {
        // Whoever knows nobody that is left, or is known by nobody, is in no circle.
        loop {
            let names: BTreeSet<&str> = known.keys().copied().collect();
            let of_names = |others: &BTreeSet<&str>| others.iter().any(|other| names.contains(other));
            let is_known = |name: &str, known: &BTreeMap<&str, BTreeSet<&str>>| {
                known.values().any(|others| others.contains(name))
            };
            let before = known.len();
            let all = known.clone();
            known.retain(|name, others| of_names(others) && is_known(name, &all));
            if known.len() == before {
                break;
            }
        }
        if !known.is_empty() {
            found.push(format!("{folder}: {:?}", known.keys()));
        }
    }
    found
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    assert_eq!(circles(&sources()), [""; 0]);
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let two = [file("src/a/one.rs", "use super::two::X;\n"), file("src/a/two.rs", "use super::one::Y;\n")];
    assert_eq!(circles(&two).len(), 1);
    let chain =
        [file("src/a/one.rs", "use super::two::X;\n"), file("src/a/two.rs", "use super::super::one;\n")];
    assert_eq!(circles(&chain), [""; 0]);
}

#[test]
fn a_trespass_is_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let up =
        file("src/spec/parse.rs", "//! A charter.\nuse crate::plan::Plan;\nlet x = crate::ui::Ui::new();\n");
    assert_eq!(trespasses(&up).len(), 2);
    assert!(trespasses(&up)[0].starts_with("src/spec/parse.rs:2: `spec` may not know `plan`"));
    let group = file("src/spec/parse.rs", "use crate::{plan, ui};\n");
    assert_eq!(trespasses(&group).len(), 1);
    assert_eq!(trespasses(&file("src/novelty.rs", "")).len(), 1);
    let fine = "// crate::plan\nuse crate::cluster::Host;\n#[cfg(test)]\nmod tests {\nuse crate::plan;\n}\n";
    assert!(trespasses(&file("src/spec/parse.rs", fine)).is_empty());
    assert_eq!(strays(&file("src/plan/pki.rs", "let now = std::time::SystemTime::now();\n")).len(), 1);
    assert!(strays(&file("src/sys/files.rs", "std::fs::metadata(path)\n")).is_empty());
    assert_eq!(strays(&file("src/sys/files.rs", "std::fs::write(path, bytes)\n")).len(), 1);
}

#[test]
fn the_store_and_the_graph_depend_on_nothing_above_them() {
    let dependencies = |manifest: &str| {
        let text = crate::tree::text(manifest);
        let table: toml::Table = text.parse().expect("a manifest is TOML");
        let section = |name| table.get(name).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        section("dependencies").keys().cloned().collect::<BTreeSet<String>>()
    };
    let banned = ["kthw", "clap", "anstream", "indicatif", "reqwest", "serde-saphyr"];
    for (manifest, also) in [("store/Cargo.toml", "kthw-graph"), ("graph/Cargo.toml", "rusqlite")] {
        let found = dependencies(manifest);
        for name in banned.iter().chain([&also]) {
            assert!(!found.contains(*name), "{manifest} depends on {name}");
        }
        assert!(found.contains("blake3"), "{manifest} was read");
    }
}
