//! The files of the repository, as its rules see them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One text file.
#[derive(Clone)]
pub struct File {
    /// Relative to the repository, with slashes.
    pub path: String,
    pub text: String,
}

impl File {
    /// The text without the tests at its foot and without comments, line by line from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Folders that are made, or written elsewhere.
const MADE: &[&str] = &[".git", ".kthw", "target", "vendor"];
/// Names and endings of the files that people write.
const WRITTEN: &[&str] = &[
    ".rs",
    ".go",
    ".md",
    ".toml",
    ".yaml",
    ".py",
    ".sh",
    ".html",
    ".css",
    ".js",
    "justfile",
    ".ci/bare-machine",
    ".ci/run",
    ".gitattributes",
];

/// Every file that people write. Golden files are not among them.
pub fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, root, &mut files);
    files.retain(|file| !file.path.starts_with("snapshots/") && !file.path.contains("/snapshots/"));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 100, "this is not the whole repository");
    files
}

/// The Rust files that end up in programs and libraries: no tests, benchmarks or examples.
pub fn sources() -> Vec<File> {
    let files = files();
    let tests = test_modules(&files);
    let production = |file: &File| {
        let path = &file.path;
        path.ends_with(".rs")
            && ["src/", "graph/src/", "store/src/"].iter().any(|folder| path.starts_with(folder))
            && !tests.iter().any(|test| path == test || path.starts_with(&test.replace(".rs", "/")))
    };
    files.into_iter().filter(production).collect()
}

/// The text of one file.
#[expect(clippy::disallowed_methods, reason = "a rule names the file that it reads")]
pub fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the folders within a folder.
pub fn folders(path: &str) -> Vec<String> {
    let entries = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let folders = entries.iter().filter(|entry| entry.is_dir());
    folders.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect()
}

/// The files behind `#[cfg(test)] mod name;`.
fn test_modules(files: &[File]) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for file in files {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for rest in file.text.split("#[cfg(test)]\nmod ").skip(1) {
            if let Some((name, _)) = rest.split_once(';').filter(|(name, _)| !name.contains('{')) {
                modules.insert(format!("{folder}/{name}.rs"));
            }
        }
    }
    modules
}

#[expect(clippy::disallowed_methods, reason = "a file that is no text is passed over")]
fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for path in entries(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !MADE.contains(&name) {
                collect(root, &path, files);
            }
            continue;
        }
        let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
        if WRITTEN.iter().any(|end| relative.ends_with(end))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            files.push(File { path: relative, text });
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a readable folder").path()).collect()
}
