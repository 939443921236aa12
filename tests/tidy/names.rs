//! Files: what they are called, how they open, how long they are, and what is not left in them.

use std::path::Path;

use crate::tree::{files, sources};

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
