//! The data files of src/cluster that say what real programs said, and the programs of ours that ask them.

#![expect(clippy::disallowed_methods, reason = "tests read and accept their own files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use semver::Version;

use crate::programs::{build_once, cache, go};
use crate::ran::Ran;

/// What these files of a folder of `programs` print, built within a module; `None` where there is no Go.
pub fn printed(module: &str, folder: &str, files: &[&str]) -> Option<String> {
    said(module, folder, files, "-s -w", |_| {}, "")
}

/// What these files answer to each line of a text, built as this release of Kubernetes; `None` where there is no Go.
pub fn answers(
    module: &str,
    folder: &str,
    files: &[&str],
    release: &Version,
    questions: &str,
) -> Option<Vec<String>> {
    let asked = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(asked.path(), questions).expect("a temporary file");
    let ask = |go: &mut Command| {
        _ = go.arg("answer").stdin(fs::File::open(asked.path()).expect("a temporary file"));
    };
    let said = said(module, folder, files, &released(release), ask, questions)?;
    Some(said.lines().map(str::to_owned).collect())
}

/// Has a program say that it is of this release.
fn released(version: &Version) -> String {
    format!("-s -w -X k8s.io/component-base/version.gitVersion=v{version}")
}

/// What a program of ours says, built with these flags of the linker. As the programs themselves it follows from the
/// modules, the files, what it is asked and Go alone, and is kept for later runs.
fn said(
    module: &str,
    folder: &str,
    files: &[&str],
    linked: &str,
    ask: impl Fn(&mut Command),
    asked: &str,
) -> Option<String> {
    let version = Ran::of(go(module)?.arg("version")).result();
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/programs");
    let read = |path: String| fs::read_to_string(programs.join(path)).expect("a file of the tests");
    let modules = ["go.mod", "go.sum"].map(|name| read(format!("{module}/{name}")));
    let sources = files.iter().map(|file| read(format!("{folder}/{file}.go")));
    let more = [version, linked.to_owned(), asked.to_owned()];
    let recipe: Vec<String> = modules.into_iter().chain(sources).chain(more).collect();
    let recipe = blake3::hash(recipe.join("\0").as_bytes());
    let name = format!("{folder}-{}-{module}-{}", files[files.len() - 1], &recipe.to_hex()[..16]);
    let kept = cache().join("printed").join(name);
    build_once(&kept, |new| {
        let mut go = go(module).expect("it was there");
        go.args(["run", "-trimpath", &format!("-ldflags={linked}")]);
        go.args(files.iter().map(|file| format!("../{folder}/{file}.go")));
        ask(&mut go);
        fs::write(new.join("stdout"), Ran::of(&mut go).result()).expect("our own folder");
    });
    Some(fs::read_to_string(kept.join("stdout")).expect("it is kept whole"))
}

/// Insists that a table holds these lines below its comment, or writes them.
pub fn holds(file: &str, lines: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cluster").join(file);
    let text = fs::read_to_string(&path).expect("a table");
    let (comment, rows): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        let lines = comment.into_iter().chain(lines.iter().map(String::as_str));
        fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).expect("a table");
        return;
    }
    let found: BTreeSet<&str> = rows.iter().copied().collect();
    let expected: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(
        wrong.is_empty() && missing.is_empty(),
        "{file} is wrong about {wrong:#?}\nprograms say {missing:#?}"
    );
    assert_eq!(rows, lines, "{file} is not in order");
}
