//! The data files of src/cluster that say what real programs said, and the programs of ours that ask them.

#![expect(clippy::disallowed_methods, reason = "tests read and accept their own files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use semver::Version;

use crate::judge::judge;
use crate::ran::Ran;

/// What these files of a folder of `programs` print, built within a module; `None` where there is no Go.
pub fn printed(module: &str, folder: &str, files: &[&str]) -> Option<String> {
    Some(Ran::of(&mut built(module, folder, files, "-s -w")?).result())
}

/// The same, of a program that is told its version, about a file.
pub fn answered(
    module: &str,
    folder: &str,
    files: &[&str],
    version: &Version,
    about: &Path,
) -> Option<String> {
    Some(Ran::of(built(module, folder, files, &released(version))?.arg(about)).result())
}

/// Runs them, built with these flags of the linker.
fn built(module: &str, folder: &str, files: &[&str], linked: &str) -> Option<Command> {
    let mut go = go(module)?;
    go.args(["run", "-trimpath", &format!("-ldflags={linked}")])
        .args(files.iter().map(|file| format!("../{folder}/{file}.go")));
    Some(go)
}

/// What these files answer to each line of a text, built as this release of Kubernetes; `None` where there is no Go.
pub fn answers(
    module: &str,
    folder: &str,
    files: &[&str],
    release: &Version,
    questions: &str,
) -> Option<Vec<String>> {
    let mut go = built(module, folder, files, &released(release))?;
    let asked = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(asked.path(), questions).expect("a temporary file");
    go.arg("answer").stdin(fs::File::open(asked.path()).expect("a temporary file"));
    Some(Ran::of(&mut go).result().lines().map(str::to_owned).collect())
}

/// Has a program say that it is of this release.
fn released(version: &Version) -> String {
    format!("-s -w -X k8s.io/component-base/version.gitVersion=v{version}")
}

/// Go within a module, as the programs are built, so that nothing is compiled twice.
fn go(module: &str) -> Option<Command> {
    let mut go = judge("go")?;
    go.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/programs").join(module))
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false");
    Some(go)
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
