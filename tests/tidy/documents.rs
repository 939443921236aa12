//! Documents: what they tell people to type works, and what they list is complete.

use clap::{CommandFactory, Parser};
use kthw::cli::Cli;
use serde_json::Value;

use crate::tree::{folders, sources, text};

/// The one command that runs all tests.
const TESTS: &str = "cargo test --workspace";
/// How the README runs the program from the sources.
const FROM_SOURCES: &str = "cargo run --release -- ";

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
    for document in ["README.md", "CONTRIBUTING.md", "docs/commands.md", "docs/cluster-yaml.md"] {
        for line in shell_lines(&text(document)) {
            for command in commands(&line) {
                checked += 1;
                let parsed = Cli::try_parse_from(&command);
                assert!(parsed.is_ok(), "{document}: {line}\n{}", parsed.err().expect("it did not parse"));
            }
        }
    }
    assert!(checked > 20, "the documents were read");
    assert!(Cli::try_parse_from(["kthw", "biuld"]).is_err());
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
    let digests: Vec<&str> =
        readme.split("  b3:").skip(1).chain(readme.split("cluster b3:").skip(1)).collect();
    assert_eq!(digests.len(), 4);
    for digest in digests {
        assert!(graph.contains(&digest[..64]), "README.md shows another digest than {}", &digest[..64]);
    }
    assert!(readme.contains(&format!("\n{} nodes: ", graph.lines().count())), "README.md counts other nodes");
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
    let mut root = Cli::command();
    root.build();
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
        assert!(text(&format!("snapshots/{example}/graph.txt")).contains("cluster cluster b3:"), "{example}");
        let root = text(&format!("examples/{example}/kthw.root"));
        assert!(root.starts_with("# PUBLIC EXAMPLE ROOT: never use for a real host\n"), "{example}");
        assert!(
            text("examples/README.md").contains(&format!("`{example}`")),
            "examples/README.md lacks {example}"
        );
    }
}
