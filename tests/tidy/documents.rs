//! Documents: what they tell people to type works, and what they list is complete.

use std::path::Path;

use clap::{Arg, Command, CommandFactory, Parser};
use kthw::cli::Cli;
use serde_json::Value;

use crate::tree::{File, files, folders, sources, text};

/// The one command that runs all tests.
const TESTS: &str = "cargo test --workspace";
/// How the README runs the program from the sources.
const FROM_SOURCES: &str = "cargo run --release -- ";

fn documents() -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(".md")).collect()
}

/// The lines of a document's shell examples.
fn shell_lines(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The `kthw` commands of a shell line, without what the shell does with them.
fn commands(line: &str) -> impl Iterator<Item = Vec<String>> {
    let parts = line.split('|').map(|part| part.split('>').next().unwrap_or_default().trim());
    let kthw = |part: &str| {
        let arguments = part.strip_prefix("kthw ").or_else(|| part.strip_prefix(FROM_SOURCES))?;
        Some(["kthw"].into_iter().chain(arguments.split_whitespace()).map(str::to_owned).collect())
    };
    parts.filter_map(kthw).collect::<Vec<_>>().into_iter()
}

#[test]
fn every_command_in_the_documents_parses() {
    let mut checked = 0;
    for File { path, text } in &documents() {
        for line in shell_lines(text) {
            for command in commands(&line) {
                checked += 1;
                let parsed = Cli::try_parse_from(&command);
                assert!(parsed.is_ok(), "{path}: {line}\n{}", parsed.err().expect("it did not parse"));
            }
        }
    }
    assert!(checked > 20, "the documents were read");
    assert!(Cli::try_parse_from(["kthw", "biuld"]).is_err());
}

/// The program's command line, with what subcommands have from above.
fn command_line() -> Command {
    let mut root = Cli::command();
    root.build();
    root
}

/// The commands that a line of prose, a comment or a message quotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    // What is begun and not ended is no quotation.
    let closed = line.matches('`').count() / 2;
    let spans = line.split('`').skip(1).step_by(2).take(closed);
    spans.filter(|span| *span == "kthw" || span.starts_with("kthw "))
}

/// The first word of a quoted command that the program does not know. It may be cut short, so that it need not parse.
fn unknown_word<'q>(root: &Command, quoted: &'q str) -> Option<&'q str> {
    let mut words = quoted.split(['|', '>']).next().unwrap_or_default().split_whitespace().skip(1);
    let mut command = root;
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            let (name, value) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let is_meant = |argument: &&Arg| match name.strip_prefix("--") {
                Some(long) => argument.get_long() == Some(long),
                None => argument.get_short().is_some_and(|short| name == format!("-{short}")),
            };
            let Some(argument) = command.get_arguments().find(is_meant) else { return Some(word) };
            if argument.get_action().takes_values() && value.is_none() {
                words.next();
            }
        } else if let Some(subcommand) = command.find_subcommand(word) {
            command = subcommand;
        } else if command.has_subcommands() && !word.starts_with('{') {
            return Some(word);
        }
    }
    None
}

#[test]
fn every_quoted_command_exists() {
    let (root, mut checked) = (command_line(), 0);
    // Tests also say what does not exist.
    for file in files().iter().filter(|file| !file.path.starts_with("tests/")) {
        for (number, line) in file.text.lines().enumerate() {
            for quoted in quoted(line) {
                checked += 1;
                let unknown = unknown_word(&root, quoted);
                assert!(unknown.is_none(), "{}:{}: `{quoted}`: no {unknown:?}", file.path, number + 1);
            }
        }
    }
    assert!(checked > 100, "the texts were read");
}

#[test]
fn a_quoted_command_that_does_not_exist_is_found() {
    let root = command_line();
    let check = |text: &str, unknown: Option<&str>| {
        let quoted = quoted(text).next().expect("a command is quoted");
        assert_eq!(unknown_word(&root, quoted), unknown, "{text}");
    };
    check("run `kthw`, or `kthw biuld`", None);
    check("run `kthw biuld`", Some("biuld"));
    check("run `kthw -C build buidl`", Some("buidl"));
    check("run `kthw build --jsno`", Some("--jsno"));
    check("run `kthw vm upp`", Some("upp"));
    check("run `kthw why --line N HOST:PATH | less -R`", None);
    check("run `kthw {}`", None);
}

/// Where the links of a document lead within the repository.
fn links(document: &str) -> impl Iterator<Item = &str> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://"))
}

/// What a heading is called in links, as forges have it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Whether a link of a document leads to something.
fn leads_somewhere(document: &File, link: &str) -> bool {
    let (path, wanted) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(&document.path);
    let place = folder.parent().map(|folder| folder.join(path));
    if !path.is_empty() && !place.is_some_and(|place| place.exists()) {
        return false;
    }
    let headings = |text: &str| {
        let titles = text.lines().filter(|line| line.starts_with('#'));
        titles.map(|line| anchor(line.trim_start_matches('#').trim())).collect::<Vec<_>>()
    };
    // No link leads to a heading of another document so far.
    wanted
        .is_none_or(|wanted| path.is_empty() && headings(&document.text).iter().any(|title| title == wanted))
}

