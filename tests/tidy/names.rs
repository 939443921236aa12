//! Files: what they are called, how they open, how long they are, and what is not left in them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::tree::{File, files, sources};

/// Names that fit everything and tell nothing.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "data", "info", "handler", "common", "misc"];

/// What nobody means to commit.
const LEFT_BEHIND: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"];

/// Longer files have more than one noun.
const LONGEST: usize = 500;

#[test]
fn every_rust_file_opens_with_its_charter() {
    for file in files().iter().filter(|file| file.path.ends_with(".rs")) {
        let first = file.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 10, "{} opens with {first:?}", file.path);
    }
}

#[test]
fn no_name_fits_everything() {
    for file in &files() {
        let words = Path::new(&file.path).iter().filter_map(|part| part.to_str());
        for word in words.map(|part| part.split('.').next().unwrap_or_default()) {
            assert!(!EMPTY_NAMES.contains(&word), "{}: `{word}` names nothing", file.path);
        }
        for (number, line) in file.code().filter(|_| file.path.ends_with(".rs")) {
            let module = line.trim().trim_start_matches("pub ").strip_prefix("mod ");
            let module = module.map(|rest| rest.trim_end_matches([';', '{', ' ']));
            assert!(!module.is_some_and(|m| EMPTY_NAMES.contains(&m)), "{}:{number}: {line}", file.path);
        }
    }
}

#[test]
fn no_file_is_long() {
    for file in &sources() {
        let last = file.code().map(|(number, _)| number).last().unwrap_or_default();
        assert!(last <= LONGEST, "{} has {last} lines before its tests: which noun can leave?", file.path);
    }
}

#[test]
fn nothing_is_left_behind() {
    for file in files().iter().filter(|file| file.path != "tests/tidy/names.rs") {
        for (number, line) in file.text.lines().enumerate() {
            let found = LEFT_BEHIND.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "{}:{}: {line}", file.path, number + 1);
        }
    }
}

/// The functions and constants of a file that say they are for others.
fn offered(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.code().filter_map(|(number, line)| {
        let rest = line.trim_start().strip_prefix("pub ")?;
        let rest =
            ["const fn ", "fn ", "const ", "static "].iter().find_map(|kind| rest.strip_prefix(kind))?;
        Some((number, rest.split(|c: char| !is_of_word(c)).next()?))
    })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What is offered to others, of which none takes it up.
fn unwanted(sources: &[File], all: &[File]) -> Vec<String> {
    let mut users: HashMap<&str, HashSet<&str>> = HashMap::new();
    for file in all {
        for word in file.text.split(|c: char| !is_of_word(c)) {
            users.entry(word).or_default().insert(&file.path);
        }
    }
    let mut found = Vec::new();
    for file in sources {
        let lone = offered(file).filter(|(_, name)| users.get(name).is_none_or(|users| users.len() < 2));
        found.extend(
            lone.map(|(number, name)| format!("{}:{number}: only this file needs `{name}`", file.path)),
        );
    }
    found
}

#[test]
fn nothing_is_public_that_only_its_own_file_needs() {
    let all: Vec<File> = files().into_iter().filter(|file| file.path.ends_with(".rs")).collect();
    let found = unwanted(&sources(), &all);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_nobody_else_needs_is_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let maker = file("src/a.rs", "pub fn wanted() {}\npub const fn lone() {}\nfn own() { lone() }\n");
    let user = file("src/b.rs", "fn user() { crate::a::wanted() }\n");
    let found = unwanted(std::slice::from_ref(&maker), &[maker.clone(), user]);
    assert_eq!(found, ["src/a.rs:2: only this file needs `lone`"]);
}
