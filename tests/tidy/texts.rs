//! Texts speak of the project, and spell as it does.

use crate::tree::{File, files};

/// Words about how a text came to be, and spellings from elsewhere.
const FORBIDDEN: &[&str] = &[
    "ai",
    "anthropic",
    "chatbot",
    "chatgpt",
    "claude",
    "copilot",
    "gpt",
    "llm",
    "openai",
    "realize",
    "realized",
    "realizes",
];

/// Every forbidden word of a text, with its line.
fn guilty(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let lower = line.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c));
        for word in words.filter(|word| FORBIDDEN.contains(word)) {
            found.push(format!("{}:{}: `{word}` in: {}", file.path, number + 1, line.trim()));
        }
    }
    found
}

#[test]
fn texts_speak_of_the_project() {
    let own = |file: &&File| file.path == "tests/tidy/texts.rs";
    let found: Vec<String> = files().iter().filter(|file| !own(file)).flat_map(guilty).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_forbidden_word_is_found() {
    let check = |text: &str| guilty(&File { path: "x.md".to_owned(), text: text.to_owned() }).len();
    assert_eq!(check("Made by an AI."), 1);
    assert_eq!(check("AI-32, an aid to the fair, air-gapped"), 0);
}

#[test]
fn texts_end_with_one_line_end_and_lines_without_a_blank() {
    for file in &files() {
        let text = &file.text;
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{} ends badly", file.path);
        // In Rust, where a string may hold such a line, the formatter sees to it.
        for (number, line) in text.lines().enumerate().filter(|_| !file.path.ends_with(".rs")) {
            assert!(line.trim_end() == line, "{}:{} ends with a blank", file.path, number + 1);
        }
    }
}