#[test]
fn every_link_within_the_documents_leads_somewhere() {
    let mut checked = 0;
    for document in &documents() {
        for link in links(&document.text) {
            checked += 1;
            assert!(leads_somewhere(document, link), "{}: nothing is at {link}", document.path);
        }
    }
    assert!(checked > 20, "the documents were read");
    let document = File { path: "docs/x.md".to_owned(), text: "# What `it` is\n".to_owned() };
    for (link, expected) in [
        ("commands.md", true),
        ("../README.md", true),
        ("README.md", false),
        ("#what-it-is", true),
        ("#what-it-was", false),
    ] {
        assert_eq!(leads_somewhere(&document, link), expected, "{link}");
    }
}

#[test]
fn the_readme_has_two_commands_for_a_fresh_machine() {
    let lines = shell_lines(&text("README.md"));
    assert_eq!(lines[..2], [format!("{FROM_SOURCES}build -C examples/single"), TESTS.to_owned()]);
    assert_eq!(lines.iter().filter(|line| line.starts_with("cargo test")).count(), 1);
}

#[test]
fn the_readme_shows_what_the_example_yields() {
    let (readme, graph) = (text("README.md"), text("snapshots/single/graph.txt"));
    let yielded = text("tests/cli/snapshots/cli__golden__identities.snap");
    let digests: Vec<&str> =
        readme.split("  b3:").skip(1).chain(readme.split("cluster b3:").skip(1)).collect();
    assert_eq!(digests.len(), 4);
    for digest in digests {
        assert!(yielded.contains(&digest[..64]), "README.md shows another digest than {}", &digest[..64]);
    }
    let nodes = graph.lines().filter(|line| line.starts_with(char::is_alphabetic)).count();
    assert!(readme.contains(&format!("\n{nodes} nodes: ")), "README.md counts other nodes");
}

#[test]
fn ci_runs_what_the_readme_and_just_check_say() {
    let (ci, just) = (text(".ci/run"), text("justfile"));
    let steps: Vec<&str> = ci.lines().filter_map(|line| line.strip_prefix("step cargo ")).collect();
    let check =
        just.split("\ncheck:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let recipe: Vec<&str> = check.lines().filter_map(|line| line.strip_prefix("    cargo ")).collect();
    assert_eq!(steps, recipe);
    assert_eq!(steps.last().map(|step| format!("cargo {step}")).as_deref(), Some(TESTS));
}

#[test]
fn the_command_reference_is_complete() {
    let reference = text("docs/commands.md");
    let root = command_line();
    let mut open = vec![&root];
    while let Some(command) = open.pop() {
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            assert!(reference.contains(name), "docs/commands.md lacks {name}");
            open.push(subcommand);
        }
        for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
            assert!(reference.contains(&format!("--{option}")), "docs/commands.md lacks --{option}");
        }
    }
}

#[test]
fn the_reference_of_the_cluster_file_is_complete() {
    let reference = text("docs/cluster-yaml.md");
    let schema: Value = serde_json::from_str(&kthw::spec::schema()).expect("a schema is JSON");
    let mut fields = Vec::new();
    collect_fields(&schema, &schema, "", &mut fields);
    assert!(fields.len() > 30, "{fields:?}");
    for field in fields {
        assert!(reference.contains(&format!("| `{field}` |")), "docs/cluster-yaml.md lacks {field}");
    }
}

/// The paths of all fields that hold a value; a list's items are `[]`, and every program is `<program>`.
fn collect_fields(schema: &Value, node: &Value, path: &str, fields: &mut Vec<String>) {
    let node = match node.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).expect("a reference leads somewhere"),
        None => node,
    };
    // What a taint is made of is said in its own row.
    if let Some(items) = node.get("items").filter(|_| path == "hosts") {
        return collect_fields(schema, items, "hosts[]", fields);
    }
    let Some(properties) = node.get("properties").and_then(Value::as_object) else {
        return fields.push(path.to_owned());
    };
    for (name, property) in properties {
        let name = if path == "components" { "<program>" } else { name };
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        collect_fields(schema, property, &path, fields);
    }
}

#[test]
fn the_code_map_names_every_module() {
    let map = text("ARCHITECTURE.md");
    for file in &sources() {
        let (folder, name) = file.path.rsplit_once('/').expect("sources are in folders");
        let known = match folder.strip_prefix("src/") {
            None => map.contains(name) || name == "lib.rs",
            Some(inner) => map.contains(&format!("{}/", inner.split('/').next().unwrap_or(inner))),
        };
        assert!(known, "the code map of ARCHITECTURE.md lacks {}", file.path);
    }
}

#[test]
fn the_changelog_knows_this_version_or_what_comes_next() {
    let changelog = text("CHANGELOG.md");
    let heading = |name: &str| changelog.contains(&format!("\n## [{name}]"));
    assert!(heading("Unreleased") || heading(env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_example_has_its_golden_files_and_a_public_root() {
    for example in folders("examples") {
        assert!(text(&format!("snapshots/{example}/graph.txt")).starts_with("cluster cluster "), "{example}");
        let root = text(&format!("examples/{example}/kthw.root"));
        assert!(root.starts_with("# PUBLIC EXAMPLE ROOT: never use for a real host\n"), "{example}");
        assert!(
            text("examples/README.md").contains(&format!("`{example}`")),
            "examples/README.md lacks {example}"
        );
    }
}
